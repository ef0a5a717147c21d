// SPDX-License-Identifier: Apache-2.0
//! How the commands of this program ask the service that runs on this machine: over its own API, on
//! the address that its configuration says.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::bail;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

const CONNECT_MAX: Duration = Duration::from_secs(5);
/// An upload is answered once it is durable.
const ANSWER_MAX: Duration = Duration::from_secs(120);
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// A caller beyond its share is told when to come again, and is not told to wait for ever.
const RETRIES_MAX: u32 = 20;
const TOO_MANY_REQUESTS: u16 = 429;

/// The service on this machine.
pub struct Service {
    address: SocketAddr,
    token: Option<SecretString>,
}

/// What it answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> anyhow::Result<Value> {
        match serde_json::from_str(&self.body) {
            Ok(value) => Ok(value),
            Err(_) => bail!("the service answered {} and no JSON", self.status),
        }
    }

    /// The sentence of a problem, or its title.
    pub fn reason(&self) -> String {
        let problem: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let text = |name: &str| problem[name].as_str().map(str::to_owned);
        let title = text("title").unwrap_or_else(|| format!("status {}", self.status));
        match text("detail") {
            Some(detail) => format!("{title}: {detail}"),
            None => title,
        }
    }

    fn retry_after(&self) -> Duration {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut told = lines.filter(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
        let seconds = told.next().and_then(|(_, value)| value.trim().parse().ok());
        Duration::from_secs(seconds.unwrap_or(1)).min(ANSWER_MAX)
    }
}

impl Service {
    /// The one that listens there; whoever listens everywhere is asked on loopback.
    pub fn at(listen: SocketAddr) -> Self {
        let ip = match listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        Self { address: SocketAddr::new(ip, listen.port()), token: None }
    }

    pub fn with_token(self, token: SecretString) -> Self {
        Self { token: Some(token), ..self }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks, and asks again where the service wants that.
    pub fn get(&self, path: &str) -> io::Result<Answer> {
        until_taken(|| {
            let mut stream = self.connect()?;
            self.begin(&mut stream, "GET", path, "")?;
            answer(stream)
        })
    }

    /// The same as JSON; anything but success is an error.
    pub fn get_json(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.get(path)?;
        if !(200..300).contains(&answer.status) {
            bail!("{path}: {}", answer.reason());
        }
        answer.json()
    }

    /// Sends a file as it is, and again where the service wants that.
    pub fn post_file(&self, path: &str, file: &std::path::Path) -> io::Result<Answer> {
        until_taken(|| self.post_once(path, File::open(file)?))
    }

    fn post_once(&self, path: &str, file: File) -> io::Result<Answer> {
        let length = file.metadata()?.len();
        let mut stream = self.connect()?;
        let headers =
            format!("Content-Type: application/octet-stream\r\nContent-Length: {length}\r\n");
        self.begin(&mut stream, "POST", path, &headers)?;
        // A file that grows meanwhile is sent as long as it was said to be.
        let sent = io::copy(&mut file.take(length), &mut stream);
        // Whoever refuses does not read to the end: its answer says more than our broken pipe.
        match (answer(stream), sent) {
            (Ok(answer), _) => Ok(answer),
            (Err(_), Err(error)) | (Err(error), Ok(_)) => Err(error),
        }
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, CONNECT_MAX)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.set_write_timeout(Some(ANSWER_MAX))?;
        Ok(stream)
    }

    /// HTTP/1.0: the answer comes whole and unchunked, and the connection ends with it.
    fn begin(
        &self,
        stream: &mut TcpStream,
        method: &str,
        path: &str,
        headers: &str,
    ) -> io::Result<()> {
        let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {}\r\n{headers}", self.address);
        if let Some(token) = &self.token {
            head += &format!("Authorization: Bearer {}\r\n", token.expose_secret());
        }
        head += "\r\n";
        stream.write_all(head.as_bytes())
    }
}

/// Asks again after the time that the service wants, a bounded number of times.
fn until_taken(ask: impl Fn() -> io::Result<Answer>) -> io::Result<Answer> {
    let mut tries = 0;
    loop {
        let answer = ask()?;
        tries += 1;
        if answer.status != TOO_MANY_REQUESTS || tries > RETRIES_MAX {
            return Ok(answer);
        }
        std::thread::sleep(answer.retry_after());
    }
}

fn answer(stream: TcpStream) -> io::Result<Answer> {
    let mut text = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut text)?;
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "no answer in HTTP");
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(broken)?;
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
