// SPDX-License-Identifier: Apache-2.0
//! Tokens whose signature was found to hold: a client sends the same one with each of its requests, and
//! checking a signature costs more than all the rest. Known by their hash, so that no token is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};

use crate::strict::Members;

/// So many are remembered; one more, and all are checked anew.
const TOKENS_MAX: usize = 1_024;

#[derive(Default)]
pub(crate) struct Signed(Mutex<HashMap<[u8; 32], Arc<Members>>>);

impl Signed {
    /// What the token says, if its signature is known to hold.
    pub fn claims(&self, bearer: &str) -> Option<Arc<Members>> {
        self.known().get(&hash(bearer)).cloned()
    }

    /// Remembers a token whose signature holds.
    pub fn keep(&self, bearer: &str, claims: Members) -> Arc<Members> {
        let claims = Arc::new(claims);
        let mut known = self.known();
        if known.len() >= TOKENS_MAX {
            known.clear();
        }
        known.insert(hash(bearer), claims.clone());
        claims
    }

    fn known(&self) -> MutexGuard<'_, HashMap<[u8; 32], Arc<Members>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(bearer: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bearer.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Members {
        Members::decode("e30").expect("an empty object")
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let signed = Signed::default();
        for number in 0..=TOKENS_MAX {
            signed.keep(&format!("token {number}"), claims());
        }
        assert_eq!(signed.known().len(), 1);
        assert!(signed.claims(&format!("token {TOKENS_MAX}")).is_some());
        assert!(signed.claims("token 0").is_none());
    }

    #[test]
    fn another_token_is_not_the_one_that_is_known() {
        let signed = Signed::default();
        signed.keep("head.body.signature", claims());
        assert!(signed.claims("head.body.signature").is_some());
        assert!(signed.claims("head.body.signaturf").is_none());
    }
}
