//! The objects of a plan: those of files, else those of the live cluster.

use crate::access;
use crate::args::SourceOptions;
use crate::exit::Failure;
use crate::input;
use crate::output;
use anyhow::Context;
use autoscaler_controller::Settings;
use autoscaler_controller::planning::{Intake, Objects, Offers, live};
use std::path::Path;
use vpsie_api::{DatacenterId, Offer, VpsieApi as _};

/// Reads the files, or else looks at the live cluster.
pub(super) async fn gather(source: &SourceOptions) -> Result<Objects, Failure> {
    let given = source.offers.as_deref().map(offers).transpose()?;
    let mut intake = Intake::default();
    if source.from.is_empty() {
        let kubernetes = access::kubernetes(&source.access).await?;
        live::take(&kubernetes, &mut intake)
            .await
            .map_err(Failure::kubernetes)?;
        let is_given = given.is_some();
        let mut objects = intake.objects(given.unwrap_or_default());
        if !is_given {
            ask_for_offers(source, &kubernetes, &mut objects).await?;
        }
        return Ok(objects);
    }
    for path in &source.from {
        let text = input::text(path, "objects")?;
        let taken = intake.take_text(&text);
        taken
            .with_context(|| format!("the objects {}", path.display()))
            .map_err(Failure::input)?;
    }
    if !intake.skipped().is_empty() {
        let kinds = intake.skipped().iter();
        let kinds: Vec<String> = kinds.map(|(kind, count)| format!("{count} {kind}")).collect();
        output::complain(&output::plain(&format!(
            "note: kinds that no plan looks at are skipped: {}",
            kinds.join(", ")
        )));
    }
    // Files that tell no offers tell of no size that could be bought.
    Ok(intake.objects(given.unwrap_or_else(|| Offers::everywhere(Vec::new()))))
}

fn offers(path: &Path) -> Result<Offers, Failure> {
    let text = input::text(path, "offers")?;
    let offers = Offer::read_list(text.as_bytes());
    let offers = offers
        .with_context(|| format!("the offers {}", path.display()))
        .map_err(Failure::input)?;
    Ok(Offers::everywhere(offers))
}

/// Asks VPSie once for each data centre of a NodeGroup; without an answer Ready Nodes tell what a new one has.
async fn ask_for_offers(
    source: &SourceOptions,
    kubernetes: &kube::Client,
    objects: &mut Objects,
) -> Result<(), Failure> {
    let secret = access::secret(&source.access, kubernetes).await?;
    let vpsie = access::vpsie(&source.access, secret, Settings::default().request_timeout)?;
    for datacenter in objects.datacenters() {
        match vpsie.offers(&DatacenterId::new(datacenter.as_str())).await {
            Ok(offers) => objects.offers.add(&datacenter, offers),
            Err(error) => output::complain(&output::plain(&format!(
                "warning: what VPSie offers in {datacenter} is not known: {error}"
            ))),
        }
    }
    Ok(())
}
