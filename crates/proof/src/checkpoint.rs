// SPDX-License-Identifier: Apache-2.0
//! Checkpoints (C2SP tlog-checkpoint): origin, size and root of a log as the text of a signed note.
//! Whoever keeps one can later prove any change of what came before it.

use data_encoding::BASE64;

use crate::note::{NoteError, Signer, Verifier};
use crate::path::Head;

/// What one says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: the name of its installation and room.
    pub origin: String,
    pub head: Head,
}

impl Checkpoint {
    /// Three lines: origin, size, root.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.head.size, BASE64.encode(&self.head.root))
    }

    pub fn sign(&self, signer: &Signer) -> Result<String, NoteError> {
        if self.origin.is_empty() || self.origin.contains('\n') {
            return Err(NoteError::Format("an origin is one line and not empty"));
        }
        signer.sign(&self.text())
    }

    /// Lines after the third are extensions, which the signature covers and nobody else reads.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(NoteError::Format("a checkpoint is origin, size and root"));
        };
        let plain = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
        let leading_zero = size.len() > 1 && size.starts_with('0');
        let size = size.parse().ok().filter(|_| plain && !leading_zero);
        let size = size.ok_or(NoteError::Format("the size is not a number"))?;
        let root = BASE64.decode(root.as_bytes()).ok().and_then(|root| root.try_into().ok());
        let root = root.ok_or(NoteError::Format("the root is not a hash in base64"))?;
        if origin.is_empty() {
            return Err(NoteError::Format("the origin is empty"));
        }
        Ok(Self { origin: origin.to_owned(), head: Head { size, root } })
    }

    /// What a signed note says, if this key has signed it.
    pub fn open(note: &str, verifier: &Verifier) -> Result<Self, NoteError> {
        Self::parse(verifier.open(note)?)
    }
}
