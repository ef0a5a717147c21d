// SPDX-License-Identifier: Apache-2.0
//! What can go wrong between a caller and its book, as values that a plan hands out.

/// What the caller is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    Lease,
    Release,
    Due,
    PutBack,
    /// A transaction, fenced or not.
    Apply,
    Applied,
    Sequence,
    /// Any question that changes nothing.
    Read,
}

/// What happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Nothing is done, and the caller knows.
    Transient,
    /// Nothing is done, and the caller does not know.
    UnknownLost,
    /// It is done, and the caller does not know.
    UnknownApplied,
    /// Another holder took the lane a moment before.
    StaleFence,
    /// The caller dies before it is done: the future never completes.
    CrashBefore,
    /// The caller dies after it is done: the future never completes.
    CrashAfter,
    /// Whoever works at the same time goes first. It is done all the same.
    Others,
}

/// Asked before every operation.
pub type Plan = Box<dyn FnMut(Operation) -> Option<Fault> + Send>;
