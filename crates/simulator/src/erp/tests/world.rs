// SPDX-License-Identifier: Apache-2.0
//! One ERP with two entities on a free port, and a caller that speaks plain HTTP to it.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::super::{Config, Mode, Running, book, reference::ReferenceFile};

pub struct World {
    pub erp: Running,
    pub config: Config,
    _folder: TempDir,
}

/// A status and a body; nothing when the connection ended without an answer.
pub type Reply = Option<(u16, String)>;

pub fn reference() -> ReferenceFile {
    serde_json::from_value(json!({
        "entities": [
            { "code": "E1", "name": "North Hospital", "currency": "USD", "ledger": "GL" },
            { "code": "E2", "name": "South Clinic", "currency": "USD" }
        ],
        "accounts": [
            { "code": "1090", "name": "Clearing", "nature": "asset" },
            { "code": "1200", "name": "Receivable", "nature": "asset",
              "required_dimensions": ["payer"] },
            { "code": "4999", "name": "Retired", "nature": "revenue", "active": false }
        ],
        "dimensions": {
            "facility": [
                { "code": "F1", "name": "Main", "entity": "E1" },
                { "code": "F2", "name": "South", "entity": "E2" }
            ],
            "department": [
                { "code": "D1", "name": "Surgery" },
                { "code": "D99", "name": "Closed", "active": false }
            ],
            "payer": [{ "code": "P1", "name": "Payer One" }]
        },
        "periods": [
            { "entity": "E1", "period": "2026-11", "from": "2026-11-01", "to": "2026-11-30",
              "status": "open" },
            { "entity": "E1", "period": "2026-10", "from": "2026-10-01", "to": "2026-10-31",
              "status": "closed" },
            { "entity": "E2", "period": "2026-11", "from": "2026-11-01", "to": "2026-11-30",
              "status": "open" }
        ]
    }))
    .expect("reference data")
}

/// A journal of 12.50 that every rule accepts.
pub fn journal(reference: &str) -> Value {
    json!({
        "reference": reference, "entity": "E1", "date": "2026-11-20", "period": "2026-11",
        "currency": "USD", "lines": [
            { "account": "1090", "debit": "12.50", "dimensions": { "facility": "F1" } },
            { "account": "1200", "credit": "12.50", "dimensions": { "payer": "P1" } }
        ]
    })
}

impl World {
    pub async fn new(mode: Mode) -> Self {
        Self::with(mode, |_| {}).await
    }

    pub async fn with(mode: Mode, adjust: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config::new(mode, folder.path().join("erp.book"), reference());
        adjust(&mut config);
        let erp = Running::start(config.clone()).await.expect("it starts");
        Self { erp, config, _folder: folder }
    }

    /// Ends the ERP and starts it again on the same book.
    pub async fn restart(self) -> Self {
        self.erp.stop().await.expect("it ends");
        let erp = Running::start(self.config.clone()).await.expect("it starts again");
        Self { erp, config: self.config, _folder: self._folder }
    }

    pub fn book_path(&self) -> PathBuf {
        self.config.book.clone()
    }

    pub fn book(&self) -> book::Contents {
        book::read(&self.config.book).expect("a readable book")
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, &[], "").await.expect("an answer");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let (status, body) =
            self.call("POST", path, &[], &body.to_string()).await.expect("an answer");
        (status, serde_json::from_str(&body).expect("JSON"))
    }

    pub async fn order_faults(&self, order: Value) {
        let (status, body) = self.post("/admin/faults", &order).await;
        assert_eq!(status, 200, "{body}");
    }

    pub async fn call(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
        call(self.erp.address, method, path, headers, body).await
    }
}

/// One request on a connection of its own.
pub async fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &str,
) -> Reply {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: erp\r\nconnection: close\r\n");
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut answer = String::new();
    // A cut connection may end in a reset: then there is no answer either.
    let _ = stream.read_to_string(&mut answer).await;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_string()))
}
