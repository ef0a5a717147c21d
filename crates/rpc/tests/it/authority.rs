// SPDX-License-Identifier: Apache-2.0
//! An authority of the test's own and the certificates that it signs, as PEM files in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType, date_time_ymd,
};
use rpc::{ClientTls, ServerTls};
use rustls::pki_types::CertificateDer;

pub struct Authority {
    folder: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("a folder of the test's own");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        let authority = Self { folder: folder.to_owned(), issuer };
        fs::write(authority.file("authority", "pem"), authority.issuer.pem()).expect("writable");
        authority
    }

    fn file(&self, name: &str, kind: &str) -> PathBuf {
        self.folder.join(format!("{name}.{kind}"))
    }

    /// Signs a certificate with these names; it replaces what is there.
    pub fn issue(&self, file: &str, names: &[&str]) {
        self.sign(file, names, |_| {});
    }

    pub fn issue_expired(&self, file: &str, names: &[&str]) {
        self.sign(file, names, |params| {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2020, 2, 1);
        });
    }

    fn sign(&self, file: &str, names: &[&str], change: impl Fn(&mut CertificateParams)) {
        let (uris, others): (Vec<&str>, Vec<&str>) =
            names.iter().copied().partition(|name| name.contains("://"));
        let others: Vec<String> = others.into_iter().map(str::to_owned).collect();
        let mut params = CertificateParams::new(others).expect("sound names");
        for uri in uris {
            params.subject_alt_names.push(SanType::URI(uri.try_into().expect("a sound URI")));
        }
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        fs::write(self.file(file, "key"), key.serialize_pem()).expect("writable");
        fs::write(self.file(file, "crt"), certificate.pem()).expect("writable");
    }

    pub fn certificates(&self) -> [CertificateDer<'static>; 1] {
        [self.issuer.der().clone()]
    }

    pub fn server(&self, file: &str) -> ServerTls {
        ServerTls {
            certificate: self.file(file, "crt"),
            key: self.file(file, "key"),
            authority: self.file("authority", "pem"),
        }
    }

    /// Calls with this certificate whoever bears the name `server`.
    pub fn client(&self, file: &str) -> ClientTls {
        ClientTls {
            certificate: self.file(file, "crt"),
            key: self.file(file, "key"),
            authority: self.file("authority", "pem"),
            peer_name: Some("server".to_owned()),
        }
    }

    /// The same, but this authority is trusted.
    pub fn trusted_by(&self, mut client: ClientTls) -> ClientTls {
        client.authority = self.file("authority", "pem");
        client
    }
}
