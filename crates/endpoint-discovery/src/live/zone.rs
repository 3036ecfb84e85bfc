//! Where we ourselves are (EP-22).

use k8s_openapi::api::core::v1::Node;
use kube::{Api, Client, ResourceExt as _};

use crate::topology::own_zone;

/// Reads the zone of a Node, such as the one that `NODE_NAME` names: by the usual label, else by the first of some others
/// that it has. It needs the right to get that Node.
///
/// Whoever knows the zones of Nodes anyway need not ask: [`Settings::own_node`](super::Settings::own_node) together with
/// [`Inputs::nodes`](super::Inputs::nodes) is enough.
///
/// # Errors
///
/// When the API server does not answer, or refuses; a Node that is not there has no zone.
pub async fn zone_of_node(
    client: Client,
    node: &str,
    others: &[&str],
) -> Result<Option<String>, kube::Error> {
    let node = Api::<Node>::all(client).get_opt(node).await?;
    Ok(node.and_then(|node| own_zone(node.labels(), others)))
}
