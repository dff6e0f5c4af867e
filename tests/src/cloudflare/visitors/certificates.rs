use std::collections::HashMap;
use std::fmt::{Debug, Formatter};
use std::fs::write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, WantsServerCert};
use rustls::sign::CertifiedKey;
use tempfile::TempDir;

/// Who signs the certificates that visitors see. Nobody trusts it but who is given its file.
pub(in crate::cloudflare) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
    made: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

impl Debug for Authority {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Authority {
    pub(in crate::cloudflare) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "A Cloudflare of tests");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::Builder::new().prefix("kinfra-cloudflare-").tempdir().unwrap();
        let authority = Self { issuer, folder, made: Mutex::default() };
        write(authority.file(), pem(authority.certificate())).unwrap();
        authority
    }

    /// In PEM.
    pub(in crate::cloudflare) fn file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    pub(in crate::cloudflare) fn certificate(&self) -> &CertificateDer<'static> {
        self.issuer.der()
    }

    /// TLS by this name.
    pub(super) fn server(&self, host: &str) -> Arc<ServerConfig> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
            let certificate = params.signed_by(&key, &self.issuer).unwrap();
            let key = PrivatePkcs8KeyDer::from(key.serialize_der());
            let mut server = builder().with_single_cert(vec![certificate.der().clone()], key.into()).unwrap();
            server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            Arc::new(server)
        };
        Arc::clone(made.entry(host.to_owned()).or_insert_with(make))
    }
}

fn builder() -> rustls::ConfigBuilder<ServerConfig, WantsServerCert> {
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
}

/// TLS that fails, by an alert: there is no certificate for the name.
pub(super) fn without_certificate() -> Arc<ServerConfig> {
    Arc::new(builder().with_cert_resolver(Arc::new(NoCertificate)))
}

#[derive(Debug)]
struct NoCertificate;

impl ResolvesServerCert for NoCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = BASE64_STANDARD.encode(certificate);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for start in (0..text.len()).step_by(64) {
        pem += &text[start..(start + 64).min(text.len())];
        pem.push('\n');
    }
    pem + "-----END CERTIFICATE-----\n"
}
