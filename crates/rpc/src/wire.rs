// SPDX-License-Identifier: Apache-2.0
//! Conversions between the model and the messages on the wire, both ways. What comes in is checked:
//! an unknown enum value, a date or an id that is none is `Malformed` with its place, never a panic.

mod erp;
mod event;
mod item;
mod journal;
mod primitive;
mod process;
mod record;
mod reference;
mod row;

use std::fmt;

/// A message that does not say what its contract promises. It never repeats the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    place: String,
    what: &'static str,
}

impl Malformed {
    pub fn new(what: &'static str) -> Self {
        Self { place: String::new(), what }
    }

    /// The same, seen from the message around it.
    pub fn within(mut self, place: &str) -> Self {
        let inner = std::mem::take(&mut self.place);
        self.place = if inner.is_empty() { place.to_owned() } else { format!("{place}.{inner}") };
        self
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// A value and the form `P` that it has on the wire.
pub trait Wire<P>: Sized {
    fn wire(self) -> P;
    fn read(wire: P) -> Result<Self, Malformed>;
}

/// A field of a message, with its place in the complaint.
pub(crate) fn field<T: Wire<P>, P>(wire: P, place: &str) -> Result<T, Malformed> {
    T::read(wire).map_err(|malformed| malformed.within(place))
}

/// A struct whose message has the same fields under the same names.
macro_rules! messages {
    ($($name:ty => $message:path { $($field:ident),* $(,)? })*) => { $(
        impl $crate::wire::Wire<$message> for $name {
            fn wire(self) -> $message {
                $message { $($field: $crate::wire::Wire::wire(self.$field),)* }
            }

            fn read(wire: $message) -> Result<Self, $crate::wire::Malformed> {
                Ok(Self { $($field: $crate::wire::field(wire.$field, stringify!($field))?,)* })
            }
        }

        $crate::wire::required! { $name => $message }
    )* };
}

/// The message as a field that must be there.
macro_rules! required {
    ($name:ty => $message:ty) => {
        impl $crate::wire::Wire<Option<$message>> for $name {
            fn wire(self) -> Option<$message> {
                Some($crate::wire::Wire::wire(self))
            }

            fn read(wire: Option<$message>) -> Result<Self, $crate::wire::Malformed> {
                let wire = wire.ok_or($crate::wire::Malformed::new("is missing"))?;
                $crate::wire::Wire::read(wire)
            }
        }
    };
}

/// An enum whose counterpart has the same variants, and `Unspecified`, which nobody may send.
macro_rules! enums {
    ($($name:ident => $counterpart:path { $($variant:ident),* $(,)? })*) => { $(
        impl $crate::wire::Wire<i32> for $name {
            fn wire(self) -> i32 {
                use $counterpart as Counterpart;
                match self { $($name::$variant => Counterpart::$variant as i32,)* }
            }

            fn read(wire: i32) -> Result<Self, $crate::wire::Malformed> {
                use $counterpart as Counterpart;
                match Counterpart::try_from(wire) {
                    $(Ok(Counterpart::$variant) => Ok($name::$variant),)*
                    Ok(Counterpart::Unspecified) | Err(_) => {
                        Err($crate::wire::Malformed::new("is not a value that we know"))
                    }
                }
            }
        }
    )* };
}

pub(crate) use {enums, messages, required};
