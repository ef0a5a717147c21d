// SPDX-License-Identifier: Apache-2.0
//! A server in a few lines of TCP, so that it can break the protocol at any point. It counts what
//! arrived, which is what the outcomes are judged by.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with every request once it has read it whole.
#[derive(Debug, Clone)]
pub enum Answering {
    With(String),
    /// Writes this and closes.
    Torn(String),
    Silence,
    /// Closes with data unread, which resets the connection.
    Reset,
}

pub struct OtherSide {
    pub base: String,
    pub arrived: Arc<AtomicUsize>,
    pub requests: Arc<Mutex<Vec<String>>>,
}

pub fn ok(body: &str) -> String {
    answer("200 OK", "content-type: application/json\r\n", body)
}

pub fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

impl OtherSide {
    pub async fn start(answering: Answering) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}/api", listener.local_addr().expect("an address"));
        let arrived = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (count, seen) = (Arc::clone(&arrived), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answering, count, seen) =
                    (answering.clone(), Arc::clone(&count), Arc::clone(&seen));
                tokio::spawn(async move {
                    let _ = serve(stream, answering, &count, &seen).await;
                });
            }
        });
        Self { base, arrived, requests }
    }

    pub fn arrived(&self) -> usize {
        self.arrived.load(Ordering::SeqCst)
    }

    pub fn last(&self) -> String {
        self.requests.lock().expect("not poisoned").last().cloned().unwrap_or_default()
    }
}

async fn serve(
    mut stream: TcpStream,
    answering: Answering,
    count: &AtomicUsize,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    loop {
        let leave_unread = usize::from(matches!(answering, Answering::Reset));
        let Some(request) = read_request(&mut stream, leave_unread).await? else { return Ok(()) };
        seen.lock().expect("not poisoned").push(request);
        count.fetch_add(1, Ordering::SeqCst);
        match &answering {
            Answering::With(text) => stream.write_all(text.as_bytes()).await?,
            Answering::Torn(text) => {
                stream.write_all(text.as_bytes()).await?;
                return stream.shutdown().await;
            }
            Answering::Silence => std::future::pending().await,
            Answering::Reset => return Ok(()),
        }
    }
}

/// The request with its body, but for the last `leave_unread` bytes.
async fn read_request(
    stream: &mut TcpStream,
    leave_unread: usize,
) -> std::io::Result<Option<String>> {
    let mut read = Vec::new();
    let head = loop {
        if let Some(at) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        let mut byte = [0u8];
        if stream.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        read.extend_from_slice(&byte);
    };
    let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(0usize);
    let mut body = vec![0u8; length.saturating_sub(leave_unread)];
    stream.read_exact(&mut body).await?;
    read.extend_from_slice(&body);
    Ok(Some(String::from_utf8_lossy(&read).into_owned()))
}
