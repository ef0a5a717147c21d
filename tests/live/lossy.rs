// SPDX-License-Identifier: Apache-2.0
//! A line to a server that loses answers: the request arrives and takes effect, and its sender waits
//! until it gives up, or finds the line cut.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longer than any sender waits.
const SILENCE_MAX: Duration = Duration::from_secs(120);

/// How an answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// Nothing is heard until the sender gives up.
    Silence,
    /// The line is cut.
    Cut,
}

#[derive(Default)]
struct Plan {
    /// What happens to the next answers to posts whose address holds this.
    lose: Vec<(&'static str, VecDeque<Loss>)>,
    lost: Vec<Loss>,
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

    /// Loses the next answers to posts, one for each loss and kind of address.
    pub fn lose(&self, addresses: &[&'static str], losses: &[Loss]) {
        let each = |address: &&'static str| (*address, losses.iter().copied().collect());
        self.plan().lose = addresses.iter().map(each).collect();
    }

    /// What was lost so far, in its order.
    pub fn lost(&self) -> Vec<Loss> {
        self.plan().lost.clone()
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    fn loses(&mut self, request: &str) -> Option<Loss> {
        if !request.starts_with("POST ") {
            return None;
        }
        let fitting = self.lose.iter_mut().filter(|(part, _)| request.contains(*part));
        let loss = fitting.filter_map(|(_, losses)| losses.pop_front()).next()?;
        self.lost.push(loss);
        Some(loss)
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
    let plan = || plan.lock().unwrap_or_else(PoisonError::into_inner);
    let loss = if good { plan().loses(&first) } else { None };
    match loss {
        None => reader.get_mut().write_all(&answer).ok()?,
        Some(Loss::Cut) => {}
        Some(Loss::Silence) => {
            reader.get_mut().set_read_timeout(Some(SILENCE_MAX)).ok()?;
            // Ends when the sender has given up.
            let _ = reader.read(&mut [0]);
        }
    }
    Some(())
}
