// SPDX-License-Identifier: Apache-2.0
//! What Vault's HTTP API is documented to do, as far as we ask for it, over plain HTTP on this
//! machine. Its transit engine does not encrypt: what it gave out it remembers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Default)]
struct Held {
    token: String,
    sealed: bool,
    secrets: BTreeMap<String, BTreeMap<String, String>>,
    version: u32,
    /// What was wrapped: plaintext and associated data by ciphertext.
    wrapped: BTreeMap<String, (String, String)>,
    paths: Vec<String>,
}

#[derive(Clone)]
pub struct OtherSide {
    pub address: String,
    held: Arc<Mutex<Held>>,
}

impl OtherSide {
    pub async fn start(token: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let held = Held { token: token.to_owned(), version: 1, ..Held::default() };
        let side = Self { address, held: Arc::new(Mutex::new(held)) };
        let own = side.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(own.clone().serve(stream));
            }
        });
        side
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("no handler panics")
    }

    pub fn put(&self, path: &str, field: &str, value: &str) {
        let mut held = self.held();
        held.secrets.entry(path.to_owned()).or_default().insert(field.to_owned(), value.to_owned());
    }

    pub fn accept_only(&self, token: &str) {
        token.clone_into(&mut self.held().token);
    }

    pub fn seal(&self) {
        self.held().sealed = true;
    }

    pub fn rotate(&self) {
        self.held().version += 1;
    }

    pub fn nothing_clear_in_a_path(&self) -> bool {
        let held = self.held();
        let known = |path: &String| path.starts_with("/v1/transit/") && !path.contains('?');
        !held.paths.is_empty() && held.paths.iter().all(known)
    }

    /// One request after another on a connection, as HTTP/1.1 has them.
    async fn serve(self, mut stream: TcpStream) {
        let mut read = Vec::new();
        let mut part = [0; 4096];
        loop {
            let head = read.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = head {
                let text = String::from_utf8_lossy(&read[..end]).into_owned();
                let length = header(&text, "content-length").parse().unwrap_or(0);
                if read.len() >= end + 4 + length {
                    let body = read[end + 4..end + 4 + length].to_vec();
                    read.drain(..end + 4 + length);
                    let (status, answer) = self.answer(&text, &body);
                    let answer = answer.to_string();
                    let whole = format!(
                        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n\
                         content-length: {}\r\n\r\n{answer}",
                        answer.len()
                    );
                    if stream.write_all(whole.as_bytes()).await.is_err() {
                        return;
                    }
                    continue;
                }
            }
            match stream.read(&mut part).await {
                Ok(0) | Err(_) => return,
                Ok(count) => read.extend_from_slice(&part[..count]),
            }
        }
    }

    fn answer(&self, head: &str, body: &[u8]) -> (u16, Value) {
        let mut held = self.held();
        let mut first = head.lines().next().unwrap_or_default().split(' ');
        let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        held.paths.push(path.to_owned());
        if held.sealed {
            return (503, json!({ "errors": ["Vault is sealed"] }));
        }
        if header(head, "x-vault-token") != held.token {
            return (403, json!({ "errors": ["permission denied"] }));
        }
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match (method, path) {
            ("GET", "/v1/transit/keys/revbridge") => {
                (200, json!({ "data": { "latest_version": held.version } }))
            }
            ("POST", "/v1/transit/encrypt/revbridge") => {
                let given = format!("vault:v{}:{}", held.version, held.wrapped.len());
                let own = (text("plaintext"), text("associated_data"));
                held.wrapped.insert(given.clone(), own);
                (200, json!({ "data": { "ciphertext": given } }))
            }
            ("POST", "/v1/transit/decrypt/revbridge") => {
                match held.wrapped.get(&text("ciphertext")) {
                    Some((clear, bound)) if *bound == text("associated_data") => {
                        (200, json!({ "data": { "plaintext": clear } }))
                    }
                    Some(_) | None => (400, json!({ "errors": ["message authentication failed"] })),
                }
            }
            ("GET", path) => match held.secrets.get(path.trim_start_matches("/v1/")) {
                Some(fields) => (200, json!({ "data": { "data": fields, "metadata": {} } })),
                None => (404, json!({ "errors": [] })),
            },
            _ => (405, json!({ "errors": [] })),
        }
    }
}

fn header(head: &str, name: &str) -> String {
    let pairs = head.lines().filter_map(|line| line.split_once(':'));
    let mut found = pairs.filter(|(own, _)| own.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}
