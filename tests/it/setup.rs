// SPDX-License-Identifier: Apache-2.0
//! First contact: what `init` writes, what `check-config` says, what `import` hands in and what
//! `migrate` alone may do.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use local_postgres::Cluster;
use serde_json::Value;
use tempfile::TempDir;
use tests::programs::{self, Program};
use tests::wait;

const BOUND: Duration = Duration::from_secs(60);

fn revbridge(folder: &Path, arguments: &[&str]) -> Output {
    let binary = programs::binary("revbridge").expect("it is built");
    Command::new(binary).args(arguments).current_dir(folder).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder as `init` leaves it, with ports of its own.
struct Fresh {
    home: TempDir,
    listen: String,
    erp: String,
}

impl Fresh {
    fn new() -> Self {
        let home = local_postgres::private_directory("rb-it-").expect("a private folder");
        let port = || tests::processes::free_port().expect("a free port").to_string();
        let (listen, erp) = (port(), port());
        let written =
            revbridge(home.path(), &["init", ".", "--listen", &listen, "--erp-listen", &erp]);
        assert!(written.status.success(), "{}", text(&written.stderr));
        Self { home, listen, erp }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn change(&self, name: &str, from: &str, to: &str) {
        let before = std::fs::read_to_string(self.path(name)).expect("it is there");
        assert!(before.contains(from), "{name} says {from}");
        std::fs::write(self.path(name), before.replacen(from, to, 1)).expect("it can be written");
    }

    fn run(&self, arguments: &[&str]) -> Output {
        revbridge(self.home.path(), arguments)
    }

    /// Findings and exit code of `check-config --json`.
    fn check(&self) -> (Vec<Value>, bool) {
        let told = self.run(&["check-config", "--json"]);
        let whole: Value = serde_json::from_slice(&told.stdout).expect("JSON");
        assert_eq!(whole["ok"], told.status.success(), "{whole}");
        (whole["findings"].as_array().expect("a list").clone(), told.status.success())
    }

    fn start(&self, name: &str, arguments: &[&str]) -> Program {
        let log = self.path(&format!("{name}.log"));
        programs::start_in(self.home.path(), name, arguments, &log).expect("it starts")
    }

    fn start_erp(&self) -> Program {
        let arguments = [
            "--listen",
            &self.erp,
            "--mode",
            "native-key",
            "--book",
            "erp.book",
            "--reference",
            "reference",
        ];
        let program = self.start("revbridge-simulator-erp", &arguments);
        self.answers(&self.erp);
        program
    }

    fn answers(&self, address: &str) {
        wait::until(&format!("{address} answers"), BOUND, || {
            std::net::TcpStream::connect(address).ok().map(drop)
        })
        .expect("it answers");
    }

    fn wait_ready(&self) {
        let url = format!("http://{}/health/ready", self.listen);
        let log = self.path("revbridge.log");
        wait::until(&format!("ready (see {})", log.display()), BOUND, || {
            ureq::get(&url).call().ok().map(drop)
        })
        .unwrap_or_else(|error| {
            panic!("{error}: {}", std::fs::read_to_string(log).unwrap_or_default())
        });
    }
}

#[test]
fn what_init_writes_is_sound_and_posts_its_example() {
    let fresh = Fresh::new();
    let (findings, sound) = fresh.check();
    assert!(sound && findings.is_empty(), "{findings:?}");
    let again = fresh.run(&["init", "."]);
    assert_eq!(again.status.code(), Some(2), "nothing is overwritten");
    assert!(text(&again.stderr).contains("nothing was written"), "{}", text(&again.stderr));

    let alone = fresh.run(&["import", "example.835"]);
    assert_eq!(alone.status.code(), Some(2));
    assert!(text(&alone.stderr).contains("start it with: revbridge serve"), "{alone:?}");

    let _erp = fresh.start_erp();
    let connected = fresh.run(&["check-config", "--connect"]);
    assert!(connected.status.success(), "{}", text(&connected.stdout));
    assert!(text(&connected.stdout).contains("know the same"), "{}", text(&connected.stdout));
    let _server = fresh.start("revbridge", &["serve"]);
    fresh.wait_ready();

    let manual = format!("http://{}/manual", fresh.listen);
    let mut page = ureq::get(&manual).call().expect("the manual opens without a token");
    let page = page.body_mut().read_to_string().expect("a page");
    assert!(page.contains("<h1>Your own data in a day</h1>"), "{page}");

    std::fs::write(fresh.path("empty.835"), "").expect("it can be written");
    let arguments =
        ["import", "--wait", "--format", "json", "example.835", "empty.835", "example.835"];
    let given = fresh.run(&arguments);
    assert_eq!(given.status.code(), Some(1), "one file is refused: {}", text(&given.stderr));
    let told: Value = serde_json::from_slice(&given.stdout).expect("JSON");
    let outcomes: Vec<&str> = told["files"]
        .as_array()
        .expect("files")
        .iter()
        .filter_map(|one| one["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["accepted", "refused", "again"], "{told:#}");
    assert_eq!(told["summary"]["remittances"]["decided"], 1, "{told:#}");
    assert_eq!(told["summary"]["exceptions"], serde_json::json!({}), "{told:#}");
    let posted = told["summary"]["journals"]["posted"].as_array().expect("posted").len();
    assert!(posted >= 1, "{told:#}");
    let book = simulator::erp::book::read(&fresh.path("erp.book")).expect("the book is readable");
    assert_eq!(book.posted.len(), posted, "as many as the ERP's own book has");
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_its_cure() {
    let fresh = Fresh::new();
    for (name, from, to) in [
        ("revbridge.toml", "[http]\n", "[http]\nlisten_to = 1\n"),
        ("revbridge.toml", "unknown = \"hold\"", "unknown = \"holt\""),
        ("revbridge.toml", "route = \"general-ledger\"", "route = \"genral\""),
        ("revbridge.toml", "[[source]]", "[[source]]\npoll_ms = \"often\""),
        ("reference/accounts.csv", "\n1010,1010", "\n1011,1010"),
        ("reference/routes.csv", "*,general-ledger,,", "E900,general-ledger,2026-12-31,2026-01-01"),
        ("reference/facilities.csv", ",E100,", ",E101,"),
        ("reference/payers.csv", "payer,name,class", "payer,name,clas"),
        ("rules.toml", "action = \"contractual\"", "action = \"contractua\""),
    ] {
        fresh.change(name, from, to);
    }
    let (findings, sound) = fresh.check();
    assert!(!sound);
    let told = |at: &str, key: &str| {
        let found = findings.iter().find(|one| {
            one["at"].as_str().is_some_and(|file| file.ends_with(at))
                && (key.is_empty() || one["key"] == key)
        });
        let found = found.unwrap_or_else(|| panic!("{at} {key} among {findings:#?}"));
        assert!(found["line"].as_u64().is_some_and(|line| line > 1), "{found}");
        assert!(!found["cure"].as_str().unwrap_or_default().is_empty(), "{found}");
        found.clone()
    };
    assert_eq!(told("revbridge.toml", "http.listen_to")["severity"], "error");
    assert!(told("revbridge.toml", "reference.unknown")["cure"].to_string().contains("hold"));
    assert!(told("revbridge.toml", "posting.route")["cure"].to_string().contains("general-ledger"));
    told("revbridge.toml", "source.poll_ms");
    assert!(told("accounts.csv", "role")["cure"].to_string().contains("did you mean 1010"));
    told("routes.csv", "entity");
    told("routes.csv", "to");
    assert!(told("facilities.csv", "entity")["cure"].to_string().contains("did you mean E100"));
    assert!(told("payers.csv", "clas")["cure"].to_string().contains("did you mean class"));
    told("rules.toml", "");

    let refused = fresh.run(&["serve"]);
    assert_eq!(refused.status.code(), Some(2), "the service has the same checks in front");
    let said = text(&refused.stderr);
    assert!(said.contains("listen_to") && said.contains("E900"), "{said}");
}

#[test]
fn a_key_that_everybody_can_read_stands_in_the_way() {
    use std::os::unix::fs::PermissionsExt;
    let fresh = Fresh::new();
    let keys = fresh.path("data/keys");
    std::fs::create_dir_all(&keys).expect("a folder");
    std::fs::write(keys.join("token.key"), "0".repeat(64)).expect("a file");
    let set = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(keys.join("token.key"), permissions).expect("a mode");
    };
    set(0o644);
    let (findings, sound) = fresh.check();
    assert!(!sound);
    assert!(findings[0]["cure"].as_str().expect("a cure").contains("chmod 600"), "{findings:?}");
    set(0o600);
    assert!(fresh.check().1);
}

/// An empty database of the operator's, named in the configuration.
fn external_database(fresh: &Fresh) -> Cluster {
    let cluster = Cluster::temporary().expect("a cluster");
    cluster.ensure_database("books").expect("a database");
    let url = cluster.database_url("books");
    fresh.change(
        "revbridge.toml",
        "kind = \"embedded\"",
        &format!("kind = \"external\"\nurl = \"{url}\""),
    );
    cluster
}

#[test]
fn a_server_waits_for_the_migration_and_changes_no_schema_itself() {
    let fresh = Fresh::new();
    let cluster = external_database(&fresh);
    let schemas = || {
        let sql = "select count(*) from pg_namespace where nspname in ('intake', 'remittance')";
        cluster.query("books", sql).expect("an answer")[0][0].clone().expect("a count")
    };
    let failed = fresh.run(&["check-config", "--connect"]);
    assert!(text(&failed.stdout).contains("run `revbridge migrate`"), "{}", text(&failed.stdout));
    let _erp = fresh.start_erp();
    let _server = fresh.start("revbridge", &["serve"]);
    let log = fresh.path("revbridge.log");
    wait::until("the server says what it waits for", BOUND, || {
        let said = std::fs::read_to_string(&log).ok()?;
        said.contains("run `revbridge migrate`").then_some(())
    })
    .expect("it says so");
    assert_eq!(fresh.run(&["migrate", "--check"]).status.code(), Some(1));
    assert_eq!(schemas(), "0", "nobody but migrate makes a schema");

    let migrated = fresh.run(&["migrate"]);
    let said = text(&migrated.stdout);
    assert!(migrated.status.success() && said.contains("0 and 0 -> "), "{migrated:?}");
    assert_eq!(schemas(), "2");
    fresh.wait_ready();
    assert_eq!(fresh.run(&["migrate", "--check"]).status.code(), Some(0));
    let again = text(&fresh.run(&["migrate"]).stdout);
    assert!(again.contains("unchanged") && !again.contains("(migrated)"), "{again}");
}

#[test]
fn a_newer_schema_is_neither_used_nor_touched() {
    let fresh = Fresh::new();
    let cluster = external_database(&fresh);
    assert!(fresh.run(&["migrate"]).status.success());
    let newer = "insert into remittance._sqlx_migrations
                 select 900, description, installed_on, success, checksum, execution_time
                 from remittance._sqlx_migrations
                 where version = 1";
    cluster.execute("books", newer).expect("a later version");
    let refused = fresh.run(&["migrate"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("nothing was changed"), "{refused:?}");
    let served = fresh.run(&["serve"]);
    assert_eq!(served.status.code(), Some(2));
    assert!(text(&served.stderr).contains("too old for this database"), "{served:?}");
}
