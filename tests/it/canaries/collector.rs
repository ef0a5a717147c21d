// SPDX-License-Identifier: Apache-2.0
//! A collector of traces and metrics that keeps every byte it is sent. It speaks as much HTTP/2 as
//! an exporter over gRPC needs to be content.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const PREFACE: usize = 24;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

pub struct Collector {
    pub endpoint: String,
    kept: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let kept = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&kept);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = Arc::clone(&own);
                std::thread::spawn(move || serve(stream, &own));
            }
        });
        Self { endpoint, kept }
    }

    /// Everything that was exported until now.
    pub fn kept(&self) -> Vec<u8> {
        self.kept.lock().expect("no connection panics").clone()
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a small frame").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header that is in no table, without compression.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for part in [name, value] {
        bytes.push(u8::try_from(part.len()).expect("a short text"));
        bytes.extend(part.as_bytes());
    }
    bytes
}

/// An empty message and the status that all is well.
fn accepted(stream: u32) -> Vec<u8> {
    let mut head = vec![0x88];
    head.extend(literal("content-type", "application/grpc"));
    let mut answer = frame(HEADERS, END_HEADERS, stream, &head);
    answer.extend(frame(DATA, 0, stream, &[0; 5]));
    let trailers = literal("grpc-status", "0");
    answer.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream, &trailers));
    answer
}

fn serve(mut stream: TcpStream, kept: &Mutex<Vec<u8>>) {
    let _ = exchange(&mut stream, kept);
}

fn exchange(stream: &mut TcpStream, kept: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    let mut preface = [0; PREFACE];
    stream.read_exact(&mut preface)?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[]))?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let (kind, flags) = (head[3], head[4]);
        let id = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
        let mut payload = vec![0; usize::try_from(length).expect("a frame")];
        stream.read_exact(&mut payload)?;
        kept.lock().expect("no connection panics").extend(&payload);
        match kind {
            SETTINGS if flags & ACK == 0 => stream.write_all(&frame(SETTINGS, ACK, 0, &[]))?,
            PING if flags & ACK == 0 => stream.write_all(&frame(PING, ACK, 0, &payload))?,
            DATA => {
                if length > 0 {
                    let more = length.to_be_bytes();
                    stream.write_all(&frame(WINDOW_UPDATE, 0, 0, &more))?;
                    stream.write_all(&frame(WINDOW_UPDATE, 0, id, &more))?;
                }
                if flags & END_STREAM != 0 {
                    stream.write_all(&accepted(id))?;
                }
            }
            _ => {}
        }
    }
}
