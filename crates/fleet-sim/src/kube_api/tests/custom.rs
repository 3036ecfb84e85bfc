//! Custom resources: definitions, pruning, defaults, validation.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::wait::{await_condition, conditions};
use serde_json::{Value, json};

use super::kit::{
    self, assert_refused, claim, claim_with, claims, create, definition, refusal, server, soon,
};

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_not_installed_is_a_missing_page() {
    let server = server();
    let api: Api<DynamicObject> = Api::namespaced_with(server.client(), "default", &kit::claim_type());
    let (code, _, message) = refusal(api.list(&ListParams::default()).await);
    assert_eq!(code, 404);
    assert!(message.contains("404 page not found"), "{message}");
    assert_eq!(
        refusal(api.create(&PostParams::default(), &claim("a")).await).0,
        404
    );
}

#[tokio::test(start_paused = true)]
async fn a_definition_posted_by_the_client_is_established_and_served() {
    let server = server();
    let definitions: Api<CustomResourceDefinition> = Api::all(server.client());
    let new = serde_json::from_value(definition()).unwrap();
    definitions.create(&PostParams::default(), &new).await.unwrap();
    let established = conditions::is_crd_established();
    soon(await_condition(
        definitions.clone(),
        "claims.test.example.com",
        established,
    ))
    .await
    .unwrap();
    let api: Api<DynamicObject> = Api::namespaced_with(server.client(), "default", &kit::claim_type());
    create(&api, &claim("a")).await;
    definitions
        .delete("claims.test.example.com", &DeleteParams::default())
        .await
        .unwrap();
    assert_eq!(refusal(api.get("a").await).0, 404);
    assert!(server.objects("claims").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_definition_is_applied_again_without_losing_objects() {
    let (server, api) = claims();
    create(&api, &claim("a")).await;
    let definitions: Api<CustomResourceDefinition> = Api::all(server.client());
    let mut changed = definition();
    changed["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["extra"] =
        json!({"type": "string"});
    let apply = PatchParams::apply("installer").force();
    definitions
        .patch("claims.test.example.com", &apply, &Patch::Apply(&changed))
        .await
        .unwrap();
    let made = create(&api, &claim_with("b", json!({"group": "x", "extra": "kept"}))).await;
    assert_eq!(made.data["spec"]["extra"], "kept");
    api.get("a").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wrong_definition_is_refused() {
    let server = server();
    let mut wrong = definition();
    wrong["metadata"]["name"] = "claim.test.example.com".into();
    wrong["spec"]["versions"][0]["schema"] = Value::Null;
    let message = server.install_crd(&wrong).unwrap_err().to_string();
    assert!(
        message.contains("must be spec.names.plural+\".\"+spec.group"),
        "{message}"
    );
    assert!(
        message.contains("spec.versions[0].schema.openAPIV3Schema: Required value"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn unknown_fields_are_dropped_and_defaults_filled_in() {
    let (_server, api) = claims();
    let spec = json!({
        "group": "workers",
        "typo": 1,
        "labels": {"any": "key"},
        "anything": {"goes": {"deep": [1]}},
        "paused": null,
        "identifier": null,
        "port": "http",
    });
    let made = create(&api, &claim_with("a", spec)).await;
    let expected = json!({
        "group": "workers",
        "size": "small",
        "labels": {"any": "key"},
        "anything": {"goes": {"deep": [1]}},
        "paused": null,
        "port": "http",
    });
    assert_eq!(made.data["spec"], expected);
}

#[tokio::test(start_paused = true)]
async fn false_zero_and_the_empty_string_stay_what_they_are() {
    let (_server, api) = claims();
    let spec = json!({"group": "workers", "paused": false, "minNodes": 0, "identifier": "", "zones": []});
    let made = create(&api, &claim_with("a", spec)).await;
    let kept = &made.data["spec"];
    assert_eq!(
        (
            &kept["paused"],
            &kept["minNodes"],
            &kept["identifier"],
            &kept["zones"]
        ),
        (&json!(false), &json!(0), &json!(""), &json!([]))
    );
}

async fn check_refused(what: &str, spec: Value, expected: &str) {
    let (_server, api) = claims();
    let (code, reason, message) = refusal(api.create(&PostParams::default(), &claim_with("a", spec)).await);
    assert_eq!((code, reason.as_str()), (422, "Invalid"), "{what}");
    assert!(
        message.starts_with("Claim.test.example.com \"a\" is invalid: "),
        "{what}: {message}"
    );
    assert!(message.contains(expected), "{what}: {message}");
}

#[tokio::test(start_paused = true)]
async fn values_that_the_schema_forbids_are_refused_with_the_field_named() {
    let long = "abcdefghijklmnopqrstu";
    let cases = [
        (
            "a required field is missing",
            json!({}),
            "spec.group: Required value",
        ),
        (
            "the number is too small",
            json!({"group": "x", "minNodes": -1}),
            "greater than or equal to 0",
        ),
        (
            "the number is too large",
            json!({"group": "x", "minNodes": 101}),
            "less than or equal to 100",
        ),
        (
            "not in the list",
            json!({"group": "x", "size": "huge"}),
            "supported values: \"small\", \"large\"",
        ),
        (
            "the text is too short",
            json!({"group": ""}),
            "should be at least 1 chars long",
        ),
        (
            "the text is too long",
            json!({"group": long}),
            "Too long: may not be more than 20 bytes",
        ),
        (
            "the pattern does not match",
            json!({"group": "Upper"}),
            "should match '^[a-z-]+$'",
        ),
        (
            "a set has an entry twice",
            json!({"group": "x", "zones": ["a", "a"]}),
            "spec.zones[1]: Duplicate value",
        ),
    ];
    for (what, spec, expected) in cases {
        check_refused(what, spec, expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn values_of_a_wrong_type_are_refused_with_the_field_named() {
    let cases = [
        (
            "a text for a number",
            json!({"group": "x", "minNodes": "3"}),
            "spec.minNodes in body must be of type integer",
        ),
        (
            "a number with a fraction",
            json!({"group": "x", "minNodes": 1.5}),
            "spec.minNodes in body must be of type integer",
        ),
        (
            "a value of a map",
            json!({"group": "x", "labels": {"a": 1}}),
            "spec.labels.a in body must be of type string",
        ),
        (
            "a null in a list",
            json!({"group": "x", "zones": [null]}),
            "spec.zones[0] in body must be of type string",
        ),
        (
            "neither of two types",
            json!({"group": "x", "port": true}),
            "spec.port in body must be of type integer,string",
        ),
    ];
    for (what, spec, expected) in cases {
        check_refused(what, spec, expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_patch_and_a_status_are_validated_too() {
    let (server, api) = claims();
    create(&api, &claim("a")).await;
    let before = server.objects("claims");
    let patch = Patch::Merge(json!({"spec": {"minNodes": 1000}}));
    assert_refused(
        api.patch("a", &PatchParams::default(), &patch).await,
        422,
        "Invalid",
    );
    let patch = Patch::Merge(json!({"status": {"conditions": [{"type": "Ready"}]}}));
    assert_refused(
        api.patch_status("a", &PatchParams::default(), &patch).await,
        422,
        "Invalid",
    );
    let twice = json!({"type": "Ready", "status": "True"});
    let patch = Patch::Merge(json!({"status": {"conditions": [twice, twice]}}));
    assert_refused(
        api.patch_status("a", &PatchParams::default(), &patch).await,
        422,
        "Invalid",
    );
    let when = json!({"type": "Ready", "status": "True", "lastTransitionTime": "yesterday"});
    let patch = Patch::Merge(json!({"status": {"conditions": [when]}}));
    assert_refused(
        api.patch_status("a", &PatchParams::default(), &patch).await,
        422,
        "Invalid",
    );
    assert_eq!(server.objects("claims"), before);
}

#[tokio::test(start_paused = true)]
async fn names_labels_and_annotations_are_validated() {
    let (_server, api) = claims();
    let refused = async |change: Value| {
        let object = json!({"apiVersion": "test.example.com/v1", "kind": "Claim", "spec": {"group": "x"}, "metadata": change});
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        refusal(api.create(&PostParams::default(), &object).await)
    };
    let long = "x".repeat(64);
    for (field, change) in [
        ("metadata.name", json!({"name": "HEL-Kubernetes"})),
        ("metadata.name", json!({})),
        ("metadata.labels", json!({"name": "a", "labels": {"x": long}})),
        ("metadata.labels", json!({"name": "a", "labels": {"a b": "c"}})),
        ("metadata.labels", json!({"name": "a", "labels": {"a": "-c"}})),
        (
            "metadata.annotations",
            json!({"name": "a", "annotations": {"a": "x".repeat(300_000)}}),
        ),
        (
            "metadata.ownerReferences.uid",
            json!({"name": "a", "ownerReferences": [
            {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": ""}]}),
        ),
    ] {
        let (code, _, message) = refused(change).await;
        assert_eq!(code, 422, "{message}");
        assert!(message.contains(field), "{field}: {message}");
    }
}
