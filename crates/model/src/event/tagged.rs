// SPDX-License-Identifier: Apache-2.0
//! Reading what an event says. Its type stands first as we write it, and then the rest is read straight
//! into its fields; where another has put it elsewhere, the rest is kept aside until it is known.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::Body;

const TYPES: [&str; 3] = ["claim", "provider-adjustment", "remittance-sealed"];

impl<'de, I: Deserialize<'de>> Deserialize<'de> for Body<I> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Tagged(PhantomData))
    }
}

struct Tagged<I>(PhantomData<I>);

impl<'de, I: Deserialize<'de>> Visitor<'de> for Tagged<I> {
    type Value = Body<I>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what an event says, with its type")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body<I>, A::Error> {
        let mut aside = Map::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key != "type" {
                aside.insert(key.into_owned(), map.next_value()?);
                continue;
            }
            let kind: Cow<'de, str> = map.next_value()?;
            if aside.is_empty() {
                return body(&kind, MapAccessDeserializer::new(map));
            }
            while let Some((key, value)) = map.next_entry()? {
                aside.insert(key, value);
            }
            return body(&kind, Value::Object(aside)).map_err(A::Error::custom);
        }
        Err(A::Error::missing_field("type"))
    }
}

fn body<'de, I, D>(kind: &str, fields: D) -> Result<Body<I>, D::Error>
where
    I: Deserialize<'de>,
    D: Deserializer<'de>,
{
    match kind {
        "claim" => Deserialize::deserialize(fields).map(Body::Claim),
        "provider-adjustment" => Deserialize::deserialize(fields).map(Body::ProviderAdjustment),
        "remittance-sealed" => Deserialize::deserialize(fields).map(Body::RemittanceSealed),
        other => Err(D::Error::unknown_variant(other, &TYPES)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::v1::ProviderAdjustment;
    use super::*;
    use crate::code::Code;

    fn adjustment() -> Body<String> {
        Body::ProviderAdjustment(ProviderAdjustment {
            provider_npi: Code::new("1234567893"),
            fiscal_date: None,
            code: Code::new("WO"),
            reference: Some("a \"quoted\" reference".to_owned()),
            amount: -1_050,
        })
    }

    #[test]
    fn a_body_is_read_wherever_its_type_stands() {
        let text = serde_json::to_string(&adjustment()).expect("written");
        assert!(text.starts_with("{\"type\":\"provider-adjustment\","), "{text}");
        assert_eq!(serde_json::from_str::<Body<String>>(&text).expect("read"), adjustment());
        let value: Value = serde_json::from_str(&text).expect("read");
        assert_eq!(serde_json::from_value::<Body<String>>(value).expect("read"), adjustment());
        let rest = text.replace("\"type\":\"provider-adjustment\",", "");
        let last = rest.replace('}', ",\"type\":\"provider-adjustment\"}");
        assert_eq!(serde_json::from_str::<Body<String>>(&last).expect("read"), adjustment());
    }

    #[test]
    fn a_body_without_a_type_or_of_another_is_refused() {
        let refused = |text: &str| {
            serde_json::from_str::<Body<String>>(text).expect_err("refused").to_string()
        };
        assert!(refused("{\"amount\":1}").contains("type"));
        assert!(refused("{\"type\":\"rumour\",\"amount\":1}").contains("rumour"));
    }
}
