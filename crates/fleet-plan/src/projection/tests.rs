//! Projections, one line of LC-40 after the other.

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::testing::resources;

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn member(standing: Standing, cpu_m: i64, requested_m: i64) -> Member {
    Member {
        standing,
        room: resources(cpu_m, cpu_m << 20),
        requests: resources(requested_m, requested_m << 20),
    }
}

fn coming(minutes: Option<i64>) -> Standing {
    Standing::Coming {
        expected_at: minutes.map(at),
    }
}

/// LC-40: each node counts in one share, and the time is that of the last that is expected.
#[test]
fn nodes_count_in_one_share() {
    let members = [
        member(Standing::Serving, 4000, 1000),
        member(coming(Some(5)), 2000, 0),
        member(coming(Some(3)), 2000, 0),
        member(coming(None), 1000, 0),
        member(Standing::Excluded, 8000, 500),
    ];
    let projection = Projection::of(&members);
    let shares = [&projection.current, &projection.incoming, &projection.excluded];
    assert_eq!(
        shares.map(|one| (one.nodes, one.room.cpu_m)),
        [(1, 4000), (3, 5000), (1, 8000)]
    );
    assert_eq!(projection.complete_at, Some(at(5)));
}

/// LC-40: use is what is bound and what waits, over what serves and what comes.
#[test]
fn use_is_demand_over_current_and_incoming() {
    let members = [
        member(Standing::Serving, 4000, 1000),
        member(coming(None), 6000, 0),
        member(Standing::Excluded, 50_000, 1000),
    ];
    let projection = Projection::of(&members);
    assert_eq!(projection.cpu().percent(), Some(20));
    let projection = projection.with_unschedulable(&resources(3000, 0), 2);
    assert_eq!(projection.demand.unschedulable_pods, 2);
    assert_eq!(
        (projection.cpu().percent(), projection.memory().percent()),
        (Some(80), Some(20))
    );
}

/// LC-43: a threshold is passed by what is above it, and not by what is equal.
#[test]
fn threshold_itself_is_not_passed() {
    let projection = Projection::of(&[member(Standing::Serving, 1000, 850)]);
    let cpu = projection.cpu();
    assert!(cpu.is_above(84) && !cpu.is_above(85));
    assert!(cpu.is_below(86) && !cpu.is_below(85));
}

/// LC-40: where there is nothing, nothing is unused, and whatever is asked is too much.
#[test]
fn nothing_there_is_never_below_a_threshold() {
    let empty = Projection::default();
    assert_eq!(empty.cpu().percent(), None);
    assert!(!empty.cpu().is_above(0) && !empty.cpu().is_below(100));
    let asked = empty.with_unschedulable(&resources(1, 0), 1);
    assert!(asked.cpu().is_above(u32::MAX) && !asked.cpu().is_below(100));
}

fn any_member() -> impl Strategy<Value = Member> {
    let standing = select(vec![
        Standing::Serving,
        Standing::Excluded,
        coming(None),
        coming(Some(1)),
        coming(Some(9)),
    ]);
    (standing, 0..9000_i64, 0..9000_i64).prop_map(|(standing, has, asked)| member(standing, has, asked))
}

proptest! {
    /// LC-40: the fleet is the sum of its groups, however they are cut and in whatever order.
    #[test]
    fn fleet_is_the_sum_of_its_groups(
        members in proptest::collection::vec(any_member(), 0..9), cut in 0..9_usize, pods in 0..4_u32,
    ) {
        let cut = cut.min(members.len());
        let (one, other) = members.split_at(cut);
        let waits = resources(300, 700);
        let other = Projection::of(other).with_unschedulable(&waits, pods);
        let whole = Projection::of(members.iter().rev()).with_unschedulable(&waits, pods);
        prop_assert_eq!(Projection::of(one).and(&other), whole);
    }

    /// LC-40: a node more that serves or comes never raises the use, and one that is excluded never lowers it.
    #[test]
    fn more_room_is_never_more_use(members in proptest::collection::vec(any_member(), 0..9), more in any_member()) {
        let before = Projection::of(&members).cpu();
        let with = |standing| {
            let more = Member { standing, requests: resources(0, 0), ..more.clone() };
            Projection::of(members.iter().chain([&more])).cpu()
        };
        for percent in [0, 30, 85, 100, 250] {
            prop_assert!(before.is_above(percent) || !with(coming(None)).is_above(percent));
            prop_assert!(before.is_above(percent) || !with(Standing::Serving).is_above(percent));
            prop_assert_eq!(with(Standing::Excluded).is_above(percent), before.is_above(percent));
        }
    }
}
