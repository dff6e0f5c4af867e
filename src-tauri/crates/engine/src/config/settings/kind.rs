use crate::config::spec::ServiceType;
use crate::schema::Word;

impl Word for ServiceType {
    const WORDS: &'static [(&'static str, Self)] =
        &[("service", Self::Service), ("task", Self::Task), ("mcp", Self::Mcp)];
}
