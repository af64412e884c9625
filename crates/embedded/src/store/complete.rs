//! Whether everything that a manifest names is there.

use super::Store;
use crate::{
    document::{Document, Named},
    error::{Code, Error, Result, refuse},
    layout,
};
use oci::RepositoryName;
use serde_json::json;
use std::{panic::resume_unwind, thread};

impl Store {
    /// Refuses a manifest of which not everything is in the repository, unless `sparse`. What is there is dated first.
    pub(super) fn complete(&self, name: &RepositoryName, document: &Document) -> Result<()> {
        let blobs = self.each(&document.blobs, |blob| {
            let linked = self.keep_link(&layout::layer(name, &blob.digest))?;
            Ok(self.keep(&layout::blob(&blob.digest))? && linked && self.whole(&blob.digest, Some(blob.size))?.is_some())
        })?;
        let children = self.each(&document.children, |child| {
            let linked = self.keep_link(&layout::revision(name, &child.digest))?;
            let blob = layout::blob(&child.digest);
            Ok(self.keep(&blob)? && linked && self.driver.stat(&blob)?.is_some_and(|stat| stat.size > 0))
        })?;
        if self.settings.sparse {
            return Ok(());
        }
        let there = blobs.into_iter().chain(children);
        let named = document.blobs.iter().chain(&document.children);
        let mut missing: Vec<_> = named.zip(there).filter(|(_, there)| !there).map(|(named, _)| &named.digest).collect();
        let Some(first) = missing.first() else { return Ok(()) };
        let more = if missing.len() > 1 { format!(" and {} more", missing.len() - 1) } else { String::new() };
        let message = format!("the manifest names {first}{more}, which {name} does not have");
        missing.truncate(100);
        refuse(Code::ManifestBlobUnknown, message)
            .map_err(|error: Error| error.about(json!(missing.iter().map(|digest| json!({"digest": digest})).collect::<Vec<_>>())))
    }

    /// Asks the same of many, as many at a time as the storage likes to be asked. The answers are in the order of the questions.
    fn each(&self, named: &[Named], ask: impl Fn(&Named) -> Result<bool> + Sync) -> Result<Vec<bool>> {
        let at_a_time = self.driver.questions_at_a_time().min(named.len());
        if at_a_time < 2 {
            return named.iter().map(ask).collect();
        }
        let ask = &ask;
        thread::scope(|scope| {
            let parts: Vec<_> = named
                .chunks(named.len().div_ceil(at_a_time))
                .map(|part| scope.spawn(move || part.iter().map(ask).collect::<Result<Vec<_>>>()))
                .collect();
            let answers: Result<Vec<_>> = parts.into_iter().map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic))).collect();
            Ok(answers?.concat())
        })
    }
}
