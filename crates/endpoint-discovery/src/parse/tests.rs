//! Vectors of what Kubernetes stores and what is read off it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::{read_endpoints, read_slice};
use crate::merge::{Endpoint, merge};
use crate::service::ServiceFacts;
use crate::sighting::{Ignored, Readiness, Reading, Warning};
use crate::testing::{endpoint, endpoints, service, slice};

/// What a test looks at: id, addresses, whether it is ready, and the ports.
type Row = (String, Vec<IpAddr>, bool, BTreeMap<String, u16>);

fn row(endpoint: &Endpoint) -> Row {
    let is_ready = endpoint.readiness == Readiness::Ready;
    let addresses = endpoint.addresses.iter().copied().collect();
    (
        endpoint.id.to_string(),
        addresses,
        is_ready,
        endpoint.ports.clone(),
    )
}

/// The same as a test writes it, the addresses with spaces between them.
type Wanted<'a> = (&'a str, &'a str, bool, &'a [(&'a str, u16)]);

#[track_caller]
fn check(reading: &Reading, expected: &[Wanted<'_>]) {
    let rows: Vec<Row> = merge(&reading.sightings).endpoints.iter().map(row).collect();
    let expected: Vec<Row> = expected
        .iter()
        .map(|(id, addresses, is_ready, ports)| {
            let addresses = addresses
                .split(' ')
                .map(|address| address.parse().unwrap())
                .collect();
            let ports = ports
                .iter()
                .map(|(name, port)| ((*name).to_owned(), *port))
                .collect();
            ((*id).to_owned(), addresses, *is_ready, ports)
        })
        .collect();
    assert_eq!(rows, expected);
}

fn pod_address(name: &str, ip: &str) -> Value {
    json!({"ip": ip, "targetRef": {"kind": "Pod", "name": name, "uid": format!("uid-{name}")}})
}

/// EP-1: ready and not-ready addresses are both there, and each subset keeps its own ports.
#[test]
fn addresses_of_all_subsets_keep_their_ports() {
    let object = endpoints(&json!([
        {
            "addresses": [pod_address("web-0", "10.0.0.1")],
            "notReadyAddresses": [pod_address("web-1", "10.0.0.2")],
            "ports": [{"name": "http", "port": 8080}],
        },
        {"addresses": [pod_address("web-2", "10.0.0.3")], "ports": [{"port": 9090, "protocol": "TCP"}]},
    ]));
    check(
        &read_endpoints(&service(), &object),
        &[
            ("web-0", "10.0.0.1", true, &[("http", 8080)]),
            ("web-1", "10.0.0.2", false, &[("http", 8080)]),
            ("web-2", "10.0.0.3", true, &[("default", 9090)]),
        ],
    );
}

/// EP-1: no subsets are no endpoints.
#[test]
fn object_without_subsets_has_no_endpoints() {
    for subsets in [json!(null), json!([]), json!([{}])] {
        assert_eq!(
            read_endpoints(&service(), &endpoints(&subsets)),
            Reading::default()
        );
    }
}

/// EP-2: an address without a pod is its own id, and each has another one.
#[test]
fn address_without_a_target_is_its_own_id() {
    let object = endpoints(&json!([{"addresses": [{"ip": "10.0.0.2"}, {"ip": "10.0.0.1"}]}]));
    check(
        &read_endpoints(&service(), &object),
        &[
            ("10.0.0.1", "10.0.0.1", true, &[]),
            ("10.0.0.2", "10.0.0.2", true, &[]),
        ],
    );
}

/// EP-5: conditions that are not told: ready is true, serving is what ready is, terminating is false.
#[test]
fn conditions_that_are_not_told_mean_ready() {
    let cases = [
        (json!({}), true, true),
        (json!({"ready": true}), true, true),
        (json!({"ready": false}), false, false),
        (json!({"ready": false, "serving": true}), false, true),
        (json!({"ready": true, "serving": false}), true, false),
        (
            json!({"ready": true, "serving": true, "terminating": true}),
            false,
            false,
        ),
        (
            json!({"ready": false, "serving": true, "terminating": true}),
            false,
            false,
        ),
    ];
    let publishing = ServiceFacts {
        publishes_not_ready: true,
        ..service()
    };
    for (conditions, expected, when_publishing) in cases {
        let slice = slice("IPv4", &[endpoint("web-0", "10.0.0.1", &conditions)], &json!([]));
        let ready = |service: &ServiceFacts| {
            let reading = read_slice(service, &slice);
            let merged = merge(&reading.sightings);
            assert_eq!(merged.endpoints.len(), 1, "{conditions}");
            merged.endpoints[0].readiness == Readiness::Ready
        };
        assert_eq!(ready(&service()), expected, "{conditions}");
        // EP-6: here `ready` says nothing.
        assert_eq!(
            ready(&publishing),
            when_publishing,
            "{conditions} when publishing"
        );
    }
}

/// EP-5: what is terminating is flagged.
#[test]
fn terminating_endpoint_is_flagged() {
    let conditions = json!({"ready": true, "terminating": true});
    let slice = slice("IPv4", &[endpoint("web-0", "10.0.0.1", &conditions)], &json!([]));
    let merged = merge(&read_slice(&service(), &slice).sightings);
    assert!(merged.endpoints[0].is_terminating);
}

/// EP-5: both families of one pod are one endpoint, with the ports of both.
#[test]
fn families_of_one_pod_are_united() {
    let ready = json!({"ready": true});
    let four = slice(
        "IPv4",
        &[endpoint("web-0", "10.0.0.1", &ready)],
        &json!([{"name": "http", "port": 80}]),
    );
    let six = slice(
        "IPv6",
        &[endpoint("web-0", "fd00::1", &ready)],
        &json!([{"name": "admin", "port": 81}]),
    );
    let mut reading = read_slice(&service(), &six);
    reading.absorb(read_slice(&service(), &four));
    check(
        &reading,
        &[("web-0", "10.0.0.1 fd00::1", true, &[("admin", 81), ("http", 80)])],
    );
}

/// EP-5: a slice with names is left out and counted; so is one of a kind that is not known.
#[test]
fn slices_with_names_are_counted_and_left_out() {
    let named = slice("FQDN", &[json!({"addresses": ["web.example.org"]})], &json!([]));
    let ignored = Ignored {
        fqdn_slices: 1,
        ..Ignored::default()
    };
    assert_eq!(
        read_slice(&service(), &named),
        Reading {
            ignored,
            ..Reading::default()
        }
    );
    let odd = slice("IPX", &[json!({"addresses": ["10.0.0.1"]})], &json!([]));
    assert_eq!(read_slice(&service(), &odd).ignored.unknown_slices, 1);
}

/// EP-5: a slice belongs to the Service that its label names, whatever its own name.
#[test]
fn slice_of_another_service_is_left_out() {
    let mut slice = slice("IPv4", &[endpoint("web-0", "10.0.0.1", &json!({}))], &json!([]));
    slice.metadata.labels = Some([("kubernetes.io/service-name".to_owned(), "api".to_owned())].into());
    assert_eq!(read_slice(&service(), &slice), Reading::default());
    slice.metadata.labels = None;
    assert_eq!(read_slice(&service(), &slice), Reading::default());
}

/// EP-5: the first address counts; an endpoint without a usable one costs only itself.
#[test]
fn malformed_parts_are_counted_and_the_rest_goes_on() {
    let told = [
        json!({"addresses": ["10.0.0.1", "10.0.0.2"]}),
        json!({"addresses": []}),
        json!({"addresses": ["not an address"]}),
        json!({"addresses": ["10.0.0.999"]}),
    ];
    let ports = json!([{"name": "http", "port": 80}, {"name": "all"}, {"name": "odd", "port": 70_000}]);
    let reading = read_slice(&service(), &slice("IPv4", &told, &ports));
    assert_eq!(
        reading.ignored,
        Ignored {
            malformed_addresses: 3,
            malformed_ports: 2,
            ..Ignored::default()
        }
    );
    check(&reading, &[("10.0.0.1", "10.0.0.1", true, &[("http", 80)])]);
}

/// EP-6: with plain Endpoints and publishNotReadyAddresses nobody knows who is ready.
#[test]
fn readiness_of_published_addresses_is_unreliable() {
    let publishing = ServiceFacts {
        publishes_not_ready: true,
        ..service()
    };
    let object = endpoints(&json!([{
        "addresses": [pod_address("web-0", "10.0.0.1")],
        "notReadyAddresses": [pod_address("web-1", "10.0.0.2")],
    }]));
    let reading = read_endpoints(&publishing, &object);
    assert_eq!(reading.warnings, [Warning::ReadinessUnreliable].into());
    let told: Vec<Readiness> = reading
        .sightings
        .iter()
        .map(|sighting| sighting.readiness)
        .collect();
    assert_eq!(told, [Readiness::Unreliable, Readiness::NotReady]);
}

/// EP-8: an object that was cut off, or has more than 100 addresses, recommends slices.
#[test]
fn large_endpoints_objects_recommend_slices() {
    let addresses = |count: usize| -> Value {
        (0..count)
            .map(|number| json!({"ip": format!("10.0.{}.{}", number / 250, number % 250)}))
            .collect()
    };
    let of = |count| endpoints(&json!([{"addresses": addresses(count)}]));
    assert_eq!(read_endpoints(&service(), &of(100)).warnings, [].into());
    assert_eq!(
        read_endpoints(&service(), &of(101)).warnings,
        [Warning::ManyInOneObject].into()
    );
    let mut cut = of(1);
    let annotation = (
        "endpoints.kubernetes.io/over-capacity".to_owned(),
        "truncated".to_owned(),
    );
    cut.metadata.annotations = Some([annotation].into());
    assert_eq!(
        read_endpoints(&service(), &cut).warnings,
        [Warning::OverCapacity].into()
    );
    assert!(Warning::OverCapacity.to_string().contains("use EndpointSlices"));
}

#[cfg(feature = "pod-mode")]
mod pod_mode {
    use k8s_openapi::api::core::v1::Pod;

    use super::super::{read_pod, read_pods};
    use super::*;
    use crate::sighting::Phase;

    fn pod(name: &str, status: &Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": name, "namespace": "shop", "uid": format!("uid-{name}")},
            "spec": {"containers": [{"name": "a", "ports": [{"name": "http", "containerPort": 8080}]}]},
            "status": status,
        }))
        .unwrap()
    }

    fn running(ip: &str, ready: &str) -> Value {
        json!({"phase": "Running", "podIP": ip, "conditions": [{"type": "Ready", "status": ready}]})
    }

    /// EP-13: what the phase of a pod means.
    #[test]
    fn phase_of_a_pod_decides() {
        let cases = [
            (
                running("10.0.0.1", "True"),
                Some((Readiness::Ready, Phase::Untold)),
            ),
            (
                running("10.0.0.1", "False"),
                Some((Readiness::NotReady, Phase::Booting)),
            ),
            (running("", "True"), None),
            (
                json!({"phase": "Pending"}),
                Some((Readiness::NotReady, Phase::Booting)),
            ),
            (
                json!({"phase": "Failed"}),
                Some((Readiness::NotReady, Phase::Failed)),
            ),
            (json!({"phase": "Succeeded"}), None),
            (
                json!({"phase": "Unknown"}),
                Some((Readiness::NotReady, Phase::Unknown)),
            ),
        ];
        for (status, expected) in cases {
            let sighting = read_pod(&pod("web-0", &status), &mut Ignored::default());
            let told = sighting.map(|sighting| (sighting.readiness, sighting.phase));
            assert_eq!(told, expected, "{status}");
        }
    }

    /// EP-13: a pod that is being deleted is not ready, whatever its condition says.
    #[test]
    fn pod_that_is_being_deleted_is_not_ready() {
        let mut pod = pod("web-0", &running("10.0.0.1", "True"));
        pod.metadata.deletion_timestamp = serde_json::from_value(json!("2026-01-24T08:10:00Z")).unwrap();
        let sighting = read_pod(&pod, &mut Ignored::default()).unwrap();
        assert_eq!(
            (sighting.readiness, sighting.phase),
            (Readiness::NotReady, Phase::Booting)
        );
        assert!(sighting.is_terminating);
    }

    /// EP-12: the same running pods are the same instances by slices, by Endpoints and by pods.
    #[test]
    fn all_three_sources_yield_the_same_instances() {
        let pods = [
            pod("web-0", &running("10.0.0.1", "True")),
            pod("web-1", &running("10.0.0.2", "False")),
            pod("web-10", &running("10.0.0.3", "True")),
        ];
        let object = endpoints(&json!([{
            "addresses": [pod_address("web-10", "10.0.0.3"), pod_address("web-0", "10.0.0.1")],
            "notReadyAddresses": [pod_address("web-1", "10.0.0.2")],
            "ports": [{"name": "http", "port": 8080}],
        }]));
        let told = [
            endpoint("web-1", "10.0.0.2", &json!({"ready": false})),
            endpoint("web-0", "10.0.0.1", &json!({"ready": true})),
            endpoint("web-10", "10.0.0.3", &json!({"ready": true})),
        ];
        let slice = slice("IPv4", &told, &json!([{"name": "http", "port": 8080}]));
        let readings = [
            read_pods(&service(), &pods),
            read_endpoints(&service(), &object),
            read_slice(&service(), &slice),
        ];
        for reading in readings {
            check(
                &reading,
                &[
                    ("web-0", "10.0.0.1", true, &[("http", 8080)]),
                    ("web-1", "10.0.0.2", false, &[("http", 8080)]),
                    ("web-10", "10.0.0.3", true, &[("http", 8080)]),
                ],
            );
        }
    }

    /// EP-13: a Service without a selector owns no pods, not all of them.
    #[test]
    fn service_without_a_selector_owns_no_pods() {
        let facts = ServiceFacts {
            selector: None,
            ..service()
        };
        let reading = read_pods(&facts, &[pod("web-0", &running("10.0.0.1", "True"))]);
        assert_eq!(reading.sightings, []);
        assert_eq!(reading.warnings, [Warning::NoSelector].into());
    }
}
