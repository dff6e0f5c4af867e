macro_rules! builtin {
    ($($name:literal)*) => {
        /// Those that KInfra brings along, by name: the text of each.
        const BUILTIN: &[(&str, &str)] = &[$(($name, include_str!(concat!("builtin/", $name, ".yaml")))),*];
    };
}

builtin! {
    "elasticsearch" "jaeger" "kafka" "keycloak" "mailpit" "mariadb" "meilisearch" "minio" "mongodb" "mysql" "nats"
    "postgres" "qdrant" "rabbitmq" "redis" "valkey"
}

/// The text of a template, and its names.
pub fn builtin() -> impl Iterator<Item = (&'static str, &'static str)> {
    BUILTIN.iter().copied()
}
