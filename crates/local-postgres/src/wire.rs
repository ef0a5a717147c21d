// SPDX-License-Identifier: Apache-2.0
//! Just enough of the Postgres protocol to ask a server over its socket whether it is ready, and
//! to run a plain statement: start-up message, simple query, errors. Every wait is bounded.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Error, Result};

/// The database user of every private cluster.
pub(crate) const USER: &str = "revbridge";
const PROTOCOL_3_0: u32 = 196_608;
const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// Rows of text values, as a simple query returns them.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

/// Where a server listens.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) directory: PathBuf,
    pub(crate) port: u16,
}

impl Address {
    pub(crate) fn socket(&self) -> PathBuf {
        socket_in(&self.directory, self.port)
    }
}

pub(crate) fn socket_in(directory: &Path, port: u16) -> PathBuf {
    directory.join(format!(".s.PGSQL.{port}"))
}

/// A connection that has reached "ready for query".
pub(crate) struct Connection {
    stream: UnixStream,
    directory: PathBuf,
}

impl Connection {
    /// Connects and waits until the server is ready for a query.
    pub(crate) fn open(address: &Address, database: &str, wait_max: Duration) -> Result<Self> {
        let fail = |source| Error::Socket { socket_directory: address.directory.clone(), source };
        let stream = UnixStream::connect(address.socket()).map_err(fail)?;
        stream.set_read_timeout(Some(wait_max)).map_err(fail)?;
        stream.set_write_timeout(Some(wait_max)).map_err(fail)?;
        let mut connection = Connection { stream, directory: address.directory.clone() };
        connection.send(None, &startup(database))?;
        connection.until_ready()?;
        Ok(connection)
    }

    /// Runs one statement (or several, separated by semicolons) and returns what came back.
    pub(crate) fn query(&mut self, sql: &str) -> Result<Rows> {
        let mut body = sql.as_bytes().to_vec();
        body.push(0);
        self.send(Some(b'Q'), &body)?;
        self.until_ready()
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> Result<()> {
        let mut message: Vec<u8> = kind.into_iter().collect();
        let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(body);
        let sent = self.stream.write_all(&message);
        sent.map_err(|source| self.broken(source))
    }

    fn until_ready(&mut self) -> Result<Rows> {
        let mut rows = Rows::new();
        let mut refusal = None;
        loop {
            let (kind, body) = self.receive().map_err(|source| match refusal.take() {
                // A refused start-up closes the connection: the refusal is the news.
                Some(refusal) => refusal,
                None => self.broken(source),
            })?;
            match kind {
                b'Z' => return refusal.map_or(Ok(rows), Err),
                b'E' => refusal = Some(refused(&body)),
                b'D' => rows.push(values(&body)),
                b'R' if body != [0; 4] => {
                    return Err(self.broken(io::Error::other("it asks for a password")));
                }
                // Notices, parameters, row descriptions and completions change nothing here.
                _ => {}
            }
        }
    }

    fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut header = [0_u8; 5];
        self.stream.read_exact(&mut header)?;
        let [kind, a, b, c, d] = header;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if !(4..=MESSAGE_BYTES_MAX).contains(&length) {
            return Err(io::Error::other("a message of impossible length"));
        }
        let mut body = vec![0_u8; length - 4];
        self.stream.read_exact(&mut body)?;
        Ok((kind, body))
    }

    fn broken(&self, source: io::Error) -> Error {
        Error::Socket { socket_directory: self.directory.clone(), source }
    }
}

/// Whether a server is ready at this address, now.
pub(crate) fn answers(address: &Address) -> bool {
    Connection::open(address, "postgres", Duration::from_secs(5)).is_ok()
}

fn startup(database: &str) -> Vec<u8> {
    let mut body = PROTOCOL_3_0.to_be_bytes().to_vec();
    for text in ["user", USER, "database", database, "application_name", "local-postgres"] {
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    body.push(0);
    body
}

fn refused(body: &[u8]) -> Error {
    let mut sqlstate = String::from("?????");
    let mut message = String::new();
    for field in body.split(|byte| *byte == 0) {
        let Some((kind, text)) = field.split_first() else { continue };
        let text = String::from_utf8_lossy(text).into_owned();
        match kind {
            b'C' => sqlstate = text,
            b'M' => message = text,
            _ => {}
        }
    }
    Error::Refused { sqlstate, message }
}

fn values(body: &[u8]) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = body.get(2..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = i32::from_be_bytes(*length);
        let Ok(length) = usize::try_from(length) else {
            values.push(None);
            rest = after;
            continue;
        };
        let Some((text, after)) = after.split_at_checked(length) else { break };
        values.push(Some(String::from_utf8_lossy(text).into_owned()));
        rest = after;
    }
    values
}
