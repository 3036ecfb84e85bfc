//! What the hash is made of, and how chains begin and go on.

use crate::audit::UnreadableRecord;
use crate::testing::requested;

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_242_200 + seconds, 0).unwrap()
}

/// Other programs may verify the chain: these are the bytes, hashed by `sha256sum`.
#[test]
fn hash_is_that_of_the_documented_bytes() {
    let previous = Hash::from_bytes([7; 32]);
    let hash = Link::hash_of(3, 258, previous, r#"{"a":"ä"}"#);
    assert_eq!(
        hash.to_string(),
        "165cd3b64351f2358e3395787b1a7f384602c26311d1bad190344f813cbdc904"
    );
    assert_eq!(format!("{hash:?}"), hash.to_string());
}

#[test]
fn each_entry_is_bound_to_the_one_before() {
    let mut chain = Chain::new(4, None);
    assert_eq!(chain.head(), None);
    let first = chain.append(requested("a"), at(0));
    let second = chain.append(requested("b"), at(1));
    assert_eq!((first.link().term, first.link().sequence), (4, 1));
    assert_eq!(first.link().previous, Hash::ZERO);
    assert_eq!((second.link().term, second.link().sequence), (4, 2));
    assert_eq!(second.link().previous, first.link().hash);
    assert!(first.link().fits(first.body()) && second.link().fits(second.body()));
    assert!(!first.link().fits(second.body()));
    assert_eq!(chain.head(), Some(second.link().head()));
    assert_eq!(second.entry().timestamp, at(1));
}

/// A restart in the same term goes on; a new term is founded on the newest entry of the old one.
#[test]
fn chain_goes_on_after_what_is_stored() {
    let mut chain = Chain::new(4, None);
    let first = chain.append(requested("a"), at(0));
    for term in [4, 5] {
        let mut next = Chain::new(term, Some(first.link().head()));
        assert_eq!(next.term(), term);
        let second = next.append(requested("b"), at(1));
        assert_eq!((second.link().term, second.link().sequence), (term, 2));
        assert_eq!(second.link().previous, first.link().hash);
    }
}

#[test]
fn each_part_of_the_place_changes_the_hash() {
    let one = Hash::from_bytes([1; 32]);
    let hashes = [
        Link::hash_of(1, 2, one, "x"),
        Link::hash_of(2, 2, one, "x"),
        Link::hash_of(1, 1, one, "x"),
        Link::hash_of(1, 2, Hash::ZERO, "x"),
        Link::hash_of(1, 2, one, "y"),
    ];
    let different: std::collections::BTreeSet<Hash> = hashes.into_iter().collect();
    assert_eq!(different.len(), hashes.len());
}

#[test]
fn record_survives_a_line_of_json() {
    let record = Chain::new(1, None).append(requested("a \"quoted\"\nname"), at(0));
    let line = record.stored().to_line();
    assert!(!line.contains('\n'), "{line}");
    let stored = Stored::from_line(&line).unwrap();
    assert_eq!(&stored, record.stored());
    assert!(stored.link.fits(&stored.body));
    assert_eq!(Record::read(stored).unwrap(), record);
}

/// The text counts, not what it means: an entry of a newer version keeps its hash.
#[test]
fn body_is_kept_as_it_is_stored() {
    let body = r#"{ "mood" : "good" }"#.to_owned();
    let hash = Link::hash_of(1, 1, Hash::ZERO, &body);
    let link = Link {
        term: 1,
        sequence: 1,
        previous: Hash::ZERO,
        hash,
    };
    let stored = Stored::from_line(&Stored { link, body }.to_line()).unwrap();
    assert!(stored.link.fits(&stored.body));
    let error = Record::read(stored).unwrap_err();
    assert!(matches!(
        error,
        UnreadableRecord::Entry {
            term: 1,
            sequence: 1,
            ..
        }
    ));
}

#[test]
fn torn_line_is_told_from_an_entry_that_cannot_be_read() {
    let record = Chain::new(1, None).append(requested("a"), at(0));
    let line = record.stored().to_line();
    for end in [0, 1, line.len() / 2, line.len() - 1] {
        let error = Stored::from_line(&line[..end]).unwrap_err();
        assert!(matches!(error, UnreadableRecord::Line(_)), "{end}");
    }
}

#[test]
fn hash_is_read_only_from_64_digits() {
    let hash = Hash::from_bytes([0xab; 32]);
    assert_eq!(hash.to_string().parse(), Ok(hash));
    let long = "0".repeat(65);
    let wrong = "g".repeat(64);
    for (text, length) in [("", 0), ("ab", 2), (long.as_str(), 65), (wrong.as_str(), 64)] {
        assert_eq!(text.parse::<Hash>(), Err(InvalidHash { length }));
    }
}
