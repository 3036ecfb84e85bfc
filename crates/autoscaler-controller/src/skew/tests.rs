//! One row for each case of the judgement, and what the comparison hears.

use super::*;
use crate::testing::at;
use std::ops::Not as _;

/// Every other clock of the table is known to two seconds; ours is ahead by at least so many.
fn ahead(seconds: i64) -> Offset {
    let ours = at(0);
    let other = ours - TimeDelta::seconds(seconds);
    Offset::of(ours, &(other - TimeDelta::seconds(2)..=other))
}

fn offsets(kubernetes: Option<Offset>, vpsie: Option<Offset>) -> Offsets {
    let kubernetes = kubernetes.map(|offset| (Source::Kubernetes, offset));
    let vpsie = vpsie.map(|offset| (Source::Vpsie, offset));
    kubernetes.into_iter().chain(vpsie).collect()
}

/// Bad input: who speaks, who agrees, and what follows.
#[test]
fn clock_is_believed_as_long_as_one_other_agrees() {
    let (right, far, back) = (ahead(0), ahead(3600), ahead(-3600));
    // Two seconds wide around the allowance of two minutes.
    let (edge, brink) = (ahead(119), ahead(-121));
    let table = [
        ("nobody speaks", None, None, None),
        ("one agrees", Some(right), None, None),
        ("the other one agrees", None, Some(right), None),
        ("both agree", Some(right), Some(right), None),
        ("one agrees, VPSie's is wrong", Some(right), Some(far), None),
        ("one agrees, Kubernetes' is wrong", Some(back), Some(right), None),
        ("one speaks: ahead", Some(far), None, Some(Skew::Ahead)),
        ("one speaks: behind", None, Some(back), Some(Skew::Behind)),
        ("both: ahead", Some(far), Some(far), Some(Skew::Ahead)),
        ("both: behind", Some(back), Some(back), Some(Skew::Behind)),
        (
            "ahead, by different times",
            Some(far),
            Some(ahead(900)),
            Some(Skew::Ahead),
        ),
        ("no two agree", Some(far), Some(back), Some(Skew::Disputed)),
        ("vague alone", Some(edge), None, None),
        ("vague both", Some(edge), Some(brink), None),
        ("vague does not vouch", Some(edge), Some(far), Some(Skew::Ahead)),
        ("just within", Some(ahead(118)), None, None),
        ("just beyond", Some(ahead(121)), None, Some(Skew::Ahead)),
        ("just within behind", Some(ahead(-120)), None, None),
        ("just beyond behind", Some(ahead(-123)), None, Some(Skew::Behind)),
    ];
    for (case, kubernetes, vpsie, expected) in table {
        let judged = judge(None, &offsets(kubernetes, vpsie), TimeDelta::minutes(2));
        assert_eq!(judged, expected, "{case}");
    }
}

/// A clock at the edge does not waver, and silence is no proof that it was set right.
#[test]
fn judgement_lasts_until_another_clock_tells() {
    let before = Some(Skew::Ahead);
    let table = [
        ("nobody speaks", None, None, before),
        ("vague", Some(ahead(119)), None, before),
        ("within", Some(ahead(118)), None, None),
        ("now behind", None, Some(ahead(-3600)), Some(Skew::Behind)),
    ];
    for (case, kubernetes, vpsie, expected) in table {
        let judged = judge(before, &offsets(kubernetes, vpsie), TimeDelta::minutes(2));
        assert_eq!(judged, expected, "{case}");
    }
}

#[test]
fn offset_is_told_as_the_least_that_is_sure() {
    let told = |seconds| {
        let offset = ahead(seconds);
        (offset.at_least().num_seconds(), offset.to_string())
    };
    assert_eq!(told(3600), (3600, "3600 s ahead of".to_owned()));
    assert_eq!(told(-3602), (-3600, "3600 s behind".to_owned()));
    for seconds in [-2, -1, 0] {
        assert_eq!(told(seconds), (0, "equal to".to_owned()));
    }
    let both = offsets(Some(ahead(-1)), Some(ahead(7)));
    assert_eq!(
        describe(&both),
        "the clock of this host is equal to that of Kubernetes and 7 s ahead of that of VPSie"
    );
    assert_eq!(describe(&Offsets::new()), "no other clock is heard");
}

/// The sentences of conditions are told apart, and say what to do.
#[test]
fn sentences_say_what_to_do() {
    let sentences = [Skew::Ahead, Skew::Behind, Skew::Disputed].map(Skew::sentence);
    for (place, sentence) in sentences.iter().enumerate() {
        assert!(sentence.contains("right; until then"), "{sentence}");
        assert!(sentences[..place].contains(sentence).not());
    }
}
