use std::collections::BTreeMap;

/// What shall be public by one account: all of it, for whatever else of this machine is found there is taken away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    /// Where the connector leads everything, such as `unix:/run/user/1000/kinfra/public.sock`.
    pub origin: String,
    /// Host names, or patterns such as `*.example.com`, in lower case; and what each is for, such as `shop/web`, which
    /// its record's comment tells.
    pub hostnames: BTreeMap<String, String>,
}

impl Desired {
    #[must_use]
    pub fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned(), hostnames: BTreeMap::new() }
    }

    #[must_use]
    pub fn with(mut self, hostname: &str, owner: &str) -> Self {
        self.hostnames.insert(hostname.to_ascii_lowercase(), owner.to_owned());
        self
    }
}
