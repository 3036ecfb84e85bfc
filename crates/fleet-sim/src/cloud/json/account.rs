//! The JSON of plans, datacentres, SSH keys, projects and tags.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{USER, zoned};
use crate::cloud::account::{DatacenterSpec, Numbered, ProjectSpec, SshKeySpec, TagSpec};
use crate::cloud::behaviour::PriceForm;
use crate::cloud::specs::OfferSpec;

/// Writes a sum of money in the form that the row at `place` of a list has.
pub(in crate::cloud) fn money(number: f64, text: String, form: PriceForm, place: usize) -> Value {
    match form {
        PriceForm::Number => json!(number),
        PriceForm::Text => json!(text),
        PriceForm::Mixed if place.is_multiple_of(2) => json!(number),
        PriceForm::Mixed => json!(text),
    }
}

pub(in crate::cloud) fn monthly_number(size: &OfferSpec) -> f64 {
    f64::from(size.monthly_price_cents) / 100.0
}

pub(in crate::cloud) fn monthly(size: &OfferSpec, form: PriceForm, place: usize) -> Value {
    let cents = size.monthly_price_cents;
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    money(monthly_number(size), text, form, place)
}

/// Writes the price of an hour: that of the month through 730, to four digits.
pub(in crate::cloud) fn hourly(size: &OfferSpec, form: PriceForm, place: usize) -> Value {
    let number = (monthly_number(size) / 730.0 * 10_000.0).round() / 10_000.0;
    money(number, format!("{number:.4}"), form, place)
}

/// Writes a node size (K11).
pub(in crate::cloud) fn offer(size: &OfferSpec, form: PriceForm, place: usize) -> Value {
    json!({
        "id": size.number, "name": size.name, "cpu": size.cpu, "ram": size.ram_mb, "disk": size.disk_gb,
        "price": monthly(size, form, place), "hourly_price": hourly(size, form, place),
    })
}

/// Writes a plan (P2).
pub(in crate::cloud) fn plan(size: &OfferSpec, price: Value) -> Value {
    json!({
        "identifier": plan_identifier(size), "nickname": size.name, "cpu": size.cpu, "ram": size.ram_mb,
        "ssd": size.disk_gb, "traffic": 4096, "price": price,
    })
}

pub(in crate::cloud) fn plan_identifier(size: &OfferSpec) -> String {
    format!("{:08x}-f8f3-11f0-9b1e-0050569c68dc", size.number & 0xffff_ffff)
}

pub(in crate::cloud) fn datacenter(datacenter: &DatacenterSpec, is_first: bool) -> Value {
    json!({
        "dc_name": datacenter.name, "dc_image": "", "state": datacenter.state, "country": datacenter.country,
        "is_active": i32::from(datacenter.is_active), "identifier": datacenter.identifier,
        "default_selected": i32::from(is_first), "is_deleted": 0, "is_fip_available": 1,
        "is_bucket_available": 0, "is_private": 0,
    })
}

pub(in crate::cloud) fn ssh_key(key: &Numbered<SshKeySpec>, made_at: DateTime<Utc>) -> Value {
    json!({
        "id": key.number, "user_id": USER, "name": key.spec.name, "private_key": key.spec.key,
        "created_on": zoned(made_at), "identifier": key.uuid, "created_by": "Jane Doe",
    })
}

pub(in crate::cloud) fn project(
    project: &Numbered<ProjectSpec>,
    made_at: DateTime<Utc>,
    is_first: bool,
) -> Value {
    json!({
        "id": project.number, "name": project.spec.name, "description": project.spec.description,
        "created_on": zoned(made_at), "updated_at": zoned(made_at), "identifier": project.uuid,
        "created_by": "Jane Doe", "is_default": i32::from(is_first),
    })
}

/// Writes tags as an object with a list for each kind of tagged thing; two kinds are always there.
pub(in crate::cloud) fn tags<'a>(tags: impl Iterator<Item = &'a TagSpec>) -> Value {
    let mut kinds: BTreeMap<&str, Vec<Value>> = BTreeMap::from([("boxes", vec![]), ("ssh_keys", vec![])]);
    for tag in tags {
        let entry = json!({"name": tag.name, "entity_id": tag.entity_id, "entity_type": tag.entity});
        kinds.entry(&tag.entity).or_default().push(entry);
    }
    json!(kinds)
}
