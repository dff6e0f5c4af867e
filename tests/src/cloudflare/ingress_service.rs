use std::path::PathBuf;

/// Where a rule leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// `http_status:404`
    Status(u16),
    HelloWorld,
    /// HTTP over a Unix socket; with `unix+tls:` by TLS.
    Unix {
        socket: PathBuf,
        is_tls: bool,
    },
    /// Of a scheme that is HTTP or not.
    Address {
        scheme: String,
        host: String,
        port: Option<u16>,
    },
    /// `socks-proxy` and `bastion`.
    Other,
}

impl Service {
    /// # Errors
    /// What cloudflared says of it.
    pub fn read(text: &str) -> Result<Self, String> {
        for (prefix, is_tls) in [("unix+tls:", true), ("unix:", false)] {
            if let Some(path) = text.strip_prefix(prefix) {
                return Ok(Self::Unix { socket: PathBuf::from(path), is_tls });
            }
        }
        if let Some(code) = text.strip_prefix("http_status:") {
            let status = code.parse().ok().filter(|status| (100..1000).contains(status));
            return status.map(Self::Status).ok_or_else(|| format!("invalid HTTP status code: {code}"));
        }
        match text {
            "hello_world" | "hello-world" => return Ok(Self::HelloWorld),
            "socks-proxy" | "bastion" => return Ok(Self::Other),
            _ => {}
        }
        let no_host =
            || format!("{text} is an invalid address, please make sure it has a scheme and a hostname");
        let (scheme, rest) =
            text.split_once("://").filter(|(scheme, _)| !scheme.is_empty()).ok_or_else(no_host)?;
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        if authority.is_empty() {
            return Err(no_host());
        }
        if !path.is_empty() {
            return Err(format!(
                "{text} is an invalid address, ingress rules don't support proxying to a different path on the \
                 origin service. The path will be the same as the eyeball request's path"
            ));
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
            _ => (authority, None),
        };
        Ok(Self::Address { scheme: scheme.to_owned(), host: host.to_owned(), port })
    }
}
