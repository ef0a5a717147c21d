// SPDX-License-Identifier: Apache-2.0
//! The container files against the program itself: roles, flags, variables, ports and certificates are
//! the ones that it knows. No engine runs them here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Map, Value};
use tests::programs;

/// Services that are no role of ours.
const OTHERS: [&str; 3] = ["migrate", "postgres", "simulated-erp"];
/// Beside those with our prefix, what the telemetry library reads.
const FOREIGN: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SERVICE_NAME"];

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The document with its merge keys (`<<`) resolved as an engine does: a service's own word wins.
fn plain(yaml: &Yaml) -> Value {
    if let Some(mapping) = yaml.as_mapping() {
        let (mut own, mut merged) = (Map::new(), Vec::new());
        for (key, value) in mapping {
            match key.as_str().expect("keys are texts") {
                "<<" => merged.push(plain(value)),
                key => drop(own.insert(key.to_owned(), plain(value))),
            }
        }
        for part in merged {
            for map in part.as_array().cloned().unwrap_or_else(|| vec![part]) {
                for (key, value) in map.as_object().expect("a mapping is merged") {
                    own.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        return Value::Object(own);
    }
    if let Some(sequence) = yaml.as_sequence() {
        return Value::Array(sequence.iter().map(plain).collect());
    }
    let text = yaml.as_str().map(Value::from);
    let text = text.or_else(|| yaml.as_integer().map(Value::from));
    text.or_else(|| yaml.as_bool().map(Value::from)).unwrap_or(Value::Null)
}

fn compose() -> Value {
    let text = file("docker-compose.yml");
    let documents = Yaml::load_from_str(&text).expect("docker-compose.yml is YAML");
    plain(&documents[0])
}

fn words(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list");
    list.iter().map(|word| word.as_str().expect("a text").to_owned()).collect()
}

/// Exit code and everything said.
fn run(program: &str, arguments: &[&str], environment: &[(String, String)]) -> (i32, String) {
    let output = Command::new(programs::binary(program).expect("it is built"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code().unwrap_or(-1), said)
}

/// The roles as the program lists them to whoever names a wrong one.
fn roles() -> BTreeSet<String> {
    let (_, said) = run("revbridge", &["serve", "--role", "nobody"], &[]);
    let list = said.split("there are all, ").nth(1).unwrap_or_else(|| panic!("no list: {said}"));
    let list = list.lines().next().unwrap_or_default();
    list.split(", ").map(|name| name.trim().to_owned()).collect()
}

fn role_services(compose: &Value) -> Vec<(String, Value)> {
    let services = compose["services"].as_object().expect("services").clone();
    services.into_iter().filter(|(name, _)| !OTHERS.contains(&name.as_str())).collect()
}

/// A folder as the page says that it is made, with a copy of the configuration.
fn site() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("a folder");
    let config = home.path().join("revbridge.toml");
    std::fs::write(&config, file("deploy/revbridge.toml")).expect("it is written");
    (home, config)
}

/// Variables of a service, with what the operator chooses filled in.
fn environment(service: &Value) -> Vec<(String, String)> {
    let variables = service["environment"].as_object().expect("variables");
    let filled = |value: &Value| match value {
        Value::String(text) => text
            .replace("${POSTGRES_PASSWORD:?choose one}", "secret")
            .replace("${OTEL_EXPORTER_OTLP_ENDPOINT:-}", ""),
        other => other.to_string(),
    };
    variables.iter().map(|(name, value)| (name.clone(), filled(value))).collect()
}

#[test]
fn the_services_are_the_roles_and_every_flag_and_variable_is_known() {
    let compose = compose();
    let services = role_services(&compose);
    let names: BTreeSet<String> = services.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(names, roles(), "the services are the roles");
    let (_, help) = run("revbridge", &["serve", "--help"], &[]);
    let (_home, config) = site();
    for (name, service) in &services {
        let command = words(&service["command"]);
        assert_eq!(command[0], "serve", "{name}");
        assert_eq!(command.last(), Some(name), "{name} runs its role");
        for flag in command.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(&format!("{flag} ")), "{name}: no flag {flag}\n{help}");
        }
        let variables = environment(service);
        let foreign = variables.iter().map(|(name, _)| name.as_str());
        let foreign: Vec<&str> = foreign.filter(|name| !name.starts_with("REVBRIDGE_")).collect();
        assert!(foreign.iter().all(|name| FOREIGN.contains(name)), "{name}: {foreign:?}");
        // The configuration is read and checked first; then nobody answers.
        let config = config.to_string_lossy();
        let (code, said) = run("revbridge", &["health", "--config", &config], &variables);
        assert_eq!(code, 1, "{name}: {said}");
        for part in ["CERTIFICATE", "KEY"] {
            let own = format!("REVBRIDGE_RPC__TLS__{part}");
            let path = &variables.iter().find(|(name, _)| *name == own).expect("it is named").1;
            let stem = Path::new(path).file_stem().expect("a file").to_string_lossy();
            assert_eq!(stem, *name, "{name} shows its own certificate");
        }
    }
    let migrate = &compose["services"]["migrate"];
    assert_eq!(words(&migrate["command"])[0], "migrate");
    let arguments = ["migrate", "--check", "--config", &config.to_string_lossy()];
    let (code, said) = run("revbridge", &arguments, &environment(migrate));
    assert_eq!(code, 2, "the configuration is read, then nobody answers: {said}");
    assert!(said.contains("the database does not answer"), "{said}");
    let mut wrong = environment(&services[0].1);
    wrong.push(("REVBRIDGE_HTTP__LISTENS".to_owned(), "x".to_owned()));
    let (code, said) = run("revbridge", &["health", "--config", &config.to_string_lossy()], &wrong);
    assert_eq!(code, 2, "a wrong variable would be seen: {said}");
    assert!(said.contains("listens"), "{said}");
}

#[test]
fn every_peer_is_a_service_at_the_port_where_it_listens() {
    for (name, service) in role_services(&compose()) {
        let variables = environment(&service);
        let listen = variables.iter().find(|(name, _)| name == "REVBRIDGE_RPC__LISTEN");
        let port = listen.and_then(|(_, value)| value.rsplit(':').next()).expect("a port");
        for (variable, value) in &variables {
            let Some(peer) = variable.strip_prefix("REVBRIDGE_PEERS__") else { continue };
            let host = peer.to_lowercase().replace('_', "-");
            assert_eq!(*value, format!("https://{host}:{port}"), "{name}: {variable}");
            assert!(roles().contains(&host), "{name}: {host} is a role");
        }
    }
}

#[test]
fn nothing_is_published_beyond_loopback_and_no_role_can_write_or_rise() {
    let compose = compose();
    for (name, service) in compose["services"].as_object().expect("services") {
        let ports = service["ports"].as_array().cloned().unwrap_or_default();
        for port in &ports {
            let port = port.as_str().expect("a text");
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
        }
        assert_eq!(
            !ports.is_empty(),
            name == "gateway",
            "only the gateway is reached from outside"
        );
        let image = service["image"].as_str().expect("an image");
        assert!(!image.contains(['/', '@']), "{name}: {image} names no registry");
        if name != "postgres" {
            assert_eq!(service["read_only"], true, "{name}");
            assert_eq!(words(&service["cap_drop"]), ["ALL"], "{name}");
        }
    }
    let services = role_services(&compose);
    let gateway = services.iter().find(|(name, _)| name == "gateway").expect("a gateway");
    let published = words(&gateway.1["ports"]);
    let listens = environment(&gateway.1);
    let listens = listens.iter().find(|(name, _)| name == "REVBRIDGE_HTTP__LISTEN");
    let port = listens.and_then(|(_, value)| value.rsplit(':').next()).expect("a port");
    assert_eq!(published, [format!("127.0.0.1:{port}:{port}")]);
    assert!(file("deploy/Containerfile").contains(&format!("\nEXPOSE {port}\n")));
}

#[test]
fn the_image_runs_our_commands_without_root() {
    let text = file("deploy/Containerfile");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let after = |word: &str| lines.iter().filter_map(|line| line.strip_prefix(word)).next_back();
    assert_eq!(after("USER "), Some("10001:10001"));
    for from in lines.iter().filter_map(|line| line.strip_prefix("FROM ")) {
        let image = from.split(' ').next().unwrap_or_default();
        assert!(!image.contains('/') && image.contains(':'), "{image}: a name and a version");
    }
    let list = |line: &str| serde_json::from_str::<Value>(line).expect("the form with a list");
    assert_eq!(words(&list(after("ENTRYPOINT ").expect("an entry"))), ["revbridge"]);
    // The last CMD starts it, the one before belongs to the health check.
    let commands: Vec<Vec<String>> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("CMD "))
        .map(|line| words(&list(line)))
        .collect();
    let [check, start] = commands.as_slice() else { panic!("two commands: {commands:?}") };
    assert_eq!(check[..2], ["revbridge", "health"]);
    assert_eq!(start[0], "serve");
    for command in [&check[1..], &start[..]] {
        let (code, help) = run("revbridge", &[&command[0], "--help"], &[]);
        assert_eq!(code, 0, "{help}");
        for flag in command.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(&format!("{flag} ")), "no flag {flag}\n{help}");
        }
    }
    let erp = compose()["services"]["simulated-erp"].clone();
    let [program] = &words(&erp["entrypoint"])[..] else { panic!("one program") };
    assert!(text.contains(&format!("target/release/{program}")), "the image holds it");
    let (_, help) = run(program, &["--help"], &[]);
    for flag in words(&erp["command"]).iter().filter(|word| word.starts_with("--")) {
        assert!(help.contains(&format!("{flag} ")), "no flag {flag}\n{help}");
    }
}
