//! Tests of the request values. Exact requests are tested with the client.

use super::*;

#[test]
fn printed_request_does_not_show_its_body() {
    for request in [
        Request::authenticate_json("me", "s3cr3t"),
        Request::authenticate_form("me", "s3cr3t"),
    ] {
        let text = format!("{request:?}");
        assert!(
            text.contains("Authenticate") && !text.contains("s3cr3t"),
            "{text}"
        );
    }
}

#[test]
fn form_is_percent_encoded() {
    let request = Request::authenticate_form("a b", "c&d=e\u{fc}");
    let body = request.body.unwrap();
    assert_eq!(body.bytes.as_ref(), b"clientId=a+b&clientSecret=c%26d%3De%C3%BC");
}

#[test]
fn base_url_without_a_path_is_extended() {
    for (base, expected) in [
        ("https://x.example", "https://x.example/k8s/cluster/all"),
        ("https://x.example/", "https://x.example/k8s/cluster/all"),
        (
            "https://x.example/apps/v2",
            "https://x.example/apps/v2/k8s/cluster/all",
        ),
        (
            "https://x.example/apps/v2/",
            "https://x.example/apps/v2/k8s/cluster/all",
        ),
        (
            "https://x.example:8443/a",
            "https://x.example:8443/a/k8s/cluster/all",
        ),
    ] {
        let url = Request::clusters().url(&Url::parse(base).unwrap()).unwrap();
        assert_eq!(url.as_str(), expected);
    }
}
