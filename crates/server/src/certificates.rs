// SPDX-License-Identifier: Apache-2.0
//! Certificates for the processes of one installation: an authority of its own, and one certificate
//! per process, which names the roles that it runs. For development, and where there is no other PKI.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

use crate::role::Roles;

const AUTHORITY: &str = "RevBridge development authority";
const AUTHORITY_DAYS: i64 = 3_650;
const CERTIFICATE_DAYS: i64 = 365;
/// So that a clock that is a little behind finds them valid.
const BEFORE: Duration = Duration::hours(1);

/// What is done with a certificate that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Keep,
    /// Put a new one, with a new key, in its place. Running processes take it up by themselves.
    Renew,
}

/// Writes `ca.pem` and `ca.key` if they are missing, and `NAME.pem` and `NAME.key` for each process.
/// Returns the files that were written.
pub fn write(
    folder: &Path,
    processes: &[Roles],
    hosts: &[String],
    existing: Existing,
) -> anyhow::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let mut written = Vec::new();
    let authority = authority(folder, &mut written)?;
    for roles in processes {
        let name = file_name(roles);
        let (certificate, key) =
            (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        if existing == Existing::Keep && certificate.exists() && key.exists() {
            continue;
        }
        let own = KeyPair::generate().context("making a key")?;
        let signed = params(roles, hosts)?.signed_by(&own, &authority);
        // The key first: whoever notices the new certificate finds the key that belongs to it.
        replace(&key, &own.serialize_pem(), 0o600)?;
        replace(&certificate, &signed.context("signing a certificate")?.pem(), 0o644)?;
        written.extend([certificate, key]);
    }
    Ok(written)
}

/// The name of a process's files: its roles, with plus signs between them.
pub fn file_name(roles: &Roles) -> String {
    roles.to_string().replace(',', "+")
}

fn authority(
    folder: &Path,
    written: &mut Vec<PathBuf>,
) -> anyhow::Result<Issuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, AUTHORITY);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_for(&mut params, AUTHORITY_DAYS);
    let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
    if certificate.exists() {
        let text = std::fs::read_to_string(&key).with_context(|| {
            format!("{}: the authority's key is needed to sign more", key.display())
        })?;
        let own = KeyPair::from_pem(&text).with_context(|| format!("in {}", key.display()))?;
        return Ok(Issuer::new(params, own));
    }
    let own = KeyPair::generate().context("making a key")?;
    let signed = params.self_signed(&own).context("signing the authority")?;
    replace(&key, &own.serialize_pem(), 0o600)?;
    replace(&certificate, &signed.pem(), 0o644)?;
    written.extend([certificate, key]);
    Ok(Issuer::new(params, own))
}

fn params(roles: &Roles, hosts: &[String]) -> anyhow::Result<CertificateParams> {
    let mut names: Vec<String> = roles.iter().map(|role| role.as_str().to_owned()).collect();
    let common_name = file_name(roles);
    names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    names.extend(hosts.iter().cloned());
    let mut params = CertificateParams::new(names).context("a host name that cannot be used")?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    valid_for(&mut params, CERTIFICATE_DAYS);
    Ok(params)
}

fn valid_for(params: &mut CertificateParams, days: i64) {
    let now = OffsetDateTime::now_utc();
    params.not_before = now - BEFORE;
    params.not_after = now + Duration::days(days);
}

/// Never half a file: it is written beside its place and moved there.
fn replace(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let beside = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
        let mut file = options.open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests;
