//! What `deploy/` holds is accepted by a real API server, to the last field, and fits together.

use k8s_openapi::api::core::v1::{Namespace, Pod};
use kit::deploy;
use kit::fleet::install_definitions;
use kube::api::PostParams;
use kube::{Api, Client, Error};
use serde_json::{Value, json};

/// All files that a person applies as they are, in the order of `kubectl apply -f deploy/`.
const APPLIED: &[&str] = &[
    "configuration.yaml",
    "crd.yaml",
    "deployment.yaml",
    "explain-rbac.yaml",
    "rbac.yaml",
];
/// Samples to copy from.
const EXAMPLES: &[&str] = &[
    "examples/api-reader.yaml",
    "examples/nodegroup.yaml",
    "examples/nodegroup-dedicated.yaml",
    "examples/nodegroup-empty.yaml",
    "examples/secret.yaml",
    "examples/vpsienode-adopted.yaml",
];

/// Reads the one Deployment.
fn deployment() -> Value {
    let documents = deploy::documents("deployment.yaml").into_iter();
    let mut deployments = documents.filter(|document| document["kind"] == "Deployment");
    deployments.next().expect("there is a Deployment")
}

/// A field that Kubernetes does not know, or a value that it refuses, would be found by whoever applies it.
#[tokio::test]
async fn everything_in_deploy_is_accepted_by_the_api_server() {
    let control_plane = kit::real_control_plane!();
    let client = control_plane.client();
    install_definitions(&client).await;
    for file in APPLIED.iter().chain(EXAMPLES) {
        deploy::apply(&client, &deploy::documents(file)).await;
    }

    let mut misspelt = deployment();
    misspelt["spec"]["replikas"] = json!(2);
    let refused = deploy::try_apply(&client, &misspelt).await;
    let refused = refused.expect_err("an unknown field is refused").to_string();
    assert!(refused.contains("replikas"), "{refused}");
}

/// Every file is applied above; one that is added later must be, too.
#[test]
fn no_file_of_deploy_is_left_out() {
    let files = |folder: &str| -> Vec<String> {
        let path = format!("{}/../deploy{folder}", env!("CARGO_MANIFEST_DIR"));
        let entries = std::fs::read_dir(path).expect("the folder is there").flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".yaml")).collect();
        names.sort();
        names
    };
    assert_eq!(files(""), APPLIED);
    let mut examples: Vec<&str> = EXAMPLES
        .iter()
        .filter_map(|file| file.split('/').nth(1))
        .collect();
    examples.sort_unstable();
    assert_eq!(files("/examples"), examples);
}

/// The pods need nothing that the strictest of the Pod Security Standards forbids.
#[tokio::test]
async fn pods_of_the_deployment_pass_the_restricted_standard() {
    let control_plane = kit::real_control_plane!();
    let client = control_plane.client();
    let namespace = json!({"metadata": {"name": "strict", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}});
    let namespace: Namespace = serde_json::from_value(namespace).expect("a namespace");
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces
        .create(&PostParams::default(), &namespace)
        .await
        .expect("it is new");

    let template = deployment()["spec"]["template"].clone();
    create_pod(&client, &template).await.expect("the standard is met");

    let mut as_root = template;
    as_root["spec"]["securityContext"]["runAsNonRoot"] = json!(false);
    match create_pod(&client, &as_root).await {
        Err(Error::Api(status)) => assert!(status.message.contains("restricted"), "{}", status.message),
        other => panic!("the standard is not enforced here: {other:?}"),
    }
}

async fn create_pod(client: &Client, template: &Value) -> Result<Pod, Error> {
    let mut pod = template.clone();
    pod["metadata"]["generateName"] = json!("autoscaler-");
    let pod: Pod = serde_json::from_value(pod).expect("a template has the shape of a Pod");
    let pods: Api<Pod> = Api::namespaced(client.clone(), "strict");
    pods.create(&PostParams::default(), &pod).await
}

/// The Deployment runs as the service account that the roles are bound to, where its Secret is.
#[test]
fn deployment_runs_with_the_rights_that_the_tests_run_with() {
    let deployment = deployment();
    assert_eq!(deployment["metadata"]["namespace"], deploy::NAMESPACE);
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["serviceAccountName"], deploy::NAME);
    let bindings = deploy::documents("rbac.yaml");
    let bindings: Vec<&Value> = bindings.iter().filter(|one| one["subjects"].is_array()).collect();
    assert_eq!(bindings.len(), 2);
    for binding in bindings {
        let subject =
            json!([{"kind": "ServiceAccount", "name": deploy::NAME, "namespace": deploy::NAMESPACE}]);
        assert_eq!(binding["subjects"], subject);
    }
    let budgets = deploy::documents("deployment.yaml");
    let budget = budgets
        .iter()
        .find(|one| one["kind"] == "PodDisruptionBudget")
        .expect("a budget");
    assert_eq!(budget["spec"]["selector"], deployment["spec"]["selector"]);
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    assert_eq!(deployment["spec"]["selector"]["matchLabels"], *labels);
}

/// The image is of this version and built by the compiler that everything else is built by.
#[test]
fn image_is_of_this_version_and_compiler() {
    let file = |path: &str| {
        let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("the file is there")
    };
    let dockerfile = file("deploy/Dockerfile");
    let toolchain: toml::Table = file("rust-toolchain.toml").parse().expect("TOML");
    let compiler = toolchain["toolchain"]["channel"]
        .as_str()
        .expect("it names a channel");
    assert!(
        dockerfile.contains(&format!("FROM rust:{compiler}-")),
        "{dockerfile}"
    );
    assert!(
        dockerfile.contains(&format!("RUSTUP_TOOLCHAIN={compiler}")),
        "{dockerfile}"
    );
    // What it builds, copies and calls is there, so far as can be told without building it.
    let manifest: toml::Table = file("bins/autoscaler/Cargo.toml").parse().expect("TOML");
    let name = manifest["package"]["name"].as_str().expect("it has a name");
    for line in [
        format!("cargo build --profile dist --locked --package {name}"),
        format!("COPY --from=build /source/target/dist/{name} /{name}"),
        format!("ENTRYPOINT [\"/{name}\"]"),
    ] {
        assert!(
            dockerfile.lines().any(|it| it.contains(&line)),
            "{line} in {dockerfile}"
        );
    }
    let arguments = file("bins/autoscaler/src/args.rs");
    assert!(
        dockerfile.contains("CMD [\"run\"]") && arguments.contains("Run("),
        "{arguments}"
    );
    assert!(
        file(".dockerignore")
            .lines()
            .any(|line| line.trim_matches('/') == "target")
    );
    let image = format!("vpsie-autoscaler:{}", env!("CARGO_PKG_VERSION"));
    assert!(dockerfile.contains(&image), "{dockerfile}");
    assert_eq!(
        deployment()["spec"]["template"]["spec"]["containers"][0]["image"],
        image
    );
}
