//! What the commands that list share: every page, as JSON or as a table.

use super::{
    exit::Failed,
    output::{self, Output},
    reading::Reading,
};
use crate::settings::Flags;
use api::List;
use serde::Serialize;

/// The most items that are asked for at once.
pub(super) const PAGE: u32 = 1000;

/// A command that lists.
pub(super) trait Listing {
    type Item: Serialize;
    const HEADER: &'static [&'static str];
    /// The column that gives way where the terminal is narrow.
    const WIDE: usize;
    /// All pages, not only the first.
    const WHOLE: bool;

    fn json(&self) -> bool;
    /// Reads what must be known before anything can be listed.
    async fn prepare(&mut self, _reading: &Reading) -> Result<(), Failed> {
        Ok(())
    }
    /// A page: the first, or the one after a cursor.
    async fn page(&self, reading: &Reading, after: Option<String>) -> Result<List<Self::Item>, Failed>;
    fn row(item: &Self::Item, out: Output) -> Vec<String>;
}

/// Lists, and ends.
pub(super) async fn run<L: Listing>(mut listing: L, flags: Flags) -> Result<(), Failed> {
    let reading = Reading::open(flags).await?;
    let list = all(&mut listing, &reading).await;
    reading.close().await;
    let list = list?;
    if listing.json() {
        return output::json(&list);
    }
    let out = Output::of_process();
    out.table(L::HEADER, list.items.iter().map(|item| L::row(item, out)).collect(), L::WIDE)
}

async fn all<L: Listing>(listing: &mut L, reading: &Reading) -> Result<List<L::Item>, Failed> {
    listing.prepare(reading).await?;
    let mut all = listing.page(reading, None).await?;
    while L::WHOLE
        && let Some(next) = all.next.take()
    {
        let page = listing.page(reading, Some(next)).await?;
        all.items.extend(page.items);
        all.next = page.next;
    }
    Ok(all)
}
