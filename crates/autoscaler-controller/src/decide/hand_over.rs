//! After a change of the leader: what the last one left open stays untouched until its requests have ended.

use crate::intent::{Intent, Requested};
use crate::kept::Kept;
use crate::resources::keys;
use crate::world::World;

/// Where intents are kept, but for the request for a machine, which is read together with the status.
const INTENTS: [&str; 2] = [keys::ANNOTATION_REMOVAL_INTENT, keys::ANNOTATION_GROUP_INTENT];

/// Tells whether anything may be decided about an object now (`X-6`); `asked` is its request for a machine.
///
/// An open intent may be one whose request is still under way. Nothing is retried, given up or released because of
/// it, and nothing else is written on its object, so that its author can still write down what came of it. Whose
/// intent it is does not matter: one of our own that is left open waits just as well, and so does one that cannot be
/// read.
pub(super) fn may_touch<K: Kept>(world: &World<'_>, object: &K, asked: Option<&Requested>) -> bool {
    let may_be_open = |key: &&str| match Intent::read(object, key) {
        Ok(intent) => intent.is_some_and(|intent| intent.is_open()),
        Err(_) => true,
    };
    let may_be_asking = asked.is_some_and(Requested::may_be_open);
    !world.is_hand_over || !(may_be_asking || INTENTS.iter().any(may_be_open))
}

#[cfg(test)]
mod tests {
    use crate::intent::{Intent, Outcome, say_accepted};
    use crate::resources::{Phase, keys};
    use crate::testing::{TestWorld, at, claim, group, intent, timed_out, world};

    fn settled_or_open(outcome: Outcome) -> [TestWorld; 4] {
        let intent = Intent {
            term: Some(3),
            ..intent(outcome, -2000)
        };
        let late = || claim("web-1").in_phase(Phase::Provisioning).asked(&intent);
        let failed = world().group(group("web").min(1)).claim(late());
        let released = world().claim(late().deleted()).proven_without_candidate("web-1");
        let removed = claim("web-1").machine("m1").deleted().removal(&intent);
        let made = group("web").min(1).without_number().but(|group| {
            let annotations = group.metadata.annotations.get_or_insert_default();
            annotations.insert(keys::ANNOTATION_GROUP_INTENT.to_owned(), intent.to_annotation());
        });
        [
            failed.verdict("web-1", timed_out()).polled(&[]),
            released.polled(&[]),
            world().claim(removed).polled(&["m1"]),
            world().group(made).polled(&[]),
        ]
    }

    fn decided(mut world: TestWorld, is_hand_over: bool) -> Vec<String> {
        world.is_hand_over = is_hand_over;
        let batches = world.decide().into_iter().map(|batch| batch.subject);
        let is_group = |subject: &String| subject == "NodeGroup kube-system/web";
        batches
            .filter(|subject| is_group(subject) == world.claims.is_empty())
            .collect()
    }

    /// no retry, no failure and no release because of an open intent while its request may be under way.
    #[test]
    fn open_intent_is_untouched_until_the_requests_of_the_last_leader_have_ended() {
        for world in settled_or_open(Outcome::Open) {
            assert_eq!(decided(world, true), Vec::<String>::new());
        }
        for world in settled_or_open(Outcome::Open) {
            assert_eq!(decided(world, false).len(), 1);
        }
        // What VPSie took is settled by the status alone.
        let taken = claim("web-1").in_phase(Phase::Provisioning);
        let taken = taken
            .asked(&intent(Outcome::Open, -2000))
            .status(|status| say_accepted(status, at(-1999)));
        let world = world().group(group("web").min(1)).claim(taken);
        assert_eq!(
            decided(world.verdict("web-1", timed_out()).polled(&[]), true).len(),
            1
        );
        for world in settled_or_open(Outcome::Accepted) {
            assert_eq!(
                decided(world, true).len(),
                1,
                "a settled one is decided on at once"
            );
        }
    }
}
