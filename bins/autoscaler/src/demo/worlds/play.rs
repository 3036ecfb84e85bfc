//! One world being played: what a person does in it, and what is true of it meanwhile.

use crate::demo::looking::{self, CALM};
use crate::demo::story;
use crate::demo::world::{NAMESPACE, World};
use anyhow::Context;
use autoscaler_controller::resources::{NodeGroup, Phase, VPSieNode};
use chrono::{DateTime, Utc};
use fleet_sim::truth::Report;
use k8s_openapi::api::core::v1::Node;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, ResourceExt};
use std::collections::BTreeSet;
use std::time::Duration;

/// A world, and what was seen of it so far.
pub(super) struct Play {
    /// The world.
    pub(super) world: World,
    /// What the truth said, each time it was asked; at the last look before the end everything was settled.
    pub(super) reports: Vec<Report>,
    /// What is wrong, a sentence each.
    pub(super) findings: BTreeSet<String>,
    /// Foreign machines that something was done to.
    pub(super) touched: BTreeSet<String>,
    /// When it began.
    pub(super) since: DateTime<Utc>,
    groups: Vec<NodeGroup>,
    wrong_match: bool,
}

// === impl Play ===

impl Play {
    pub(super) fn new(world: World, wrong_match: bool) -> Self {
        Self {
            since: world.clock.now(),
            world,
            reports: Vec::new(),
            findings: BTreeSet::new(),
            touched: BTreeSet::new(),
            groups: Vec::new(),
            wrong_match,
        }
    }

    /// Creates a NodeGroup, as a person.
    pub(super) async fn wish(&mut self, group: NodeGroup) -> anyhow::Result<()> {
        let created = self.api().create(&PostParams::default(), &group).await;
        created.context("creating a NodeGroup")?;
        self.groups.push(group);
        Ok(())
    }

    /// Waits until VPSie was asked for so many machines.
    pub(super) async fn asked(&self, times: usize) -> anyhow::Result<()> {
        let is_asked = || self.world.cloud.ledger().len() >= times;
        looking::wait(&self.world, "VPSie is asked for a machine", is_asked).await
    }

    /// Waits until every group has its nodes, and looks at what is true then.
    pub(super) async fn settle(&mut self) -> anyhow::Result<()> {
        let is_settled = || looking::is_settled(&self.world);
        looking::wait(&self.world, "every group has its nodes", is_settled).await?;
        self.be_calm().await
    }

    /// Lets the world calm down, spoils it where that is wanted, and looks at what is true then.
    pub(super) async fn be_calm(&mut self) -> anyhow::Result<()> {
        if self.wrong_match {
            story::record_wrong_machine(&self.world).await?;
        }
        tokio::time::sleep(CALM).await;
        self.look();
        Ok(())
    }

    /// Lets so many minutes pass, and looks at what is true then.
    pub(super) async fn pass(&mut self, minutes: u64) {
        tokio::time::sleep(Duration::from_secs(minutes * 60)).await;
        self.look();
    }

    /// Takes a machine away at VPSie, and its Node out of Kubernetes, as the person does whose it is.
    pub(super) async fn take_away(&self, machine: &str) -> anyhow::Result<()> {
        let cloud = &self.world.cloud;
        cloud.remove_by_hand(machine);
        let removed = || cloud.machine(machine).filter(|machine| !machine.is_alive());
        looking::wait(&self.world, "the machine is gone", || removed().is_some()).await?;
        let nodes: Api<Node> = Api::all(self.world.client());
        if let Some(machine) = removed() {
            nodes
                .delete(&machine.node_name(), &DeleteParams::default())
                .await?;
        }
        Ok(())
    }

    /// Notes what must be so and is not.
    pub(super) fn must(&mut self, is_so: bool, sentence: &str) {
        if !is_so {
            self.findings.insert(format!("it is not so: {sentence}"));
        }
    }

    /// Returns the VPSieNodes as stored.
    pub(super) async fn claims(&self) -> anyhow::Result<Vec<VPSieNode>> {
        Ok(self.api().list(&ListParams::default()).await?.items)
    }

    /// Deletes everything, as a person does who starts with what failed, and waits until nothing is left.
    pub(super) async fn give_back(&mut self) -> anyhow::Result<()> {
        let claims: Api<VPSieNode> = self.api();
        for failed in self.claims().await? {
            if failed.phase() == Phase::Failed {
                claims
                    .delete(&failed.name_any(), &DeleteParams::default())
                    .await?;
            }
        }
        let groups: Api<NodeGroup> = self.api();
        for group in &self.groups {
            groups.delete(&group.name_any(), &DeleteParams::default()).await?;
        }
        if !self.wrong_match {
            let is_empty = || looking::is_empty(&self.world);
            looking::wait(&self.world, "every machine is given back", is_empty).await?;
        }
        tokio::time::sleep(CALM).await;
        self.look();
        Ok(())
    }

    /// Asks the truth, and whether what is foreign was left alone.
    fn look(&mut self) {
        let report = looking::examine(&self.world, &self.groups);
        self.reports.push(report);
        for machine in looking::foreign(&self.world) {
            if let Some(sentence) = looking::touched(&self.world, &machine) {
                self.findings.insert(sentence);
                self.touched.insert(machine.uuid);
            }
        }
    }

    pub(super) fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    {
        Api::namespaced(self.world.client(), NAMESPACE)
    }
}
