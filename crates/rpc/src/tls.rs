// SPDX-License-Identifier: Apache-2.0
//! Who a process is to its peers: certificate, key and the authority that both sides trust. The files
//! are looked at with every new connection, so that certificates change without a restart.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// PEM files of a listener. Callers show a certificate of the same authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTls {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub authority: PathBuf,
}

/// PEM files of a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientTls {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub authority: PathBuf,
    /// The name that the peer's certificate must bear; the host of the address when `None`.
    pub peer_name: Option<String>,
}

/// Why the files are of no use. It names the file and never its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    #[error("{}: {why}; give a PEM file that this process may read", file.display())]
    File { file: PathBuf, why: String },
    #[error("{} and {} do not go together: {why}", certificate.display(), key.display())]
    Pair { certificate: PathBuf, key: PathBuf, why: String },
    #[error("{}: {why}; give the certificate of the authority that signs every role", file.display())]
    Authority { file: PathBuf, why: String },
}

/// The three files and what was last made of them.
pub(crate) struct Identity<C> {
    files: [PathBuf; 3],
    make: fn(&[PathBuf; 3]) -> Result<C, TlsError>,
    made: Mutex<Made<C>>,
}

struct Made<C> {
    from: Stamp,
    config: Arc<C>,
}

type Stamp = [Option<(SystemTime, u64)>; 3];

impl<C> Identity<C> {
    fn read(
        files: [PathBuf; 3],
        make: fn(&[PathBuf; 3]) -> Result<C, TlsError>,
    ) -> Result<Self, TlsError> {
        let from = stamp(&files);
        let config = Arc::new(make(&files)?);
        Ok(Self { files, make, made: Mutex::new(Made { from, config }) })
    }

    /// What the files say now. Files that are half written are read again with the next connection.
    pub fn current(&self) -> Arc<C> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let from = stamp(&self.files);
        if from != made.from {
            match (self.make)(&self.files) {
                Ok(config) => *made = Made { from, config: Arc::new(config) },
                Err(error) => tracing::warn!(%error, "certificates are not renewed"),
            }
        }
        made.config.clone()
    }
}

impl Identity<ServerConfig> {
    pub fn of_server(tls: ServerTls) -> Result<Self, TlsError> {
        Self::read([tls.certificate, tls.key, tls.authority], server)
    }
}

impl Identity<ClientConfig> {
    pub fn of_client(tls: &ClientTls) -> Result<Self, TlsError> {
        let files = [&tls.certificate, &tls.key, &tls.authority].map(PathBuf::clone);
        Self::read(files, client)
    }
}

fn stamp(files: &[PathBuf; 3]) -> Stamp {
    files.each_ref().map(|file| {
        let metadata = fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn server(files: &[PathBuf; 3]) -> Result<ServerConfig, TlsError> {
    let [certificate, key, authority] = files;
    let callers = WebPkiClientVerifier::builder_with_provider(roots(authority)?, provider());
    let callers = callers.build().map_err(|error| no_authority(authority, &error))?;
    // Both ends are ours: nothing older than the newest version is spoken.
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| no_pair(certificate, key, &error))?
        .with_client_cert_verifier(callers)
        .with_single_cert(chain(certificate)?, private_key(key)?);
    let mut config = config.map_err(|error| no_pair(certificate, key, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn client(files: &[PathBuf; 3]) -> Result<ClientConfig, TlsError> {
    let [certificate, key, authority] = files;
    let peer = WebPkiServerVerifier::builder_with_provider(roots(authority)?, provider());
    let peer = peer.build().map_err(|error| no_authority(authority, &error))?;
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| no_pair(certificate, key, &error))?
        .with_webpki_verifier(peer)
        .with_client_auth_cert(chain(certificate)?, private_key(key)?);
    let mut config = config.map_err(|error| no_pair(certificate, key, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn roots(file: &Path) -> Result<Arc<RootCertStore>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(file)? {
        roots.add(certificate).map_err(|error| no_authority(file, &error))?;
    }
    Ok(Arc::new(roots))
}

fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let no_file = |why: String| TlsError::File { file: file.to_owned(), why };
    let pem = fs::read(file).map_err(|error| no_file(error.kind().to_string()))?;
    let mut chain = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        chain.push(certificate.map_err(|_| no_file("is not PEM".to_owned()))?);
    }
    if chain.is_empty() {
        return Err(no_file("holds no certificate".to_owned()));
    }
    Ok(chain)
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let no_file = |why: String| TlsError::File { file: file.to_owned(), why };
    let pem = fs::read(file).map_err(|error| no_file(error.kind().to_string()))?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| no_file("holds no private key".to_owned()))
}

fn no_pair(certificate: &Path, key: &Path, why: &dyn std::fmt::Display) -> TlsError {
    let (certificate, key) = (certificate.to_owned(), key.to_owned());
    TlsError::Pair { certificate, key, why: why.to_string() }
}

fn no_authority(file: &Path, why: &dyn std::fmt::Display) -> TlsError {
    TlsError::Authority { file: file.to_owned(), why: why.to_string() }
}
