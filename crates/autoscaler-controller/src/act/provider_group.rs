//! The creation of a node group at VPSie: intent, POST, outcome.

use super::{ActError, Actor, Pass};
use crate::resources::{NodeGroup, keys};
use crate::target::Target;
use vpsie_api::CreateGroup;

impl Actor {
    /// Asks VPSie for a node group; the next polls show its number under its name.
    pub(super) async fn create_provider_group(
        &self,
        target: Target,
        request: &CreateGroup,
        attempt: u32,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        let (mut intent, opened) = self.open(attempt, None, pass)?;
        pass.writer
            .write_intent::<NodeGroup>(target.clone(), keys::ANNOTATION_GROUP_INTENT, &intent)
            .await?;
        if let Err(error) = self.may_start(opened, pass) {
            intent.give_up(&error);
            pass.writer
                .settle_intent::<NodeGroup>(target, keys::ANNOTATION_GROUP_INTENT, &intent)
                .await?;
            return Err(error);
        }
        let answer = self.api.create_group(request).await;
        tracing::info!(
            cluster = %request.cluster, group = request.name, size = %request.size,
            error = answer.as_ref().err().map(ToString::to_string), "provider group asked for"
        );
        intent.settle(&answer);
        pass.writer
            .settle_intent::<NodeGroup>(target, keys::ANNOTATION_GROUP_INTENT, &intent)
            .await?;
        answer.map_err(ActError::from)
    }
}
