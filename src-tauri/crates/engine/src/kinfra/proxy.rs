use kinfra_rpc::{Failure, ProxyMoved};

use super::engine::Engine;

impl Engine {
    /// Moves the proxy, and with it every local URL.
    pub(super) async fn use_proxy_port(&self, port: u16) -> Result<ProxyMoved, Failure> {
        let port = self.proxy.use_port(port).await?;
        for project in self.projects().values() {
            project.instance.change(|facts| facts.proxy_port = Some(port));
            project.changed.all();
        }
        Ok(ProxyMoved { port })
    }
}
