//! The rules one by one, each with a picture and an example that runs (feature `testing`).
//!
//! ```text
//!        records (R0)                  provider id, address, hostname (R3, R5)
//!  claim ────────────▶ machine  ◀───────────────────────────────────────────────▶  Node
//!    │                    ▲                                                           ▲
//!    │  hostname (R3), hostname pattern (R4)                                          │
//!    ├────────────────────┤                                                           │
//!    │  nothing but the count of what is new (R7)                                     │
//!    ├────────────────────┘                                                           │
//!    │  recorded name, provider id, address, hostname, claim label, hostname pattern  │
//!    └────────────────────────────────────────────────────────────────────────────────┘
//!
//!  One machine and one Node for one claim (R1), only what is eligible (R2), the newest of equals (R6),
//!  the same answer in any order (R8), in little more than linear time (R9).
//! ```
//!
//! In the pictures `══▶` is a record, `──▶` a link that decides, and `╌╌x` one that does not. In the examples `told`
//! says of each claim `name: verdict machine + Node by evidence`.
//!
//! # R0 Facts first
//! What is recorded beats every name, and records that contradict each other are a conflict.
//! ```text
//!       recorded id                              recorded id
//!  web ═════════════▶ machine 1              a ═════════════╗
//!   ╎                                                       ╠═▶ machine 1     both in conflict
//!   ╎   same name                            b ═════════════╝
//!   └╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌x machine 2 "web"            recorded id
//! ```
//! ```
//! use node_match::testing::{claim, machine, snapshot};
//!
//! let world = snapshot(5).claims([claim("web").with_id(1)]).machines([machine(1), machine(2).named("web")]);
//! assert_eq!(world.told(), ["web: matched 1 by recorded-id"]);
//! let twice = snapshot(5).claims([claim("a").with_id(1), claim("b").with_id(1)]).machines([machine(1)]);
//! assert_eq!(twice.told(), ["a: conflict machine-recorded-twice", "b: conflict machine-recorded-twice"]);
//! ```
//!
//! # R1 Injective
//! Nobody is given what another has, and a claim that asked for nothing is given nothing.
//! ```text
//!  old  ═══════════▶ machine 1 "web"          has it already
//!  web  ╌╌╌╌╌╌╌╌╌╌╌x machine 1 "web"          waits: one machine, one claim
//!  idle              asked for nothing and is given nothing
//! ```
//! ```
//! use node_match::testing::{claim, machine, snapshot};
//!
//! let world = snapshot(5)
//!     .claims([claim("old").with_id(1), claim("web"), claim("idle").not_requested()])
//!     .machines([machine(1).named("web")]);
//! assert_eq!(
//!     world.told(),
//!     ["idle: not-participating nothing-requested", "old: matched 1 by recorded-id", "web: waiting claimed-by-another"]
//! );
//! ```
//!
//! # R2 Eligible
//! What is of another group, of the control plane or was there before is not handed out, whatever its name.
//! ```text
//!  every report ─▶ one machine  ─▶ cluster, group, size ─▶ no control   ─▶ new since ─▶ runs ─▶ may be
//!                  of several      of the claim            plane           the request          handed out
//!                  (R2a)                                   (R2c)           (R2b)
//!
//!  web ╌╌╌x machine 1 "web-1"          was there before
//!      ╌╌╌x machine 2 "web-2"          of group 7
//!      ╌╌╌x machine 3 "web-master-3"   of the control plane
//! ```
//! ```
//! use node_match::testing::{baseline, claim, machine, snapshot};
//!
//! let world = snapshot(5).claims([claim("web").since(&baseline(&["1"]))]).machines([
//!     machine(1).named("web-1"),
//!     machine(2).named("web-2").in_group(7),
//!     machine(3).named("web-master-3"),
//! ]);
//! assert_eq!(world.told(), ["web: waiting candidates-not-eligible"]);
//! ```
//! Two reports of one machine are one (R2a), so nothing is left over here. While VPSie works on the cluster, what is
//! new may be its own doing (R2c).
//! ```
//! use node_match::ClusterShape;
//! use node_match::testing::{baseline, claim, machine, snapshot};
//!
//! let mut in_another_list = machine(2);
//! in_another_list.list = 1;
//! let world = snapshot(5)
//!     .claims([claim("web").since(&baseline(&["1"]))])
//!     .machines([machine(1), machine(2), in_another_list]);
//! assert_eq!(world.told(), ["web: matched 2 by anonymous"]);
//! let locked = ClusterShape { locked: Some(true), ..ClusterShape::default() };
//! assert_eq!(world.shape(locked).told(), ["web: ambiguous cluster-changing"]);
//! ```
//!
//! # R3 Evidence
//! A stronger kind wins over the whole set: the claim whose very name the machine bears has it.
//! ```text
//!  strongest                                                                            weakest
//!  record ─ provider id ─ address ─ hostname ─ claim label ─ hostname pattern ─ nothing but the count
//!
//!  web-k8s ─────────────▶ machine 1 "web-k8s" ─────────────▶ Node "worker"
//!           hostname        ╎                    address
//!  web      ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌x┘
//!           hostname pattern
//! ```
//! ```
//! use node_match::testing::{claim, machine, node, snapshot};
//!
//! let world = snapshot(5)
//!     .claims([claim("web"), claim("web-k8s")])
//!     .machines([machine(1).named("web-k8s").addressed(&["10.0.0.4"])])
//!     .nodes([node("worker").addressed(&["10.0.0.4"])]);
//! assert_eq!(world.told()[1], "web-k8s: matched 1 + worker by hostname, address");
//! ```
//!
//! # R4 Hostname pattern
//! The name, then its end or a separator; the longest name wins. `web-10` is a machine of `web`, not of `web-1`.
//! ```text
//!  web-1-k8s                                   web-10
//!  └───┘ web-1, then a separator: it is that   └───┘ web-1, then a digit: no match
//!  └─┘   web, then a separator, but shorter    └─┘   web, then a separator: it is that
//! ```
//! ```
//! use node_match::testing::{claim, machine, snapshot};
//!
//! let world = snapshot(5)
//!     .claims([claim("web"), claim("web-1")])
//!     .machines([machine(1).named("web-1-k8s"), machine(2).named("web-10")]);
//! assert_eq!(
//!     world.told(),
//!     ["web: matched 2 by hostname-pattern", "web-1: matched 1 by hostname-pattern"]
//! );
//! ```
//!
//! # R5 Addresses
//! They are compared as addresses, and one that two machines carry proves nothing.
//! ```text
//!  machine 1 ── 10.0.0.4 ─────── ::ffff:10.0.0.4 ── Node "worker"      one address, two spellings
//!
//!  machine 1 ╌╌ 10.0.0.4    ╌╌╌╮
//!                              x╌╌╌ ::ffff:10.0.0.4 ╌╌ Node "worker"   whose? it proves nothing
//!  machine 2 ╌╌ 10.0.0.4/24 ╌╌╌╯
//! ```
//! ```
//! use node_match::testing::{claim, machine, node, snapshot};
//!
//! let one = snapshot(5)
//!     .claims([claim("web").with_id(1)])
//!     .machines([machine(1).addressed(&["10.0.0.4"])])
//!     .nodes([node("worker").addressed(&["::ffff:10.0.0.4"])]);
//! assert_eq!(one.told(), ["web: matched 1 + worker by recorded-id, address"]);
//! let two = one.machines([machine(2).addressed(&["10.0.0.4/24"])]);
//! assert_eq!(two.told(), ["web: matched 1 by recorded-id"]);
//! ```
//!
//! # R6 Several candidates
//! Of equals the newest.
//! ```text
//!        hostname pattern
//!  web ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌x machine 1 "web-a"  created at 1
//!      ─────────────────▶ machine 2 "web-b"  created at 2     the newest; of one age the smallest id
//! ```
//! ```
//! use node_match::testing::{claim, machine, snapshot};
//!
//! let world = snapshot(9)
//!     .claims([claim("web")])
//!     .machines([machine(1).named("web-a").created(1), machine(2).named("web-b").created(2)]);
//! assert_eq!(world.told(), ["web: matched 2 by hostname-pattern"]);
//! ```
//!
//! # R7 Anonymous
//! As many new machines as claims: each gets one. One too many: nobody can tell.
//! ```text
//!  machine 1 was there before
//!
//!  a (first request) ─────▶ machine 2 (oldest)           a ╌╌╌╮   ╭╌╌╌ machine 2
//!                                                             ├ x ┼╌╌╌ machine 3
//!  b                 ─────▶ machine 3                    b ╌╌╌╯   ╰╌╌╌ machine 4: one too many
//!
//!  as many as claims: interchangeable, each gets one     two claims, three machines: ambiguous
//! ```
//! ```
//! use node_match::testing::{baseline, claim, machine, snapshot};
//!
//! let before = baseline(&["1"]);
//! let world = snapshot(5)
//!     .claims([claim("a").since(&before), claim("b").since(&before)])
//!     .machines([machine(1), machine(2).created(1), machine(3).created(2)]);
//! assert_eq!(world.told(), ["a: matched 2 by anonymous", "b: matched 3 by anonymous"]);
//! let world = world.machines([machine(4)]);
//! assert_eq!(world.told(), ["a: ambiguous surplus-machines", "b: ambiguous surplus-machines"]);
//! ```
//! When the one too many turns up after the match was recorded, the match stays and is contested.
//! ```
//! use node_match::testing::{baseline, claim, machine, snapshot};
//!
//! let recorded = claim("a").since(&baseline(&["1"])).with_id(2).found_anonymously();
//! let world = snapshot(5).claims([recorded]).machines([machine(1), machine(2)]);
//! assert_eq!(world.told(), ["a: matched 2 by recorded-id"]);
//! assert_eq!(world.machines([machine(3)]).told(), ["a: matched 2 by recorded-id contested"]);
//! ```
//!
//! # R8 Order-free
//! Permuting any input changes nothing, and a record is never replaced by something else.
//! ```text
//!  claims a b, machines 1 2 ─╮
//!  claims b a, machines 2 1 ─┼─▶ a: machine 2, b: machine 1
//!  claims a b, machines 2 1 ─╯
//!
//!  a ═════▶ machine 2, not listed any more          a waits for it: nothing takes its place
//!    ╌╌╌╌╌x machine 3 "a-y"
//! ```
//! ```
//! use node_match::testing::{claim, machine, snapshot};
//!
//! let mut world = snapshot(5)
//!     .claims([claim("a"), claim("b")])
//!     .machines([machine(1).named("b-x"), machine(2).named("a-x")]);
//! let told = world.told();
//! world.claims.reverse();
//! world.machines.reverse();
//! assert_eq!(world.told(), told);
//! let recorded = snapshot(5).claims([claim("a").with_id(2)]).machines([machine(3).named("a-y")]);
//! assert_eq!(recorded.told(), ["a: waiting recorded-machine-not-listed"]);
//! ```
//!
//! # R9 Cost
//! A thousand claims of one batch are counted, not compared with a thousand machines one by one. Where the claims
//! have different pasts, 10,000 pairs of a batch and a kind of machines are told apart, and no more.
//! ```text
//!  1,000 claims      one baseline        1,000 machines
//!  ┌──────────┐                          ┌──────────┐
//!  │  batch   │──── 1,000 and 1,000 ─────│   kind   │     one pair, not a million
//!  └──────────┘                          └──────────┘
//! ```
//! ```
//! use node_match::testing::{baseline, claim, machine, snapshot};
//! use node_match::match_fleet;
//!
//! let before = baseline(&[]);
//! let world = snapshot(5)
//!     .claims((0..1000).map(|number| claim(&format!("pool-{number}")).since(&before)))
//!     .machines((1..=1000).map(machine));
//! assert!(match_fleet(&world).claims.iter().all(|answer| answer.verdict.matched().is_some()));
//! ```
//!
//! # Time-out
//! Evidence beats the clock.
//! ```
//! use node_match::testing::{claim, machine, snapshot};
//!
//! let late = snapshot(600).claims([claim("web")]);
//! assert_eq!(late.told(), ["web: timed-out discovery-timeout"]);
//! assert_eq!(late.machines([machine(1).named("web")]).told(), ["web: matched 1 by hostname"]);
//! ```
