use std::fmt::{self, Display, Formatter};

/// What a token must be allowed to do, by the name that Cloudflare's dashboard has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    TunnelEdit,
    DnsEdit,
    ZoneRead,
}

impl Permission {
    pub const ALL: [Self; 3] = [Self::TunnelEdit, Self::DnsEdit, Self::ZoneRead];

    /// The words of a template link: its key and its kind.
    fn key(self) -> (&'static str, &'static str) {
        match self {
            Self::TunnelEdit => ("argotunnel", "edit"),
            Self::DnsEdit => ("dns", "edit"),
            Self::ZoneRead => ("zone", "read"),
        }
    }
}

impl Display for Permission {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TunnelEdit => "Account / Cloudflare Tunnel / Edit",
            Self::DnsEdit => "Zone / DNS / Edit",
            Self::ZoneRead => "Zone / Zone / Read",
        })
    }
}

/// The page of the dashboard on which a token is created, with everything filled in that KInfra needs: for a token of
/// the user's own, or for one that an account owns (Cloudflare's documentation, *API token template URLs*).
#[must_use]
pub fn create_link(owned_by_account: bool) -> String {
    let keys: Vec<String> = Permission::ALL
        .iter()
        .map(|permission| {
            let (key, kind) = permission.key();
            format!(r#"{{"key":"{key}","type":"{kind}"}}"#)
        })
        .collect();
    let keys: String = format!("[{}]", keys.join(",")).bytes().map(escaped).collect();
    if owned_by_account {
        format!("https://dash.cloudflare.com/?to=/:account/api-tokens&permissionGroupKeys={keys}&name=KInfra")
    } else {
        format!(
            "https://dash.cloudflare.com/profile/api-tokens?permissionGroupKeys={keys}&accountId=*&zoneId=all&name=KInfra"
        )
    }
}

fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_that_creates_a_token_asks_for_the_three_permissions() {
        let keys = "%5B%7B%22key%22%3A%22argotunnel%22%2C%22type%22%3A%22edit%22%7D%2C\
            %7B%22key%22%3A%22dns%22%2C%22type%22%3A%22edit%22%7D%2C\
            %7B%22key%22%3A%22zone%22%2C%22type%22%3A%22read%22%7D%5D";
        assert_eq!(
            create_link(false),
            format!(
                "https://dash.cloudflare.com/profile/api-tokens?permissionGroupKeys={keys}\
                 &accountId=*&zoneId=all&name=KInfra"
            )
        );
        assert_eq!(
            create_link(true),
            format!(
                "https://dash.cloudflare.com/?to=/:account/api-tokens&permissionGroupKeys={keys}&name=KInfra"
            )
        );
    }
}
