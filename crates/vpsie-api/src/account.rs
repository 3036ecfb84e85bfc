//! What belongs to the account: data centres to choose from, SSH keys, projects and tags.

use std::collections::BTreeMap;

use crate::fields::{Fields, Flaw, entries};
use crate::{DatacenterId, ProjectId, ProjectNumber, SshKeyId, Timestamp};

/// Describes a data centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datacenter {
    /// The key of offers and machines.
    pub identifier: DatacenterId,
    /// What VPSie calls it.
    pub name: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The country.
    pub country: Option<String>,
    /// Whether it is in use; true when VPSie does not say.
    pub is_active: bool,
    /// Whether it is given up; false when VPSie does not say.
    pub is_deleted: bool,
    /// Whether it is reserved for some; false when VPSie does not say.
    pub is_private: bool,
    /// Whether it is what new machines get unless another is chosen.
    pub is_default: bool,
}

impl Datacenter {
    /// Reads an entry of the list of data centres.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            identifier: DatacenterId::new(key(fields)?),
            name: fields.text(&["dc_name", "name"]),
            region: fields.text(&["state"]),
            country: fields.text(&["country"]),
            is_active: fields.flag(&["is_active"]).unwrap_or(true),
            is_deleted: fields.flag(&["is_deleted"]).unwrap_or(false),
            is_private: fields.flag(&["is_private"]).unwrap_or(false),
            is_default: fields.flag(&["default_selected"]).unwrap_or(false),
        })
    }
}

/// Describes an SSH key. Its text is never read: VPSie calls it the private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshKey {
    /// The key to refer to it by.
    pub identifier: SshKeyId,
    /// What people call it.
    pub name: Option<String>,
    /// When it was added.
    pub created: Option<Timestamp>,
}

impl SshKey {
    /// Reads an entry of the list of SSH keys.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            identifier: SshKeyId::new(key(fields)?),
            name: fields.text(&["name"]),
            created: fields.time(&["created_on"]),
        })
    }
}

/// Describes a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The key to refer to it by.
    pub identifier: ProjectId,
    /// The number by which machines refer to it.
    pub number: Option<ProjectNumber>,
    /// What people call it.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether new machines go there; false when VPSie does not say.
    pub is_default: bool,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it last changed.
    pub updated: Option<Timestamp>,
}

impl Project {
    /// Reads an entry of the list of projects.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            identifier: ProjectId::new(key(fields)?),
            number: fields.id(&["id"]).map(ProjectNumber::new),
            name: fields.text(&["name"]),
            description: fields.text(&["description"]),
            is_default: fields.flag(&["is_default"]).unwrap_or(false),
            created: fields.time(&["created_on"]),
            updated: fields.time(&["updated_at"]),
        })
    }
}

/// Describes a tag and the one thing that carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What it says.
    pub name: String,
    /// The numeric id of what carries it.
    pub entity: Option<u64>,
    /// The kind of what carries it, in VPSie's words.
    pub kind: Option<String>,
}

impl Tag {
    fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            name: fields.text(&["name"]).ok_or(Flaw::Missing("name"))?,
            entity: fields.id(&["entity_id"]),
            kind: fields.text(&["entity_type"]),
        })
    }

    /// Reads all tags, by the kind of what carries them.
    pub(crate) fn decode_all(fields: &Fields<'_>) -> Result<BTreeMap<String, Vec<Self>>, Flaw> {
        let mut all = BTreeMap::new();
        for (kind, list) in fields.all() {
            let list = list.get().as_bytes();
            // What is no list holds no tags, whatever it is.
            if !list.starts_with(b"[") {
                continue;
            }
            let mut tags = Vec::new();
            let taken = entries(list, |entry| {
                let entry = entry.map_err(|_| Flaw::Missing("name"))?;
                tags.push(Self::decode(&entry)?);
                Ok(())
            });
            taken.map_err(|stop| stop.flaw_of("the tags"))?;
            all.insert(kind.to_owned(), tags);
        }
        Ok(all)
    }
}

fn key(fields: &Fields<'_>) -> Result<String, Flaw> {
    fields.text(&["identifier"]).ok_or(Flaw::Missing("identifier"))
}
