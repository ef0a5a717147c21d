// SPDX-License-Identifier: Apache-2.0
//! Rings of keys are read as people write them, and shown to nobody.

use super::*;

fn ring(text: &str) -> Result<Vec<[u8; KEY_BYTES]>, NoKeys> {
    let keys = keys(&SecretString::from(text))?;
    Ok(keys.iter().map(|key| *key.expose_secret()).collect())
}

#[test]
fn the_first_key_of_a_ring_is_the_current_one() {
    let (one, two) = ("a5".repeat(32), BASE64.encode(&[7; KEY_BYTES]));
    let text = format!("# drawn in november\n{one}\n\n  {two}\n");
    assert_eq!(ring(&text), Ok(vec![[0xA5; KEY_BYTES], [7; KEY_BYTES]]));
}

#[test]
fn what_is_no_key_is_refused_as_a_whole() {
    let good = "a5".repeat(32);
    for text in ["", "# nothing", "short", &format!("{good}\nshort"), &"zz".repeat(32)] {
        assert_eq!(ring(text), Err(NoKeys), "{text}");
    }
}

#[test]
fn a_clone_of_a_handle_follows() {
    let live = LiveKeys::of(&[[1; KEY_BYTES]]);
    let clone = live.clone();
    live.replace(vec![SecretBox::new(Box::new([2; KEY_BYTES]))]);
    assert_eq!(clone.get()[0].expose_secret(), &[2; KEY_BYTES]);
    assert_eq!(format!("{live:?} {:?}", live.get()), "Live(…) [SecretBox<[u8; 32]>([REDACTED])]");
}

#[test]
fn a_place_is_named_in_configuration_and_shows_no_value() {
    let place: Secret = serde_json::from_str(r#"{"vault": "secret/data/a#b"}"#).expect("a place");
    assert_eq!(place, Secret::Vault("secret/data/a#b".to_owned()));
    assert_eq!(place.to_string(), "vault secret/data/a#b");
    assert!(serde_json::from_str::<Secret>(r#"{"value": "x"}"#).is_err());
}
