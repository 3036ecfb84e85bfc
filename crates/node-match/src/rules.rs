//! The rules one by one, each with an example that runs (feature `testing`).
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
//! In the examples `told` says of each claim `name: verdict machine + Node by evidence`.
//!
//! # R0 Facts first
//! What is recorded beats every name, and records that contradict each other are a conflict.
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
//!
//! # R3 Evidence
//! A stronger kind wins over the whole set: the claim whose very name the machine bears has it.
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
//! The name, then its end or a separator; the longest name wins.
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
//!
//! # R8 Order-free
//! Permuting any input changes nothing.
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
//! ```
//!
//! # R9 Cost
//! A thousand claims of one batch are counted, not compared with a thousand machines one by one.
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
