// SPDX-License-Identifier: Apache-2.0
//! Makes bytes smaller before they are sealed, since sealed ones do not compress any more. What a
//! batch holds repeats itself: every byte less is one less to write, twice, and to read again.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe;

/// The fastest level that still finds what events and states repeat.
const LEVEL: i32 = 1;
/// A shorter text gains nothing.
pub const BYTES_MIN: usize = 256;
/// The longest text that is restored: far above a batch, far below the memory of a machine.
pub const BYTES_MAX: usize = 1 << 30;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// How many bytes `write` may need meanwhile.
pub fn bytes_max(clear: usize) -> usize {
    zstd_safe::compress_bound(clear)
}

/// Appends `clear` in fewer bytes; `false`, and nothing appended, where there is nothing to gain.
pub fn write(clear: &[u8], out: &mut Vec<u8>) -> bool {
    if !(BYTES_MIN..=BYTES_MAX).contains(&clear.len()) {
        return false;
    }
    let start = out.len();
    out.resize(start + bytes_max(clear.len()), 0);
    let length = COMPRESSOR.with_borrow_mut(|own| {
        let compressor = made(own, || Compressor::new(LEVEL))?;
        compressor.compress_to_buffer(clear, &mut out[start..]).ok()
    });
    let smaller = length.filter(|length| *length < clear.len());
    out.truncate(start + smaller.unwrap_or(0));
    smaller.is_some()
}

/// What `write` made smaller; nothing for anything else.
pub fn restored(small: &[u8]) -> Option<Vec<u8>> {
    let length = zstd_safe::get_frame_content_size(small).ok()??;
    let length = usize::try_from(length).ok().filter(|length| *length <= BYTES_MAX)?;
    DECOMPRESSOR.with_borrow_mut(|own| made(own, Decompressor::new)?.decompress(small, length).ok())
}

/// Each thread keeps one: a new one costs more than a short text.
fn made<T>(own: &mut Option<T>, new: impl FnOnce() -> std::io::Result<T>) -> Option<&mut T> {
    if own.is_none() {
        *own = new().ok();
    }
    own.as_mut()
}

#[cfg(test)]
mod tests;
