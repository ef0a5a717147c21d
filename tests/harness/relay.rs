// SPDX-License-Identifier: Apache-2.0
//! A line between two processes that can be cut: what is on its way stays on its way, nobody is told,
//! as when a cable is pulled. With several processes behind it, connections take turns.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a line that is cut looks whether it is whole again.
const LOOK: Duration = Duration::from_millis(20);
const BUFFER_BYTES: usize = 64 << 10;

/// Forwards until it is dropped.
pub struct Relay {
    address: SocketAddr,
    line: Arc<Line>,
}

struct Line {
    behind: Vec<SocketAddr>,
    turn: AtomicUsize,
    cut: AtomicBool,
    ended: AtomicBool,
    connections: AtomicUsize,
    open: Mutex<Vec<TcpStream>>,
}

impl Relay {
    /// Listens on a port of its own and forwards to whichever of these answers.
    pub fn start(behind: Vec<SocketAddr>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let line = Arc::new(Line {
            behind,
            turn: AtomicUsize::new(0),
            cut: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            open: Mutex::default(),
        });
        let own = line.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if own.ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let line = own.clone();
                std::thread::spawn(move || line.serve(stream));
            }
        });
        Ok(Self { address, line })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From here on nothing passes in either direction, and no connection ends.
    pub fn cut(&self) {
        self.line.cut.store(true, Ordering::SeqCst);
    }

    /// From here on everything passes again, what had been held included.
    pub fn mend(&self) {
        self.line.cut.store(false, Ordering::SeqCst);
    }

    /// Ends every connection that passes through, on both sides.
    pub fn reset(&self) {
        for stream in self.line.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Connections that were ever taken.
    pub fn connections(&self) -> usize {
        self.line.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.line.ended.store(true, Ordering::SeqCst);
        self.reset();
        // The listener wakes up to see that it has ended.
        let _ = TcpStream::connect(self.address);
    }
}

impl Line {
    fn serve(self: Arc<Self>, near: TcpStream) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        self.wait_while_cut();
        let Some(far) = self.connect() else { return };
        let (Ok(near_too), Ok(far_too)) = (near.try_clone(), far.try_clone()) else { return };
        if let (Ok(one), Ok(other)) = (near.try_clone(), far.try_clone()) {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.extend([one, other]);
        }
        let line = self.clone();
        let back = std::thread::spawn(move || line.carry(far_too, near_too));
        self.carry(near, far);
        let _ = back.join();
    }

    /// The next in turn that answers.
    fn connect(&self) -> Option<TcpStream> {
        let first = self.turn.fetch_add(1, Ordering::SeqCst);
        let count = self.behind.len();
        (0..count).find_map(|more| {
            let address = self.behind[(first + more) % count];
            let stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
            stream.set_nodelay(true).ok()?;
            Some(stream)
        })
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; BUFFER_BYTES];
        while let Ok(bytes) = from.read(&mut buffer) {
            self.wait_while_cut();
            if bytes == 0 || to.write_all(&buffer[..bytes]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
        let _ = from.shutdown(Shutdown::Read);
    }

    fn wait_while_cut(&self) {
        while self.cut.load(Ordering::SeqCst) && !self.ended.load(Ordering::SeqCst) {
            std::thread::sleep(LOOK);
        }
    }
}
