//! What a verification finds, and what it cannot.

use chrono::DateTime;

use crate::audit::{Action, Author, Chain, Draft, Link, Outcome};

use super::*;

/// Makes stored entries: so many of term 1, and so many of terms founded on the ones before.
fn stored(terms: &[(u64, usize)]) -> Vec<Stored> {
    let mut all = Vec::new();
    let mut newest = None;
    for (term, count) in terms {
        let mut chain = Chain::new(*term, newest);
        for number in 0..*count {
            let draft = Draft::new(
                Action::NodeProvision,
                Outcome::Success,
                Author::MinNodes,
                "requested",
            );
            let record = chain.append(draft.node(format!("n{number}")), DateTime::UNIX_EPOCH);
            all.push(record.stored().clone());
        }
        newest = chain.head();
    }
    all
}

fn verified(stored: &[Stored], anchors: &[Anchor], head: Option<Hash>) -> Verified {
    let mut verifier = Verifier::new(anchors.iter().copied(), head);
    stored.iter().for_each(|stored| verifier.check(stored));
    verifier.finish()
}

#[track_caller]
fn check(stored: &[Stored], anchors: &[Anchor], expected: &[Finding]) {
    let verified = verified(stored, anchors, None);
    assert_eq!(verified.findings, expected);
    assert_eq!(verified.is_sound(), expected.is_empty());
    assert_eq!(verified.finding_count, expected.len() as u64);
}

fn anchor(of: &Stored, pruned: u64) -> Anchor {
    Anchor {
        head: of.link.head(),
        pruned,
    }
}

/// Binds an entry anew, as somebody would who altered it and knows how hashes are made.
fn rebound(stored: &Stored, body: &str) -> Stored {
    let Link {
        term,
        sequence,
        previous,
        ..
    } = stored.link;
    let hash = Link::hash_of(term, sequence, previous, body);
    Stored {
        link: Link { hash, ..stored.link },
        body: body.to_owned(),
    }
}

#[test]
fn untouched_chains_are_sound() {
    check(&[], &[], &[]);
    let all = stored(&[(1, 3), (4, 2), (7, 1)]);
    check(&all, &[], &[]);
    let verified = verified(&all, &[], None);
    assert_eq!(verified.entries, 6);
    assert_eq!(
        verified.heads,
        [all[2].link.head(), all[4].link.head(), all[5].link.head()]
    );
}

/// A leader that could not read the store begins anew; one that was deposed may write on for a moment.
#[test]
fn terms_may_begin_anew_or_overlap() {
    let mut all = stored(&[(1, 2)]);
    all.extend(stored(&[(2, 2)]));
    check(&all, &[], &[]);

    let mut chain = Chain::new(3, Some(all[2].link.head()));
    let draft = Draft::new(Action::ScaleUp, Outcome::Success, Author::MinNodes, "requested");
    all.push(chain.append(draft, DateTime::UNIX_EPOCH).stored().clone());
    check(&all, &[], &[]);
}

#[test]
fn altered_entry_is_found() {
    for place in 0..5 {
        let mut all = stored(&[(1, 3), (2, 2)]);
        all[place].body = all[place].body.replace("requested", "stolen");
        let Link { term, sequence, .. } = all[place].link;
        check(&all, &[], &[Finding::Altered { term, sequence }]);
    }
    let mut all = stored(&[(1, 2)]);
    all[0].link.previous = Hash::from_bytes([1; 32]);
    let expected = [
        Finding::BeginningMissing { term: 1, sequence: 1 },
        Finding::Altered { term: 1, sequence: 1 },
    ];
    check(&all, &[], &expected);
}

/// An entry that was altered together with its hash no longer bears the next one.
#[test]
fn replaced_entry_is_found() {
    let mut all = stored(&[(1, 3), (2, 2)]);
    all[1] = rebound(&all[1], "{}");
    check(&all, &[], &[Finding::Unbound { term: 1, sequence: 3 }]);
    let mut all = stored(&[(1, 3), (2, 2)]);
    all[2] = rebound(&all[2], "{}");
    check(&all, &[], &[Finding::BeginningMissing { term: 2, sequence: 4 }]);
}

#[test]
fn removed_entries_are_found() {
    let without = |places: std::ops::Range<usize>, expected: &[Finding]| {
        let mut all = stored(&[(1, 4), (2, 3), (3, 1)]);
        all.drain(places);
        check(&all, &[], expected);
    };
    without(0..1, &[Finding::BeginningMissing { term: 1, sequence: 2 }]);
    without(
        1..2,
        &[Finding::Missing {
            term: 1,
            from: 2,
            to: 2,
        }],
    );
    without(
        1..3,
        &[Finding::Missing {
            term: 1,
            from: 2,
            to: 3,
        }],
    );
    // The last of a term bears the next term.
    without(3..4, &[Finding::BeginningMissing { term: 2, sequence: 5 }]);
    without(4..5, &[Finding::BeginningMissing { term: 2, sequence: 6 }]);
    // A whole term.
    without(4..7, &[Finding::BeginningMissing { term: 3, sequence: 8 }]);
    without(0..4, &[Finding::BeginningMissing { term: 2, sequence: 5 }]);
}

/// The newest can be cut off unseen, unless somebody noted a hash.
#[test]
fn removal_of_the_newest_is_found_with_a_head_only() {
    let all = stored(&[(1, 3), (2, 2)]);
    let head = all[4].link.hash;
    for kept in [4, 3, 2] {
        let verified = verified(&all[..kept], &[], Some(head));
        assert_eq!(verified.findings, [Finding::HeadMissing { hash: head }]);
        check(&all[..kept], &[], &[]);
    }
    assert!(verified(&all, &[], Some(head)).is_sound());
    // A hash that was noted earlier is as good for what came before it.
    assert!(verified(&all, &[], Some(all[1].link.hash)).is_sound());
    // An entry that only claims to have the hash does not count.
    let mut forged = all.clone();
    forged[4].body = "{}".to_owned();
    let expected = [
        Finding::Altered { term: 2, sequence: 5 },
        Finding::HeadMissing { hash: head },
    ];
    assert_eq!(verified(&forged, &[], Some(head)).findings, expected);
}

#[test]
fn anchor_explains_what_was_pruned() {
    let all = stored(&[(1, 3), (2, 3)]);
    check(&all[2..], &[anchor(&all[1], 2)], &[]);
    check(&all[3..], &[anchor(&all[2], 3)], &[]);
    // Both terms were pruned, the older one wholly.
    let anchors = [anchor(&all[2], 3), anchor(&all[3], 1)];
    check(&all[4..], &anchors, &[]);
    // The anchor of an earlier pruning counts for nothing beside a later one.
    check(&all[2..], &[anchor(&all[1], 2), anchor(&all[0], 1)], &[]);
    check(&all[2..], &[anchor(&all[0], 1), anchor(&all[1], 2)], &[]);
    // The anchor is written before anything is removed.
    check(&all, &[anchor(&all[1], 2)], &[]);
    assert!(verified(&all[3..], &[anchor(&all[2], 3)], Some(all[2].link.hash)).is_sound());
}

#[test]
fn anchor_explains_nothing_else() {
    let all = stored(&[(1, 3), (2, 3)]);
    check(
        &all[3..],
        &[anchor(&all[1], 2)],
        &[Finding::BeginningMissing { term: 2, sequence: 4 }],
    );
    check(
        &all[2..3],
        &[anchor(&all[0], 1)],
        &[Finding::Missing {
            term: 1,
            from: 2,
            to: 2,
        }],
    );
    let mut wrong = anchor(&all[1], 2);
    wrong.head.hash = Hash::from_bytes([9; 32]);
    check(&all[2..3], &[wrong], &[Finding::Unbound { term: 1, sequence: 3 }]);
    let mut wrong = anchor(&all[2], 3);
    wrong.head.hash = Hash::from_bytes([9; 32]);
    check(
        &all[3..],
        &[wrong],
        &[Finding::BeginningMissing { term: 2, sequence: 4 }],
    );
    // Of a later term.
    let mut later = anchor(&all[2], 3);
    later.head.term = 9;
    check(
        &all[3..],
        &[later],
        &[Finding::BeginningMissing { term: 2, sequence: 4 }],
    );
}

#[test]
fn copies_and_disorder_are_found() {
    let all = stored(&[(1, 3)]);
    let twice = [all[0].clone(), all[1].clone(), all[1].clone(), all[2].clone()];
    check(&twice, &[], &[Finding::OutOfOrder { term: 1, sequence: 2 }]);
    let mut chain = stored(&[(2, 1)]);
    chain.extend(all.clone());
    check(&chain[..2], &[], &[Finding::OutOfOrder { term: 1, sequence: 1 }]);
}

/// Numbers at the ends of their range are data like any other.
#[test]
fn hostile_numbers_are_survived() {
    let mut zero = stored(&[(1, 1)]);
    zero[0].link.sequence = 0;
    let mut first = zero[0].clone();
    first.link.sequence = u64::MAX;
    zero.push(first.clone());
    first.link.term = u64::MAX;
    zero.push(first);
    let verified = verified(&zero, &[], None);
    assert_eq!(verified.entries, 3);
    assert!(!verified.is_sound());
}

/// A ruined store is not listed line by line.
#[test]
fn findings_are_listed_up_to_a_limit() {
    let mut all = stored(&[(1, 1200)]);
    all.iter_mut().for_each(|stored| stored.body = "{}".to_owned());
    let verified = verified(&all, &[], None);
    assert_eq!((verified.findings.len(), verified.finding_count), (1000, 1200));
}

#[test]
fn findings_are_sentences() {
    let hash = Hash::ZERO;
    let (term, sequence) = (2, 3);
    let said = [
        (
            Finding::Altered { term, sequence },
            "entry 3 of term 2 was altered",
        ),
        (
            Finding::Unbound { term, sequence },
            "entry 3 of term 2 followed another one than the one before it",
        ),
        (
            Finding::Missing { term, from: 3, to: 5 },
            "entries 3 to 5 of term 2 are gone",
        ),
        (
            Finding::BeginningMissing { term, sequence },
            "what came before entry 3 of term 2 is gone, and no anchor says why",
        ),
        (
            Finding::OutOfOrder { term, sequence },
            "entry 3 of term 2 is there twice or in the wrong place",
        ),
    ];
    for (finding, expected) in said {
        assert_eq!(finding.to_string(), expected);
    }
    assert!(
        Finding::HeadMissing { hash }
            .to_string()
            .contains(&hash.to_string())
    );
}

/// What may be done to one stored entry.
#[derive(Clone, Copy, Debug)]
enum Tampering {
    Removed,
    BodyAltered,
    Rebound,
    HashAltered,
    TermAltered,
    Repeated,
}

const TAMPERINGS: &[Tampering] = &[
    Tampering::Removed,
    Tampering::BodyAltered,
    Tampering::Rebound,
    Tampering::HashAltered,
    Tampering::TermAltered,
    Tampering::Repeated,
];

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(300))]

    /// Whatever is done to one entry is found, unless it is the newest of all that is cut off.
    #[test]
    fn any_single_change_is_found(lengths in proptest::collection::vec(1_usize..6, 1..4), place in 0_usize..100, how in proptest::sample::select(TAMPERINGS)) {
        let terms: Vec<(u64, usize)> = (1..).zip(lengths).collect();
        let mut all = stored(&terms);
        let place = place % all.len();
        let is_last = place + 1 == all.len();
        match how {
            Tampering::Removed => drop(all.remove(place)),
            Tampering::BodyAltered => all[place].body.push(' '),
            Tampering::Rebound => all[place] = rebound(&all[place], "{}"),
            Tampering::HashAltered => all[place].link.hash = Hash::from_bytes([3; 32]),
            Tampering::TermAltered => all[place].link.term += 100,
            Tampering::Repeated => all.insert(place, all[place].clone()),
        }
        let is_unseen = is_last && matches!(how, Tampering::Removed | Tampering::Rebound);
        proptest::prop_assert_eq!(verified(&all, &[], None).is_sound(), is_unseen);
    }
}
