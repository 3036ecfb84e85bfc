//! `audit`: what was recorded, and whether it is still what was recorded; reads only.

mod table;

use crate::args::{AuditCommand, AuditListOptions, AuditOutput, AuditVerifyOptions, StoreOptions};
use crate::exit::Failure;
use crate::output;
use anyhow::{Context, anyhow};
use audit_store::{Access, AuditStore, Cause, Location, Selection, StoreError};
use node_lifecycle::audit::Verified;

/// Lists or verifies a stored log.
pub(crate) fn run(command: &AuditCommand) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("starting the runtime").map_err(Failure::broken)?;
    match command {
        AuditCommand::List(options) => runtime.block_on(list(options)),
        AuditCommand::Verify(options) => runtime.block_on(verify(options)),
    }
}

async fn list(options: &AuditListOptions) -> Result<(), Failure> {
    let filter = options.filter()?;
    let Selection { records, unreadable } = opened(&options.store)
        .await?
        .select(&filter)
        .await
        .map_err(failed)?;
    match options.output {
        AuditOutput::Table => output::print(&table::table(&records)),
        AuditOutput::Json => {
            for record in &records {
                output::print(&record.stored().to_line());
            }
        }
    }
    if unreadable == 0 {
        return Ok(());
    }
    Err(Failure::audit_store(anyhow!(
        "{unreadable} entries cannot be read, and are missing above; `autoscaler audit verify` says whether they were altered, else a newer version wrote them"
    )))
}

async fn verify(options: &AuditVerifyOptions) -> Result<(), Failure> {
    let store = opened(&options.store).await?;
    let verified = store.verify(options.head).await.map_err(failed)?;
    output::print(&summary(&verified));
    if verified.is_sound() {
        return Ok(());
    }
    Err(Failure::broken(anyhow!(
        "the audit log is not what was recorded: {} findings",
        verified.finding_count
    )))
}

/// Says what a verification found, line by line.
fn summary(verified: &Verified) -> String {
    let mut lines: Vec<String> = verified.findings.iter().map(ToString::to_string).collect();
    let unlisted = verified.finding_count - verified.findings.len() as u64;
    if unlisted > 0 {
        lines.push(format!("and {unlisted} more"));
    }
    let (entries, terms) = (verified.entries, verified.heads.len());
    let findings = verified.finding_count;
    lines.push(format!("{entries} entries of {terms} terms, {findings} findings"));
    if let Some(head) = verified.heads.last() {
        let (term, sequence, hash) = (head.term, head.sequence, head.hash);
        lines.push(format!("newest: entry {sequence} of term {term}, hash {hash}"));
    }
    lines.join("\n")
}

async fn opened(options: &StoreOptions) -> Result<Box<dyn AuditStore>, Failure> {
    if options.audit_store.is_memory() {
        return Err(Failure::input(anyhow!(
            "--audit-store is `memory`, of which nothing is left to read; name the store that `autoscaler run` has"
        )));
    }
    let location: Location = options.audit_store.exposed().parse().map_err(Failure::input)?;
    audit_store::open(&location, Access::Read).await.map_err(failed)
}

fn failed(error: StoreError) -> Failure {
    match error.cause() {
        Cause::Credentials => Failure::credentials(error),
        Cause::Missing
        | Cause::Unreachable
        | Cause::Unwritable
        | Cause::Busy
        | Cause::Full
        | Cause::Corrupt
        | Cause::Schema
        | Cause::Conflict
        | Cause::Other => Failure::audit_store(error),
    }
}
