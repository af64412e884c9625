//! The steps of a commit, one request after the other: each is seen when the one before is, and on the disks when it is answered.
//!
//! A folder is listed while anything is in it. So the file that it is read by (a tag's `current/link`, a blob's `data`) comes before the
//! others and goes after them: what is listed can be read, whatever instant this is stopped at.

use super::{open::Open, uploads::Uploads};
use crate::{driver::Step, layout};
use object_store::ObjectMeta;
use std::{io, sync::Arc};

pub(super) async fn take(open: &Open, uploads: &Arc<Uploads>, step: Step) -> io::Result<()> {
    match step {
        Step::Put { path, bytes } => open.put(&path, bytes).await,
        Step::Folder { path, files } => {
            let (first, rest): (Vec<_>, Vec<_>) = files.into_iter().partition(|(file, _)| is_read(file));
            for files in [first, rest] {
                open.put_all(files.into_iter().map(|(file, bytes)| (format!("{path}/{file}"), bytes)).collect()).await?;
            }
            Ok(())
        }
        Step::Place { upload, folder } => uploads.place(&upload, &folder).await,
        // There are no folders.
        Step::Ensure { .. } => Ok(()),
        Step::Remove { path } => remove(open, &path).await,
        Step::Move { from, to } => relocate(open, &from, &to).await,
    }
}

pub(super) async fn remove(open: &Open, path: &str) -> io::Result<()> {
    let inside = open.under(path).await?;
    if inside.is_empty() {
        return open.delete(&[path.to_owned()]).await;
    }
    forget(open, path, &inside).await
}

async fn forget(open: &Open, folder: &str, inside: &[(String, ObjectMeta)]) -> io::Result<()> {
    let (last, first): (Vec<_>, Vec<_>) = inside.iter().map(|(name, _)| name).partition(|name| is_read(name));
    for names in [first, last] {
        if !names.is_empty() {
            open.delete(&names.iter().map(|name| format!("{folder}/{name}")).collect::<Vec<_>>()).await?;
        }
    }
    Ok(())
}

async fn relocate(open: &Open, from: &str, to: &str) -> io::Result<()> {
    let mut inside = open.under(from).await?;
    inside.sort_by_key(|(name, _)| !is_read(name));
    for (name, object) in &inside {
        open.copy(&format!("{from}/{name}"), &format!("{to}/{name}"), object.size).await?;
    }
    forget(open, from, &inside).await
}

/// Whether a file of a folder is the one that the folder is read by.
fn is_read(name: &str) -> bool {
    [layout::CURRENT, layout::LINK, layout::DATA].contains(&name)
}
