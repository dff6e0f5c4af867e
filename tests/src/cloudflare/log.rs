use serde_json::Value;

/// A request of the API or of the quick tunnels' service, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    pub method: String,
    /// With its query, without `/client/v4`.
    pub path: String,
    /// A string where it is no JSON, null where there is none.
    pub body: Value,
    /// `token 1` is the first one that the state lists. Never what it is.
    pub token: String,
    /// None while there is no answer, and for ever where the connection was cut.
    pub status: Option<u16>,
}

impl Logged {
    /// Whether it could have changed something.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }
}

/// All requests since the start, or since a test forgot them.
#[derive(Debug, Default)]
pub struct Requests {
    all: Vec<Logged>,
    forgotten: usize,
}

impl Requests {
    #[must_use]
    pub fn all(&self) -> &[Logged] {
        &self.all
    }

    /// `METHOD PATH` of each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.all.iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }

    /// Those that could have changed something.
    pub fn writes(&self) -> impl Iterator<Item = &Logged> {
        self.all.iter().filter(|request| request.is_write())
    }

    pub fn forget(&mut self) {
        self.forgotten += self.all.len();
        self.all.clear();
    }

    /// Gives its number.
    pub(super) fn note(&mut self, request: Logged) -> usize {
        self.all.push(request);
        self.forgotten + self.all.len() - 1
    }

    pub(super) fn answered(&mut self, number: usize, status: u16) {
        let request = number.checked_sub(self.forgotten).and_then(|place| self.all.get_mut(place));
        if let Some(request) = request {
            request.status = Some(status);
        }
    }
}
