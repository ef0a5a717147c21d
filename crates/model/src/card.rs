// SPDX-License-Identifier: Apache-2.0
//! Card numbers have no business in a remittance. Where one stands all the same, it is masked before
//! anything is stored.

const DIGITS_MIN: usize = 13;
const DIGITS_MAX: usize = 19;
const SHOWN: usize = 4;

/// The text with every card number masked down to its last four digits; `None` where there is none.
/// A card number is 13 to 19 digits, single spaces or dashes between them allowed, that begin and are
/// as long as some network's and whose check digit is right: of other numbers as long, about one in
/// thirty is taken for one.
pub fn masked(text: &str) -> Option<String> {
    // Most texts are too short of digits to be looked at any further.
    if text.bytes().filter(u8::is_ascii_digit).take(DIGITS_MIN).count() < DIGITS_MIN {
        return None;
    }
    let mut bytes = text.as_bytes().to_vec();
    let mut found = false;
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let places = run(&bytes, at);
        let digits: Vec<u8> = places.iter().map(|place| bytes[*place] - b'0').collect();
        if is_card_number(&digits) {
            found = true;
            for place in &places[..places.len() - SHOWN] {
                bytes[*place] = b'*';
            }
        }
        at = places.last().map_or(at, |last| *last) + 1;
    }
    found.then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// Where the digits stand of the run that begins here.
fn run(bytes: &[u8], from: usize) -> Vec<usize> {
    let mut places = vec![from];
    let mut at = from + 1;
    while let Some(byte) = bytes.get(at) {
        let next_is_digit = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        if byte.is_ascii_digit() {
            places.push(at);
        } else if !(matches!(byte, b' ' | b'-') && next_is_digit) {
            break;
        }
        at += 1;
    }
    places
}

fn is_card_number(digits: &[u8]) -> bool {
    let length = digits.len();
    if !(DIGITS_MIN..=DIGITS_MAX).contains(&length) {
        return false;
    }
    let begins =
        |count: usize| digits[..count].iter().fold(0u32, |sum, d| sum * 10 + u32::from(*d));
    let network = match (begins(1), begins(2), begins(4)) {
        (4, _, _) => matches!(length, 13 | 16 | 19),
        (_, 51..=55, _) | (_, _, 2221..=2720) => length == 16,
        (_, 34 | 37, _) => length == 15,
        (_, 36 | 38 | 39, _) => (14..=19).contains(&length),
        (_, 65, _) | (_, _, 6011) | (_, 35 | 62, _) => (16..=19).contains(&length),
        _ => false,
    };
    network && check_digit_holds(digits)
}

/// ISO/IEC 7812: the sum with every second digit doubled ends in zero.
fn check_digit_holds(digits: &[u8]) -> bool {
    let doubled = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| u32::from(if index % 2 == 1 { doubled(*digit) } else { *digit }))
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_of_every_network_are_masked() {
        for (text, expected) in [
            ("4111111111111111", "************1111"),
            ("paid by 5555-5555-5555-4444 today", "paid by ****-****-****-4444 today"),
            ("378282246310005", "***********0005"),
            ("6011 1111 1111 1117", "**** **** **** 1117"),
            ("2223003122003222", "************3222"),
            ("4222222222222", "*********2222"),
            ("a4111111111111111b", "a************1111b"),
        ] {
            assert_eq!(masked(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_numbers_stay_as_they_are() {
        for text in [
            "",
            "4111111111111112",
            "411111111111111",
            "41111111111111111111",
            "9111111111111111",
            "1234567893",
            "4111 x111 1111 1111",
            "MEMBER-0042",
        ] {
            assert_eq!(masked(text), None, "{text}");
        }
    }
}
