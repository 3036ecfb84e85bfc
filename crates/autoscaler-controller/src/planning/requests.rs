//! What a pod takes of a Node, reckoned as the scheduler does.

use crate::kept::Pairs;
use std::collections::BTreeMap;

use fleet_plan::{Names, Quantity, QuantityError, Resources};
use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Written;

/// Amounts by the name of the resource.
type Amounts = BTreeMap<String, Quantity>;

/// Resources for which a pod as a whole can name what it requests.
const OF_PODS: [&str; 2] = ["cpu", "memory"];

/// Begins the name of huge pages, for which it can, too.
const HUGE_PAGES: &str = "hugepages-";

/// Sums up what a pod requests, for once: names of extended resources are shared with nobody.
pub(crate) fn requested(spec: &PodSpec) -> Result<Resources, QuantityError> {
    of_pod(spec, &mut Names::default())
}

/// Sums up what a pod requests: what runs together, or more while it starts, and the overhead.
pub(super) fn of_pod(spec: &PodSpec, names: &mut Names) -> Result<Resources, QuantityError> {
    let mut together = Amounts::new();
    for container in &spec.containers {
        add(&mut together, &of_container(container)?);
    }
    let mut sidecars = Amounts::new();
    let mut starting = Amounts::new();
    for container in spec.init_containers.iter().flatten() {
        let mut one = of_container(container)?;
        if stays(container) {
            add(&mut sidecars, &one);
            one = sidecars.clone();
        } else {
            add(&mut one, &sidecars);
        }
        raise(&mut starting, &one);
    }
    add(&mut together, &sidecars);
    raise(&mut together, &starting);
    let is_of_pods = |name: &str| OF_PODS.contains(&name) || name.starts_with(HUGE_PAGES);
    let whole = listed(spec.resources.as_ref())?;
    together.extend(whole.into_iter().filter(|(name, _)| is_of_pods(name)));
    add(&mut together, &read(spec.overhead.as_ref())?);
    Ok(resources(&together, names))
}

/// Reads what a Node has for pods; the number of pods apart.
pub(super) fn of_node(
    allocatable: Option<&Pairs>,
    names: &mut Names,
) -> Result<(Resources, i64), QuantityError> {
    let told = allocatable.into_iter().flat_map(Pairs::iter);
    let told = told.map(|(name, amount)| Ok((name.to_owned(), Quantity::parse(amount)?)));
    let mut amounts: Amounts = told.collect::<Result<_, QuantityError>>()?;
    let pods = amounts.remove("pods").unwrap_or_default();
    Ok((resources(&amounts, names), pods.whole()))
}

/// Tells whether an init container runs on beside the others.
pub(super) fn stays(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

fn of_container(container: &Container) -> Result<Amounts, QuantityError> {
    listed(container.resources.as_ref())
}

fn listed(resources: Option<&ResourceRequirements>) -> Result<Amounts, QuantityError> {
    read(resources.and_then(|resources| resources.requests.as_ref()))
}

fn read(written: Option<&BTreeMap<String, Written>>) -> Result<Amounts, QuantityError> {
    let amounts = written.into_iter().flatten();
    amounts
        .map(|(name, amount)| Ok((name.clone(), Quantity::parse(&amount.0)?)))
        .collect()
}

fn add(sum: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        let mine = sum.entry(name.clone()).or_default();
        *mine = mine.plus(*amount);
    }
}

fn raise(most: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        let mine = most.entry(name.clone()).or_default();
        *mine = (*mine).max(*amount);
    }
}

fn resources(amounts: &Amounts, names: &mut Names) -> Resources {
    let mut all = Resources::default();
    for (name, amount) in amounts {
        match name.as_str() {
            "cpu" => all.cpu_m = amount.thousandths(),
            "memory" => all.memory_bytes = amount.whole(),
            "ephemeral-storage" => all.storage_bytes = amount.whole(),
            other => {
                all.extended.insert(names.get(other), amount.whole());
            }
        }
    }
    all
}
