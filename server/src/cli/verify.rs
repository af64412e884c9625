//! `verify`: our own registry, read to the last byte.

use super::{
    exit::Failed,
    output::{self, human_size},
    telling::Telling,
};
use crate::{
    embedded::Own,
    logs,
    settings::{self, Flags, Sources},
};
use api::{Code, Problem};
use clap::Args;
use embedded::Checked;
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// Findings that wait to be written.
const WAITING: usize = 1_000;

/// Read all that our own registry stores, and tell what is damaged or missing. It may serve meanwhile.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Write each finding as a line of JSON
    #[arg(long)]
    json: bool,
    /// Put damaged blobs aside, below _quarantine in the storage, so that the next push brings them anew
    #[arg(long)]
    quarantine: bool,
}

impl Verify {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let settings = settings::load(&Sources::of_process(flags))?;
        logs::begin(settings.log, "off");
        let own = settings.embedded.as_ref().filter(|own| own.storage.may_exist()).ok_or_else(|| {
            Problem::new(Code::RegistryNotFound, "There is no registry of ours to verify.")
                .hint("Name its folder or bucket: --storage file:DIRECTORY.")
        })?;
        let local = Own::open_storage(&settings, own, own.durable).map_err(Failed::Other)?;
        let (found, mut findings) = mpsc::channel(WAITING);
        let reading = tokio::spawn(async move { local.verify(self.quarantine, move |checked| found.blocking_send(checked).is_ok()).await });
        let telling = Telling::new();
        let (mut blobs, mut bytes, mut wrong) = (0_u64, 0_u64, 0_u64);
        while let Some(checked) = findings.recv().await {
            if let Checked::Whole { size, .. } | Checked::Damaged { size, .. } = &checked {
                (blobs, bytes) = (blobs + 1, bytes + size);
            }
            if !checked.is_good() {
                wrong += 1;
                telling.clear();
                output::print(&if self.json { format!("{}\n", value(&checked)) } else { format!("{}\n", sentence(&checked)) })?;
            }
            telling.tell(|| format!("{blobs} blobs, {}", human_size(bytes)));
        }
        telling.clear();
        let read = reading.await.map_err(|error| Failed::Other(format!("Reading ended before its time: {error}.")))?;
        read.map_err(|error| Failed::Other(format!("{} cannot be read: {error}.", own.storage)))?;
        let sum = format!("Read {blobs} blobs, {}", human_size(bytes));
        if wrong == 0 {
            return if self.json { Ok(()) } else { output::print(&format!("{sum}; all is as it should be.\n")) };
        }
        Err(Failed::Other(format!("{sum}; {wrong} {} wrong.", if wrong == 1 { "thing is" } else { "things are" })))
    }
}

fn sentence(checked: &Checked) -> String {
    match checked {
        Checked::Whole { digest, .. } => format!("{digest} is whole."),
        Checked::Damaged { digest, size, is, aside } => {
            let aside = if *aside { " It was put aside." } else { "" };
            format!("{digest} is damaged: its {size} bytes have the digest {is}.{aside}")
        }
        Checked::Empty { digest } => format!("{digest} has no bytes."),
        Checked::Missing { repository, manifest, digest } if manifest == digest => format!("{repository}@{manifest} is not there."),
        Checked::Missing { repository, manifest, digest } => format!("{repository}@{manifest} names {digest}, which is not there."),
        Checked::Dangling { repository, tag } => format!("{repository}:{tag} names nothing."),
    }
}

fn value(checked: &Checked) -> Value {
    match checked {
        Checked::Whole { digest, size } => json!({"found": "whole", "digest": digest, "size": size}),
        Checked::Damaged { digest, size, is, aside } => {
            json!({"found": "damaged", "digest": digest, "size": size, "is": is, "quarantined": aside})
        }
        Checked::Empty { digest } => json!({"found": "empty", "digest": digest}),
        Checked::Missing { repository, manifest, digest } => {
            json!({"found": "missing", "repository": repository, "manifest": manifest, "digest": digest})
        }
        Checked::Dangling { repository, tag } => json!({"found": "dangling", "repository": repository, "tag": tag}),
    }
}
