// SPDX-License-Identifier: Apache-2.0
//! Signed notes (C2SP signed-note, Ed25519): a text with signatures under it that a person can read
//! and any implementation of the format can check.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use data_encoding::{BASE64, HEXLOWER};

use crate::tree::sha256;

/// Identifies Ed25519 in key ids and encoded keys.
const ED25519_ALGORITHM: u8 = 1;
const KEY_BYTES: usize = 32;
const ID_BYTES: usize = 4;
const SIGNATURE_BYTES: usize = 64;
/// A signature line begins with an em dash and a space.
const SIGNATURE_BEGIN: &str = "\u{2014} ";
/// A note with more signatures or bytes is none of ours.
const SIGNATURES_MAX: usize = 16;
pub const NOTE_BYTES_MAX: usize = 64 << 10;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("a name of a key must not be empty nor hold spaces, plus signs or control characters")]
    Name,
    #[error("the key cannot be used")]
    Key,
    #[error("a verifier key is written NAME+ID+KEY and its parts must agree")]
    Verifier,
    #[error("not a signed note: {0}")]
    Format(&'static str),
    #[error("the note is not signed by {0}")]
    Unsigned(String),
    #[error("the signature of {0} does not belong to this text")]
    Signature(String),
}

/// The first bytes of a hash over name, algorithm and key.
fn key_id(name: &str, key: &[u8]) -> [u8; ID_BYTES] {
    let mut bytes = Vec::with_capacity(name.len() + 2 + key.len());
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(&[b'\n', ED25519_ALGORITHM]);
    bytes.extend_from_slice(key);
    let hash = sha256(&bytes);
    [hash[0], hash[1], hash[2], hash[3]]
}

fn is_name(name: &str) -> bool {
    let fits =
        |character: char| !character.is_whitespace() && !character.is_control() && character != '+';
    !name.is_empty() && name.chars().all(fits)
}

/// Signs notes under a name.
pub struct Signer {
    name: String,
    pair: Ed25519KeyPair,
    id: [u8; ID_BYTES],
}

impl Signer {
    /// `seed` is the private key: whoever has it can sign.
    pub fn new(name: &str, seed: &[u8; KEY_BYTES]) -> Result<Self, NoteError> {
        if !is_name(name) {
            return Err(NoteError::Name);
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoteError::Key)?;
        let id = key_id(name, pair.public_key().as_ref());
        Ok(Self { name: name.to_owned(), pair, id })
    }

    pub fn verifier(&self) -> Verifier {
        let key = self.pair.public_key().as_ref().to_vec();
        Verifier { name: self.name.clone(), id: self.id, key }
    }

    /// The text, which must end its last line, with its signature.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        if !text.ends_with('\n') {
            return Err(NoteError::Format("the text does not end its last line"));
        }
        let mut signature = self.id.to_vec();
        signature.extend_from_slice(self.pair.sign(text.as_bytes()).as_ref());
        let signature = BASE64.encode(&signature);
        Ok(format!("{text}\n{SIGNATURE_BEGIN}{} {signature}\n", self.name))
    }
}

/// Checks notes that were signed under a name. Written `NAME+ID+KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; ID_BYTES],
    key: Vec<u8>,
}

impl Verifier {
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Verifier);
        };
        let key = BASE64.decode(key.as_bytes()).map_err(|_| NoteError::Verifier)?;
        let (algorithm, key) = key.split_first().ok_or(NoteError::Verifier)?;
        let known = *algorithm == ED25519_ALGORITHM && key.len() == KEY_BYTES && is_name(name);
        let expected = key_id(name, key);
        if !known || HEXLOWER.encode(&expected) != id {
            return Err(NoteError::Verifier);
        }
        Ok(Self { name: name.to_owned(), id: expected, key: key.to_vec() })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of a note that this key has signed. Signatures of others are left alone.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Format("it is too long"));
        }
        let end = note.rfind("\n\n").ok_or(NoteError::Format("it has no signatures"))?;
        let (text, signatures) = (&note[..=end], &note[end + 2..]);
        if !signatures.ends_with('\n') {
            return Err(NoteError::Format("its last line has no end"));
        }
        let lines: Vec<&str> = signatures.lines().collect();
        if lines.is_empty() || lines.len() > SIGNATURES_MAX {
            return Err(NoteError::Format("it has no signatures, or too many"));
        }
        let mut signed = false;
        for line in lines {
            let parts = line.strip_prefix(SIGNATURE_BEGIN).and_then(|rest| rest.split_once(' '));
            let Some((name, signature)) = parts else {
                return Err(NoteError::Format("a signature line is not NAME SIGNATURE"));
            };
            let signature = BASE64
                .decode(signature.as_bytes())
                .map_err(|_| NoteError::Format("a signature is not base64"))?;
            let Some((id, signature)) = signature.split_at_checked(ID_BYTES) else {
                return Err(NoteError::Format("a signature is too short"));
            };
            if name == self.name && id == self.id {
                self.check(text, signature)?;
                signed = true;
            }
        }
        if signed { Ok(text) } else { Err(NoteError::Unsigned(self.name.clone())) }
    }

    fn check(&self, text: &str, signature: &[u8]) -> Result<(), NoteError> {
        let wrong = || NoteError::Signature(self.name.clone());
        if signature.len() != SIGNATURE_BYTES {
            return Err(wrong());
        }
        let key = UnparsedPublicKey::new(&ED25519, &self.key);
        key.verify(text.as_bytes(), signature).map_err(|_| wrong())
    }
}

impl std::fmt::Display for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut key = vec![ED25519_ALGORITHM];
        key.extend_from_slice(&self.key);
        write!(f, "{}+{}+{}", self.name, HEXLOWER.encode(&self.id), BASE64.encode(&key))
    }
}
