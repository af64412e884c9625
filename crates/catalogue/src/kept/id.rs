use rand::Rng;

/// Letters and digits of base32 (RFC 4648) in lower case: none needs escaping in an address.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A new id that nobody can guess: 128 random bits as 26 letters and digits.
pub fn new_id() -> String {
    let mut bits: u128 = rand::rng().random();
    (0..26)
        .map(|_| {
            let letter = ALPHABET[(bits & 31) as usize];
            bits >>= 5;
            char::from(letter)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_differ_and_stand_in_addresses() {
        let ids: HashSet<String> = (0..1000).map(|_| new_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 26 && id.bytes().all(|b| ALPHABET.contains(&b))));
    }
}
