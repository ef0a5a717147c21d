// SPDX-License-Identifier: Apache-2.0
//! A listener that answers each request with what was prepared for its path, and remembers what was
//! asked. It knows nothing of accounting.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// Status and body; an empty body is none.
pub type Prepared = (u16, String);

#[derive(Default)]
struct Script {
    /// In this order, for requests that begin with this method and path.
    answers: VecDeque<(&'static str, Prepared)>,
    asked: Vec<String>,
}

pub struct StandIn {
    pub url: String,
    script: Arc<Mutex<Script>>,
}

impl StandIn {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/books", listener.local_addr().expect("an address"));
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = script.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let script = shared.clone();
                std::thread::spawn(move || answer(stream, &script));
            }
        });
        Self { url, script }
    }

    /// The next request that begins so is answered thus; status 0 ends the connection without a word.
    pub fn prepare(&self, request: &'static str, status: u16, body: impl Into<String>) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.answers.push_back((request, (status, body.into())));
    }

    /// First lines and authorisations of all requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).asked.clone()
    }
}

fn answer(stream: TcpStream, script: &Mutex<Script>) {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    let (mut length, mut authorization) = (0, String::new());
    if reader.read_line(&mut request).unwrap_or(0) == 0 {
        return;
    }
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => authorization = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let (status, text) = {
        let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
        script.asked.push(format!("{} [{authorization}]", request.trim()));
        let place = script.answers.iter().position(|(begin, _)| request.starts_with(begin));
        let prepared = place.and_then(|place| script.answers.remove(place));
        prepared.map_or((500, "nothing was prepared".to_owned()), |(_, prepared)| prepared)
    };
    if status != 0 {
        let head = format!(
            "HTTP/1.1 {status} Told\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        );
        let _ = reader.get_mut().write_all(head.as_bytes());
    }
}
