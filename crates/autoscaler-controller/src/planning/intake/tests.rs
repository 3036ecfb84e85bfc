//! What is taken in, and what is refused.

use super::*;
use crate::kept::Kept;

const YAML: &str = r#"
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: web-1, namespace: shop}}
- {apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}}
---
---
apiVersion: v1
kind: PodList
items:
- metadata: {name: web-2}
  spec:
    containers:
    - name: web
      resources: {requests: {cpu: 2, memory: 64Mi}}
"#;

fn taken(texts: &[&str]) -> Result<(Objects, BTreeMap<String, usize>), IntakeError> {
    let mut intake = Intake::default();
    for text in texts {
        intake.take_text(text)?;
    }
    let skipped = intake.skipped().clone();
    Ok((intake.objects(Offers::default()), skipped))
}

fn refused(text: &str) -> String {
    taken(&[text]).map(|_| ()).expect_err("it is refused").to_string()
}

fn names(objects: &Objects) -> Vec<String> {
    let pods = objects.pods.iter().map(Kept::identity);
    let nodes = objects.nodes.iter().map(Kept::identity);
    pods.chain(nodes)
        .map(|identity| format!("{}/{}", identity.namespace, identity.name))
        .collect()
}

/// SC-20: what older YAML takes for a yes or a no is a text, as a name or a label may be.
#[test]
fn bare_n_and_yes_are_texts() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: n, labels: {a: yes, b: off, c: y}}}";
    let (objects, _) = taken(&[&format!("# a manifest by hand\n{pod}")]).expect("it is read");
    assert_eq!(
        (names(&objects), objects.broken.len()),
        (vec!["default/n".to_owned()], 0)
    );
    let labels = objects.pods[0].metadata.labels.as_ref().expect("it has some");
    assert_eq!(labels.values().collect::<Vec<_>>(), ["yes", "off", "y"]);
}

/// SC-20: streams of YAML, lists of any kind and single objects are taken in; other kinds are counted; a manifest
/// without a namespace is of the usual one, and amounts may be bare numbers.
#[test]
fn streams_and_lists_are_taken_in() {
    let (objects, skipped) = taken(&[YAML]).expect("it is read");
    assert_eq!(names(&objects), ["default/web-2", "shop/web-1", "/n1"]);
    assert_eq!(skipped, [("Service".to_owned(), 1)].into());
    assert_eq!(objects.broken, []);
    let amount = serde_json::to_value(&objects.pods[0]).expect("it is a value");
    assert_eq!(
        amount.pointer("/spec/containers/0/resources/requests/cpu"),
        Some(&"2".into())
    );
}

/// SC-20: the same facts as JSON, in several documents, or as a list of objects, say the same.
#[test]
fn json_says_the_same() {
    let node = r#"{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}"#;
    let pod = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop", "name": "web-1"}}"#;
    for text in [format!("{node}\n{pod}"), format!("[{pod}, {node}]")] {
        let (objects, _) = taken(&[&text]).expect("it is read");
        assert_eq!(names(&objects), ["shop/web-1", "/n1"]);
    }
}

/// SC-20: a kind of the same name in another group is another kind.
#[test]
fn kind_of_another_group_is_skipped() {
    let text = "{apiVersion: karpenter.sh/v1, kind: Node, metadata: {name: n1}}";
    let (objects, skipped) = taken(&[&format!("---\n{text}")]).expect("it is read");
    assert_eq!((objects.nodes.len(), skipped["Node"]), (0, 1));
}

/// SC-20: an object that is there twice counts once; the newer one holds, and two that nobody can tell apart are refused.
#[test]
fn newer_of_two_objects_holds() {
    let node = |version: &str, label: &str| {
        format!(
            "--- \n{{apiVersion: v1, kind: Node, metadata: {{name: n1, resourceVersion: \"{version}\", labels: {{a: {label}}}}}}}\n"
        )
    };
    for texts in [["9", "10"], ["10", "9"]] {
        let label = |version: &&str| node(version, &format!("v{version}"));
        let texts = texts.iter().map(label).collect::<Vec<_>>();
        let (objects, _) = taken(&[&texts[0], &texts[1]]).expect("it is read");
        let label = objects.nodes[0].labels().get("a");
        assert_eq!((objects.nodes.len(), label), (1, Some("v10")));
    }
    assert!(taken(&[&node("9", "same"), &node("9", "same")]).is_ok());
    let error = taken(&[&node("9", "one"), &node("9", "other")]).map(|_| ());
    assert!(
        matches!(error, Err(IntakeError::Contradiction { .. })),
        "{error:?}"
    );
}

/// SC-3: an object of the wrong shape is named, and the others are read; the Node of a broken pod is known.
#[test]
fn object_of_the_wrong_shape_is_named() {
    let text = r#"
{apiVersion: v1, kind: Pod, metadata: {name: odd, namespace: shop}, spec: {nodeName: n1, containers: none}}
---
{apiVersion: v1, kind: Node, metadata: {name: n1}}
"#;
    let (objects, _) = taken(&[&format!("---{text}")]).expect("it is read");
    assert_eq!(names(&objects), ["/n1"]);
    let [broken] = &*objects.broken else {
        panic!("{:?}", objects.broken)
    };
    assert_eq!(
        (broken.name.as_str(), broken.node.as_deref()),
        ("odd", Some("n1"))
    );
}

/// SC-20: what is no object of Kubernetes is refused, with what to write instead.
#[test]
fn what_is_no_object_is_refused() {
    for (text, expected) in [
        (
            "hello",
            "`\"hello\"` is no object of Kubernetes: it has no `kind`",
        ),
        ("a: [", "it is neither YAML nor JSON"),
        ("{\"kind\": ", "it is no JSON"),
        ("kind: Pod\napiVersion: v1", "it has no `metadata.name`"),
        ("apiVersion: v1\nmetadata: {name: n}", "it has no `kind`"),
    ] {
        let error = refused(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
    assert!(taken(&[""]).is_ok());
}

/// SC-20: a text that would grow by aliases is refused.
#[test]
fn aliases_do_not_grow_without_end() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let last = level - 1;
        let nine = vec![format!("*a{last}"); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{nine}]\n"));
    }
    assert!(refused(&text).contains("neither YAML nor JSON"));
}
