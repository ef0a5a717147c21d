// SPDX-License-Identifier: Apache-2.0
//! `revbridge health`: one question to the service on this machine, for a container's health check.
//! It needs no token and prints what the service says of its dependencies.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::config::Config;

/// Readiness answers within it or is not given.
const ANSWER_MAX: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Prints each dependency and how it stands. 0: ready; 1: not ready, or no answer; 2: the
/// configuration cannot be read.
#[derive(clap::Args)]
pub struct Health {
    /// The configuration that the service was started with.
    #[arg(long, value_name = "FILE", default_value = "revbridge.toml")]
    config: PathBuf,
}

impl Health {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.config)?;
        let address = here(config.metrics.listen.unwrap_or(config.http.listen));
        match ask(address) {
            Ok(answer) => {
                let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
                println!("{}", body.trim());
                let ready = head.split_whitespace().nth(1) == Some("200");
                Ok(if ready { ExitCode::SUCCESS } else { ExitCode::from(1) })
            }
            Err(error) => {
                eprintln!("revbridge: no answer from http://{address}/health/ready: {error}");
                Ok(ExitCode::from(1))
            }
        }
    }
}

/// Whoever listens everywhere is asked on loopback.
fn here(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.set_write_timeout(Some(ANSWER_MAX))?;
    // HTTP/1.0: the answer comes whole and unchunked, and the connection ends with it.
    write!(stream, "GET /health/ready HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer)?;
    Ok(answer)
}
