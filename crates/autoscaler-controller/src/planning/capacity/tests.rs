//! What a new node has, learned and offered.

use fleet_plan::testing::resources;
use vpsie_api::SizeNumber;

use super::*;

fn offer() -> Offer {
    Offer {
        number: SizeNumber::new(57),
        name: Some("Advanced".to_owned()),
        cpu: Some(2),
        ram_mb: Some(4096),
        disk_gb: Some(80),
        price: vpsie_api::Price {
            monthly: Some(Decimal::from(24)),
            hourly: Some(Decimal::new(329, 4)),
        },
    }
}

/// SC-4: an offer is worth what it says less a reserve of at most 20 %, with 110 pods.
#[test]
fn offer_leaves_a_reserve() {
    let limits = BTreeMap::from([("csi".into(), 16)]);
    let room = offered(&offer(), &limits).expect("its size is told");
    assert_eq!(room.allocatable.cpu_m, 1900);
    assert_eq!(room.allocatable.memory_bytes, (4096 << 20) / 10 * 8 + 4);
    assert_eq!(room.allocatable.storage_bytes, 68_719_476_736);
    assert_eq!((room.pods, room.attachments), (110, limits));
    for (kept, whole) in [
        (room.allocatable.cpu_m, 2000),
        (room.allocatable.memory_bytes, 4096 << 20),
        (room.allocatable.storage_bytes, 80 << 30),
    ] {
        assert!(kept <= whole && kept * 10 >= whole * 8 - 10, "{kept} of {whole}");
    }
}

/// SC-4: an offer that does not say how large it is tells nothing, and one of absurd size is no more than the largest.
#[test]
fn offer_without_a_size_is_worth_nothing() {
    let without_cpu = Offer { cpu: None, ..offer() };
    assert_eq!(offered(&without_cpu, &BTreeMap::new()), None);
    let absurd = Offer {
        ram_mb: Some(u64::MAX),
        ..offer()
    };
    assert!(offered(&absurd, &BTreeMap::new()).is_some());
}

/// SC-4: what is learned is what every Ready Node has: the least of each amount, and resources that all have.
#[test]
fn least_of_all_nodes_is_learned() {
    let room = |cpu_m, gpus: Option<i64>, limit| {
        let allocatable = resources(cpu_m, 1 << 30);
        Room {
            allocatable: gpus.map_or(allocatable.clone(), |gpus| allocatable.with("gpu", gpus)),
            pods: cpu_m / 10,
            attachments: BTreeMap::from([("csi".into(), limit)]),
        }
    };
    let rooms = [room(1900, Some(2), 16), room(1800, Some(1), 24)];
    let expected = Room {
        pods: 180,
        ..room(1800, Some(1), 16)
    };
    assert_eq!(learned(&rooms), Some(expected));
    assert_eq!(
        learned(&[room(1900, Some(2), 16), room(1900, None, 16)]).map(|room| room.allocatable.extended),
        Some(BTreeMap::new())
    );
    assert_eq!(learned([]), None);
}

/// SC-5: a price is exact, reckoned from that of a month of 730 hours where no other is told.
#[test]
fn price_is_that_of_an_hour() {
    assert_eq!(price(&offer()), Some(Price(32_900_000)));
    let with = |monthly| Offer {
        price: vpsie_api::Price {
            monthly,
            hourly: None,
        },
        ..offer()
    };
    assert_eq!(price(&with(Some(Decimal::new(73, 1)))), Some(Price(10_000_000)));
    assert_eq!(price(&with(None)), None);
}
