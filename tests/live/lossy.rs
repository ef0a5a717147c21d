// SPDX-License-Identifier: Apache-2.0
//! A line to a server that loses answers: the request arrives and takes effect, and its sender hears
//! nothing.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Default)]
struct Plan {
    /// How many answers to lose of posts whose address holds this.
    lose: BTreeMap<&'static str, usize>,
    lost: usize,
}

pub struct Lossy {
    pub url: String,
    plan: Arc<Mutex<Plan>>,
}

impl Lossy {
    /// In front of `http://host:port/path`.
    pub fn before(url: &str) -> anyhow::Result<Self> {
        let bare = url.trim_start_matches("http://");
        let (target, path) = bare.split_once('/').unwrap_or((bare, ""));
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/{path}", listener.local_addr()?);
        let plan = Arc::new(Mutex::new(Plan::default()));
        let (shared, target) = (plan.clone(), target.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (plan, target) = (shared.clone(), target.clone());
                std::thread::spawn(move || pass(stream, &target, &plan));
            }
        });
        Ok(Self { url, plan })
    }

    /// Loses the next answers to posts, so many for each kind of address.
    pub fn lose(&self, addresses: &[&'static str], times: usize) {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.lose = addresses.iter().map(|address| (*address, times)).collect();
    }

    pub fn lost(&self) -> usize {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).lost
    }
}

impl Plan {
    fn loses(&mut self, request: &str) -> bool {
        if !request.starts_with("POST ") {
            return false;
        }
        let fitting =
            self.lose.iter_mut().find(|(part, left)| request.contains(**part) && **left > 0);
        let Some((_, left)) = fitting else { return false };
        *left -= 1;
        self.lost += 1;
        true
    }
}

/// One request and its answer; the connection is not used again.
fn pass(stream: TcpStream, target: &str, plan: &Mutex<Plan>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|bytes| *bytes > 0)?;
    let (mut head, mut length) = (first.clone(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
        if line.trim().is_empty() {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    head.push_str("Connection: close\r\n\r\n");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut server = TcpStream::connect(target).ok()?;
    server.write_all(head.as_bytes()).ok()?;
    server.write_all(&body).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    let good = answer.starts_with(b"HTTP/1.1 200") || answer.starts_with(b"HTTP/1.0 200");
    let lost = good && plan.lock().unwrap_or_else(PoisonError::into_inner).loses(&first);
    if !lost {
        reader.get_mut().write_all(&answer).ok()?;
    }
    Some(())
}
