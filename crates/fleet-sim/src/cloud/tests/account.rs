//! Plans, datacentres, SSH keys, projects, tags and minted tokens.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::cloud::testing::{SmallCloud, answered};
use crate::cloud::{ClusterSpec, DatacenterSpec, PriceForm, ProjectSpec, SshKeySpec, TOKEN, TagSpec, VmSpec};

const HELSINKI: &str = "55f06b85-c9ee-11e3-9845-005056aa8af7";

fn get(world: &SmallCloud, path: &str) -> Value {
    world.ask("GET", path, "").1
}

fn plans(world: &SmallCloud, content: &str, body: &str) -> (u16, Value) {
    let request = Request::post("/apps/v2/resources")
        .header("vpsie-auth", TOKEN)
        .header("content-type", content)
        .body(Bytes::from(body.to_owned()));
    answered(world.cloud.handle(&request.unwrap()))
}

const FORM: &str = "application/x-www-form-urlencoded";

fn form(datacenter: &str, category: &str) -> String {
    format!(
        "dcIdentifier={datacenter}&osIdentifier=os&planCatIdentifier={category}&name=query&description=query&isCustom=0"
    )
}

/// P1, E13.
#[tokio::test(start_paused = true)]
async fn plans_have_two_categories() {
    let world = SmallCloud::new();
    let expected = json!({"error": false, "data": [
        {"identifier": "cat-1", "name": "Shared CPU"}, {"identifier": "cat-2", "name": "Compute Optimized"},
    ]});
    assert_eq!(get(&world, "/api/v2/plans/category"), expected);
}

/// P2, E14.
#[tokio::test(start_paused = true)]
async fn plans_are_listed_by_category_and_datacentre() {
    let world = SmallCloud::new();
    let (status, reply) = plans(&world, FORM, &form(HELSINKI, "cat%2D1"));
    let expected = json!([{
        "identifier": "00000039-f8f3-11f0-9b1e-0050569c68dc", "nickname": "Advanced", "cpu": 2, "ram": 4096,
        "ssd": 80, "traffic": 4096, "price": 24.0,
    }]);
    assert_eq!((status, &reply["data"]), (200, &expected));
    for (datacenter, category, count) in [
        (HELSINKI, "cat-2", 2),
        (HELSINKI, "cat-9", 0),
        ("moon", "cat-2", 0),
    ] {
        let (_, reply) = plans(&world, FORM, &form(datacenter, category));
        assert_eq!(
            reply["data"].as_array().unwrap().len(),
            count,
            "{datacenter} {category}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn plans_want_a_whole_form() {
    let world = SmallCloud::new();
    let json = json!({"dcIdentifier": HELSINKI, "osIdentifier": "os", "planCatIdentifier": "cat-1"});
    let cases = [
        ("application/json", json.to_string()),
        (FORM, format!("dcIdentifier={HELSINKI}&osIdentifier=os")),
        (FORM, String::new()),
    ];
    for (content, body) in cases {
        let (status, reply) = plans(&world, content, &body);
        assert_eq!((status, &reply["error"]), (400, &json!(true)), "{content} {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn prices_have_the_ordered_form() {
    let cases = [
        (
            PriceForm::Number,
            [json!(24.0), json!(48.0), json!(96.0)],
            json!(0.0329),
        ),
        (
            PriceForm::Text,
            [json!("24.00"), json!("48.00"), json!("96.00")],
            json!("0.0329"),
        ),
        (
            PriceForm::Mixed,
            [json!(24.0), json!("48.00"), json!(96.0)],
            json!(0.0329),
        ),
    ];
    for (form, expected, hourly) in cases {
        let world = SmallCloud::new();
        world.cloud.behaviour(|behaviour| behaviour.prices = form);
        let body = json!({"dcIdentifier": HELSINKI}).to_string();
        let offers = world.ask("POST", "/apps/v2/k8s/offers", &body).1["data"].take();
        assert_eq!(
            [0, 1, 2].map(|place| offers[place]["price"].clone()),
            expected,
            "{form:?}"
        );
        assert_eq!(offers[0]["hourly_price"], hourly, "{form:?}");
    }
}

/// E16.
#[tokio::test(start_paused = true)]
async fn datacentres_are_listed_in_pages() {
    let world = SmallCloud::new();
    world.cloud.add_datacenter(DatacenterSpec {
        identifier: "ams1".to_owned(),
        name: "AMS".to_owned(),
        is_active: false,
        ..DatacenterSpec::helsinki()
    });
    world.cloud.add_cluster(ClusterSpec {
        datacenter: "fra1".to_owned(),
        ..ClusterSpec::named("FRA-Kubernetes-0001")
    });
    let reply = get(&world, "/apps/v2/datacenter?offset=0&limit=0");
    let expected = json!({
        "dc_name": "Helsinki", "dc_image": "", "state": "Uusimaa", "country": "Finland", "is_active": 1,
        "identifier": HELSINKI, "default_selected": 1, "is_deleted": 0, "is_fip_available": 1,
        "is_bucket_available": 0, "is_private": 0,
    });
    assert_eq!((&reply["data"][0], &reply["total"]), (&expected, &json!(3)));
    let reply = get(&world, "/apps/v2/datacenter?offset=1&limit=1");
    assert_eq!(reply["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&reply["data"][0]["dc_name"], &reply["data"][0]["is_active"]),
        (&json!("AMS"), &json!(0))
    );
    assert_eq!(
        get(&world, "/apps/v2/datacenter?offset=2")["data"][0]["dc_name"],
        json!("FRA")
    );
}

/// E30.
#[tokio::test(start_paused = true)]
async fn ssh_keys_are_listed_and_shown() {
    let world = SmallCloud::new();
    let uuid = world.cloud.add_ssh_key(SshKeySpec {
        name: "jane".to_owned(),
        key: "ssh-ed25519 BBBB".to_owned(),
    });
    let reply = get(&world, "/apps/v2/sshkeys");
    assert_eq!(
        (&reply["data"][0]["name"], &reply["total"]),
        (&json!("ops"), &json!(2))
    );
    let expected = json!({
        "id": 4, "user_id": 6, "name": "jane", "private_key": "ssh-ed25519 BBBB",
        "created_on": "2025-01-24T08:00:00.000Z", "identifier": uuid, "created_by": "Jane Doe",
    });
    assert_eq!(reply["data"][1], expected);
    assert_eq!(get(&world, &format!("/apps/v2/sshkey/{uuid}"))["data"], expected);
    assert_eq!(
        get(&world, "/apps/v2/sshkey/nowhere"),
        json!({"error": false, "data": false})
    );
}

/// E29.
#[tokio::test(start_paused = true)]
async fn projects_are_rows_with_a_count() {
    let world = SmallCloud::new();
    let uuid = world.cloud.add_project(ProjectSpec {
        name: "Web".to_owned(),
        description: "the shop".to_owned(),
    });
    let data = get(&world, "/apps/v2/projects")["data"].take();
    let expected = json!({
        "id": 9, "name": "Default", "description": "", "created_on": "2025-01-24T08:00:00.000Z",
        "updated_at": "2025-01-24T08:00:00.000Z", "identifier": "6e3b5c99-f8f3-11f0-9b1e-0050569c68dc",
        "created_by": "Jane Doe", "is_default": 1,
    });
    assert_eq!((&data["rows"][0], &data["count"]), (&expected, &json!(2)));
    let shown = get(&world, &format!("/apps/v2/projects/{uuid}"))["data"].take();
    assert_eq!((&shown["name"], &shown["is_default"]), (&json!("Web"), &json!(0)));
    assert_eq!(shown, data["rows"][1]);
    assert_eq!(get(&world, "/apps/v2/projects/nowhere")["data"], json!(false));
}

/// E28.
#[tokio::test(start_paused = true)]
async fn tags_are_keyed_by_what_they_are_on() {
    let world = SmallCloud::new();
    let vm = world.cloud.add_vm(VmSpec::named("app-1"));
    for (entity, entity_id, name) in [
        ("ssh_keys", 3, "a"),
        ("ssh_keys", 3, "b"),
        ("boxes", 81_001, "shop"),
    ] {
        world.cloud.add_tag(TagSpec {
            entity: entity.to_owned(),
            entity_id,
            name: name.to_owned(),
        });
    }
    let tag =
        |name: &str, id: u64, entity: &str| json!({"name": name, "entity_id": id, "entity_type": entity});
    let (a, b) = (tag("a", 3, "ssh_keys"), tag("b", 3, "ssh_keys"));
    let shop = tag("shop", 81_001, "boxes");
    let cases = [
        (String::new(), json!({"boxes": [shop], "ssh_keys": [a, b]})),
        (
            "?entity=ssh_keys".to_owned(),
            json!({"boxes": [], "ssh_keys": [a, b]}),
        ),
        (
            format!("?entity=boxes&identifier={vm}"),
            json!({"boxes": [shop], "ssh_keys": []}),
        ),
        (
            "?identifier=nowhere".to_owned(),
            json!({"boxes": [], "ssh_keys": []}),
        ),
    ];
    for (query, expected) in cases {
        assert_eq!(
            get(&world, &format!("/apps/v2/tags{query}"))["data"],
            expected,
            "{query}"
        );
    }
}

/// E27.
#[tokio::test(start_paused = true)]
async fn minted_token_opens_the_door() {
    let world = SmallCloud::new();
    const PATH: &str = "/apps/v2/profile/security/access/token";
    assert_eq!(world.ask("POST", PATH, "{}").0, 400);
    let (_, reply) = world.ask("POST", PATH, r#"{"accessTokenName":"ci"}"#);
    let token = reply["data"]["accessToken"].as_str().unwrap().to_owned();
    let list = |token: &str| {
        let request = Request::get("/apps/v2/projects").header("vpsie-auth", token);
        answered(world.cloud.handle(&request.body(Bytes::new()).unwrap())).0
    };
    assert_eq!((list(&token), list(TOKEN)), (200, 200));
    world.cloud.accept_only_token("rotated");
    assert_eq!((list(&token), list("rotated")), (401, 200));
}
