//! The election, step by step and in random stories.

use super::*;
use proptest::prelude::*;

const fn at(milliseconds: u64) -> Monotonic {
    Monotonic::at(Duration::from_millis(milliseconds))
}

fn stored(holder: Option<&str>, term: u32, version: &str) -> Record {
    Record {
        holder: holder.map(str::to_owned),
        term,
        duration: Duration::from_secs(15),
        version: version.to_owned(),
    }
}

/// A replica `a` that was told these answers, one second apart.
fn after(answers: &[Answer]) -> Election {
    let mut election = Election::new("a", Timing::default());
    for (answer, second) in answers.iter().zip(0..) {
        let now = at(second * 1000);
        election.step(now);
        election.hear(answer.clone(), now, now);
    }
    election
}

fn leading(term: u32) -> Election {
    let written = Answer::Written(stored(Some("a"), term, "2"));
    let election = after(&[Answer::Read(stored(None, term - 1, "1")), written]);
    assert_eq!(election.term(at(1000)).map(|term| term.number), Some(term));
    election
}

/// What a replica does with each Lease that it may find, at once and after a whole lease without a change.
#[test]
fn a_lease_is_taken_when_it_is_free_released_or_not_renewed() {
    let table = [
        (Answer::Absent, Some(1), Some(1)),
        (Answer::Read(stored(None, 4, "1")), Some(5), Some(5)),
        (Answer::Read(stored(Some("a"), 4, "1")), Some(5), Some(5)),
        (Answer::Read(stored(Some("b"), 4, "1")), None, Some(5)),
    ];
    for (answer, at_once, later) in table {
        for (seconds, expected) in [(0, at_once), (14, at_once), (15, later)] {
            let mut election = after(std::slice::from_ref(&answer));
            let now = at(seconds * 1000);
            if seconds > 0 {
                election.step(at(0));
                election.hear(answer.clone(), now, now);
            }
            let taken = match election.step(now) {
                Step::Create(record) | Step::Replace(record) => Some(record.term),
                Step::Wait(_) | Step::Read => None,
            };
            assert_eq!(taken, expected, "{answer:?} after {seconds} s");
        }
    }
}

/// A holder that renews is never replaced, whatever the times say that it writes.
#[test]
fn a_renewed_lease_is_never_taken() {
    let mut election = Election::new("a", Timing::default());
    for second in (0..600).step_by(3) {
        let now = at(second * 1000);
        election.hear(Answer::Read(stored(Some("b"), 4, &second.to_string())), now, now);
        assert!(matches!(election.step(now), Step::Wait(_)), "after {second} s");
    }
}

/// The holder's own, longer duration is respected, but no longer than ten minutes.
#[test]
fn a_longer_lease_of_the_holder_is_respected() {
    for (duration, seconds) in [(40, 40), (86_400, 600)] {
        let record = Record {
            duration: Duration::from_secs(duration),
            ..stored(Some("b"), 4, "1")
        };
        let asked_at = |second: u64| {
            let mut election = after(&[Answer::Read(record.clone())]);
            election.step(at(0));
            let now = at(second * 1000);
            election.hear(Answer::Read(record.clone()), now, now);
            election.step(now)
        };
        assert!(matches!(asked_at(seconds - 1), Step::Wait(_)));
        assert!(matches!(asked_at(seconds), Step::Replace(_)));
    }
}

/// A leader leads from the sending of its last renewal to the deadline, and needs nobody to stop.
#[test]
fn leadership_ends_at_the_renew_deadline_without_an_answer() {
    let mut election = leading(5);
    election.hear(Answer::Written(stored(Some("a"), 5, "3")), at(3000), at(5000));
    election.hear(Answer::Failed, at(7000), at(9000));
    assert!(election.term(at(12_999)).is_some());
    assert!(election.term(at(13_000)).is_none());
    assert_eq!(election.step(at(13_000)), Step::Read);
}

/// What a leader hears, and whether it still leads afterwards.
#[test]
fn a_leader_stops_as_soon_as_the_lease_may_be_another_s() {
    let table = [
        (Answer::Absent, false),
        (Answer::Conflict, false),
        (Answer::Read(stored(Some("b"), 6, "3")), false),
        (Answer::Read(stored(None, 5, "3")), false),
        (Answer::Read(stored(Some("a"), 6, "3")), false),
        (Answer::Read(stored(Some("a"), 5, "3")), true),
        (Answer::Written(stored(Some("a"), 5, "3")), true),
        (Answer::Failed, true),
    ];
    for (answer, leads) in table {
        let mut election = leading(5);
        election.hear(answer.clone(), at(3000), at(3000));
        assert_eq!(election.term(at(3000)).is_some(), leads, "{answer:?}");
    }
}

/// A renewal that is answered when its term is over begins no term: another may have led in between.
#[test]
fn a_renewal_that_comes_back_too_late_begins_nothing() {
    let mut election = leading(5);
    assert!(matches!(election.step(at(3000)), Step::Replace(_)));
    election.hear(Answer::Written(stored(Some("a"), 5, "3")), at(3000), at(11_500));
    assert_eq!(election.term(at(11_500)), None);
    let Step::Wait(wait) = election.step(at(11_500)) else {
        unreachable!("it waits for its next try")
    };
    let Step::Replace(record) = election.step(at(11_500) + wait) else {
        unreachable!("the Lease is its own")
    };
    assert_eq!(record.term, 6, "whoever comes back comes back with a new term");
}

/// A Lease that somebody deletes is made again with a term that nobody of those present has seen.
#[test]
fn a_deleted_lease_goes_on_counting_terms() {
    let mut election = leading(5);
    election.hear(Answer::Absent, at(3000), at(3000));
    assert!(matches!(election.step(at(3000)), Step::Create(record) if record.term == 6));
}

/// Release: only a leader lets go, of its own term, and leads no more before it is asked to.
#[test]
fn only_a_leader_releases() {
    let mut election = leading(5);
    let released = election.release(at(2000)).unwrap();
    assert_eq!(
        (released.holder, released.term, released.version.as_str()),
        (None, 5, "2")
    );
    assert_eq!(election.term(at(2000)), None);
    assert_eq!(leading(5).release(at(11_000)), None, "its term is over");
    assert_eq!(
        after(&[Answer::Read(stored(Some("b"), 5, "2"))]).release(at(1000)),
        None
    );
}

/// One event of a random story: what is answered, how long it took, and how long before it is asked.
fn event() -> impl Strategy<Value = (usize, u64, u64)> {
    (0..8_usize, 0..4000_u64, 0..9000_u64)
}

proptest! {
    /// In any story: nobody leads longer than the deadline after a write that succeeded, and nobody takes a Lease
    /// that another holds before a whole lease has passed without a change.
    #[test]
    fn leadership_always_rests_on_a_recent_write(story in prop::collection::vec(event(), 1..60)) {
        let timing = Timing::default();
        let mut election = Election::new("a", timing);
        let (mut now, mut last_write, mut seen) = (at(0), None, (String::new(), at(0)));
        let mut server = stored(Some("b"), 1, "0");
        for (count, (choice, took, pause)) in story.into_iter().enumerate() {
            now = now + Duration::from_millis(pause);
            let step = election.step(now);
            if let Step::Replace(record) = &step {
                let is_others = server.holder.as_deref() == Some("b") && record.version == server.version;
                let is_silent = seen.0 == server.version && now.since(seen.1) >= timing.lease;
                prop_assert!(!is_others || is_silent || election.term(now).is_some());
            }
            let sent = now;
            now = now + Duration::from_millis(took);
            let version = (count + 1).to_string();
            match choice {
                0 => server = stored(Some("b"), server.term + 1, &version),
                1 => server = stored(None, server.term, &version),
                _ => {}
            }
            let answer = match (step, choice) {
                (Step::Wait(_), _) => continue,
                (_, 7) => Answer::Failed,
                (Step::Read, _) => Answer::Read(server.clone()),
                (Step::Create(record) | Step::Replace(record), _) if record.version == server.version => {
                    server = Record { version, ..record };
                    last_write = Some(sent);
                    Answer::Written(server.clone())
                }
                (Step::Create(_) | Step::Replace(_), _) => Answer::Conflict,
            };
            if !matches!(answer, Answer::Failed | Answer::Conflict) && seen.0 != server.version {
                seen = (server.version.clone(), now);
            }
            election.hear(answer, sent, now);
            if election.term(now).is_some() {
                let since = last_write.map(|sent| now.since(sent));
                prop_assert!(since.is_some_and(|since| since < timing.renew_deadline));
            }
        }
    }
}
