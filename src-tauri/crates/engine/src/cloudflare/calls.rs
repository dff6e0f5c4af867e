//! The calls, one by one. None of them decides anything.

use reqwest::Method;
use serde_json::{Value, json};

use super::api::{Api, RecordEdit, RecordWish, get, id};
use super::client::Call;
use super::error::CloudflareError;
use super::permission::Permission;
use super::token::TunnelToken;
use super::types::{Account, Configuration, Connector, Record, TokenStatus, Tunnel, Zone};

/// The most that the API gives of zones and accounts at once; of records and tunnels it gives more.
const FEW: usize = 50;
const TUNNELS: usize = 100;
const RECORDS: usize = 1000;

type Result<T> = std::result::Result<T, CloudflareError>;

impl Api {
    /// Works for tokens of users only.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn verify_user_token(&self) -> Result<TokenStatus> {
        self.typed(get("user/tokens/verify".into(), "verify the API token as a user's".into(), None)).await
    }

    /// Works for tokens that this account owns only.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn verify_account_token(&self, account: &str) -> Result<TokenStatus> {
        let doing = format!("verify the API token as one of the account {account}");
        self.typed(get(format!("accounts/{}/tokens/verify", id(account, &doing)?), doing, None)).await
    }

    /// # Errors
    /// When the call fails; a token that an account owns can't list accounts.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        let call = get("accounts".into(), "list the accounts".into(), None);
        self.list(call, FEW, |account: &Account| &account.id).await
    }

    /// # Errors
    /// When the call fails.
    pub async fn zones(&self) -> Result<Vec<Zone>> {
        let call = get("zones".into(), "list the zones".into(), Some(Permission::ZoneRead));
        self.list(call, FEW, |zone: &Zone| &zone.id).await
    }

    /// Those that are not deleted; with a name, the one that has it.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn tunnels(&self, account: &str, name: Option<&str>) -> Result<Vec<Tunnel>> {
        let doing = format!("list the tunnels of the account {account}");
        let mut call = tunnel_call(Method::GET, account, "", doing)?;
        // Deleted ones would come too.
        call.query.push(("is_deleted", "false".to_owned()));
        call.query.extend(name.map(|name| ("name", name.to_owned())));
        let found = self.list(call, TUNNELS, |tunnel: &Tunnel| &tunnel.id).await?;
        let is_there = |tunnel: &Tunnel| tunnel.deleted_at.is_none();
        Ok(found.into_iter().filter(is_there).collect())
    }

    /// A deleted one comes too, and says so.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn tunnel(&self, account: &str, tunnel: &str) -> Result<Tunnel> {
        let doing = format!("read the tunnel {tunnel}");
        let rest = format!("/{}", id(tunnel, &doing)?);
        self.typed(tunnel_call(Method::GET, account, &rest, doing)?).await
    }

    /// One whose configuration is Cloudflare's.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn create_tunnel(&self, account: &str, name: &str) -> Result<Tunnel> {
        let mut call = tunnel_call(Method::POST, account, "", format!("create the tunnel {name}"))?;
        call.body = Some(json!({ "name": name, "config_src": "cloudflare" }));
        self.typed(call).await
    }

    /// # Errors
    /// When the call fails, as it does while connectors are connected.
    pub async fn delete_tunnel(&self, account: &str, tunnel: &str) -> Result<()> {
        let doing = format!("delete the tunnel {tunnel}");
        let rest = format!("/{}", id(tunnel, &doing)?);
        self.call(tunnel_call(Method::DELETE, account, &rest, doing)?).await.map(drop)
    }

    /// What a connector runs it with. It needs to be allowed to change tunnels.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn tunnel_token(&self, account: &str, tunnel: &str) -> Result<TunnelToken> {
        let doing = format!("get the token of the tunnel {tunnel}");
        let rest = format!("/{}/token", id(tunnel, &doing)?);
        self.typed(tunnel_call(Method::GET, account, &rest, doing)?).await.map(TunnelToken::new)
    }

    /// # Errors
    /// When the call fails.
    pub async fn connections(&self, account: &str, tunnel: &str) -> Result<Vec<Connector>> {
        let doing = format!("list the connectors of the tunnel {tunnel}");
        let rest = format!("/{}/connections", id(tunnel, &doing)?);
        let found: Option<_> = self.typed(tunnel_call(Method::GET, account, &rest, doing)?).await?;
        Ok(found.unwrap_or_default())
    }

    /// Those of one connector.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn delete_connections(&self, account: &str, tunnel: &str, connector: &str) -> Result<()> {
        let doing = format!("end the connections of the connector {connector} to the tunnel {tunnel}");
        let rest = format!("/{}/connections", id(tunnel, &doing)?);
        let client = id(connector, &doing)?.to_owned();
        let mut call = tunnel_call(Method::DELETE, account, &rest, doing)?;
        call.query.push(("client_id", client));
        self.call(call).await.map(drop)
    }

    /// # Errors
    /// When the call fails.
    pub async fn configuration(&self, account: &str, tunnel: &str) -> Result<Configuration> {
        let doing = format!("read the configuration of the tunnel {tunnel}");
        let rest = format!("/{}/configurations", id(tunnel, &doing)?);
        self.typed(tunnel_call(Method::GET, account, &rest, doing)?).await
    }

    /// Replaces all of it, whoever has written what is there.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn put_configuration(
        &self,
        account: &str,
        tunnel: &str,
        config: &Value,
    ) -> Result<Configuration> {
        let doing = format!("change the configuration of the tunnel {tunnel}");
        let rest = format!("/{}/configurations", id(tunnel, &doing)?);
        let mut call = tunnel_call(Method::PUT, account, &rest, doing)?;
        call.body = Some(json!({ "config": config }));
        self.typed(call).await
    }

    /// All records of a zone.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn records(&self, zone: &str) -> Result<Vec<Record>> {
        let call = record_call(Method::GET, zone, "", format!("list the DNS records of the zone {zone}"))?;
        self.list(call, RECORDS, |record: &Record| &record.id).await
    }

    /// The records of one name, of whatever type.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn records_named(&self, zone: &str, name: &str) -> Result<Vec<Record>> {
        let mut call = record_call(Method::GET, zone, "", format!("look up the DNS records of {name}"))?;
        call.query.push(("name.exact", name.to_owned()));
        let found = self.list(call, RECORDS, |record: &Record| &record.id).await?;
        Ok(found.into_iter().filter(|record| record.name.eq_ignore_ascii_case(name)).collect())
    }

    /// # Errors
    /// When the call fails.
    pub async fn create_record(&self, zone: &str, wish: &RecordWish) -> Result<Record> {
        let mut call =
            record_call(Method::POST, zone, "", format!("create the DNS record of {}", wish.name))?;
        call.body = Some(wish.body());
        self.typed(call).await
    }

    /// Makes a CNAME what is wished.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn patch_record(&self, zone: &str, record: &str, wish: &RecordWish) -> Result<Record> {
        let doing = format!("change the DNS record of {}", wish.name);
        let rest = format!("/{}", id(record, &doing)?);
        let mut call = record_call(Method::PATCH, zone, &rest, doing)?;
        call.body = Some(wish.body());
        self.typed(call).await
    }

    /// # Errors
    /// When the call fails.
    pub async fn delete_record(&self, zone: &str, record: &str, name: &str) -> Result<()> {
        let doing = format!("delete the DNS record of {name}");
        let rest = format!("/{}", id(record, &doing)?);
        self.call(record_call(Method::DELETE, zone, &rest, doing)?).await.map(drop)
    }

    /// Puts one record in the place of others, in one transaction: the name is never without a record.
    ///
    /// # Errors
    /// When the call fails; then nothing has changed.
    pub async fn replace_records(&self, zone: &str, edit: &RecordEdit) -> Result<()> {
        let doing = format!("replace the DNS records of {}", edit.create.name);
        let mut call = record_call(Method::POST, zone, "/batch", doing)?;
        let deletes: Vec<Value> = edit.delete.iter().map(|record| json!({ "id": record })).collect();
        call.body = Some(json!({ "deletes": deletes, "posts": [edit.create.body()] }));
        self.call(call).await.map(drop)
    }
}

impl RecordWish {
    fn body(&self) -> Value {
        json!({
            "type": "CNAME", "name": self.name, "content": self.content, "proxied": true, "ttl": 1,
            "comment": self.comment,
        })
    }
}

fn tunnel_call(method: Method, account: &str, rest: &str, doing: String) -> Result<Call> {
    let path = format!("accounts/{}/cfd_tunnel{rest}", id(account, &doing)?);
    Ok(Call { method, ..get(path, doing, Some(Permission::TunnelEdit)) })
}

fn record_call(method: Method, zone: &str, rest: &str, doing: String) -> Result<Call> {
    let path = format!("zones/{}/dns_records{rest}", id(zone, &doing)?);
    Ok(Call { method, ..get(path, doing, Some(Permission::DnsEdit)) })
}
