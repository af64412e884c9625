//! A batch of the catalogue's own rows as one transaction.

use super::Pools;
use super::batch::{Batch, Key, Step};
use super::row;
use super::statement::{
    BEGIN, BODIES, DROP_ALL_HELD, DROP_HELD, DROP_REPOSITORY, DROP_TAGS, END, END_REPOSITORY, HELD, MANIFESTS, Placeholders, REFERRERS,
    REGISTRIES, REPOSITORIES, TAGS,
};
use super::transaction::{ROWS, Transaction};
use crate::record::Write;

/// Writes a batch as one transaction.
pub(super) async fn save(pools: &Pools, writes: &[Write]) -> sqlx::Result<()> {
    let batch = Batch::of(writes);
    let mut transaction = Transaction::begin(pools).await?;
    transaction.manifests(&batch).await?;
    for step in &batch.steps {
        transaction.step(step).await?;
    }
    transaction.commit().await
}

impl Transaction {
    async fn manifests(&mut self, batch: &Batch<'_>) -> sqlx::Result<()> {
        self.rows(&MANIFESTS, batch.manifests.iter().map(|(digest, m)| row::manifest(digest, m)).collect()).await?;
        self.rows(&BODIES, batch.manifests.iter().map(|(digest, m)| row::body(digest, m)).collect()).await.map(drop)
    }

    async fn step(&mut self, step: &Step<'_>) -> sqlx::Result<()> {
        self.rows(&REGISTRIES, step.registries.iter().map(|(name, r)| row::registry(name, r)).collect()).await?;
        self.rows(&REPOSITORIES, step.repositories.iter().map(|(place, r)| row::repository(place, r)).collect()).await?;
        self.rows(&END, step.tags.iter().map(|(key, r)| row::named(key, r)).collect()).await?;
        self.rows(&BEGIN, step.tags.iter().map(|(key, r)| row::named(key, r)).collect()).await?;
        self.rows(&TAGS, step.tags.iter().map(|(key, r)| row::tag(key, r)).collect()).await?;
        self.rows(&REFERRERS, step.referrers.iter().map(|(key, r)| row::referrers(key, r)).collect()).await?;

        self.rows(&HELD, step.held.iter().filter_map(|(key, since)| Some(row::held(key, (*since)?))).collect()).await?;
        self.drop_rows(DROP_HELD, &step.held.iter().filter(|(_, since)| since.is_none()).map(|(key, _)| key).collect::<Vec<_>>()).await?;

        self.rows(&END, step.dropped_tags.iter().map(|(key, at)| row::moment(key, None, *at)).collect()).await?;
        self.drop_rows(DROP_TAGS, &step.dropped_tags.keys().collect::<Vec<_>>()).await?;
        for ((registry, repository), at) in &step.dropped_repositories {
            self.run(END_REPOSITORY.to_owned(), vec![(&**registry).into(), (&**repository).into(), (*at).into()], true).await?;
            for statement in [DROP_REPOSITORY, DROP_ALL_HELD] {
                self.run(statement.to_owned(), vec![(&**registry).into(), (&**repository).into()], true).await?;
            }
        }
        Ok(())
    }

    /// By repository, since SQLite reads the whole table where rows of three columns are looked for in a list.
    async fn drop_rows(&mut self, statement: &str, keys: &[&Key<'_>]) -> sqlx::Result<()> {
        for repository in keys.chunk_by(|a, b| (&a.0, &a.1) == (&b.0, &b.1)) {
            for tags in repository.chunks(ROWS) {
                let sql = format!("{statement}{}", Placeholders::Numbers.rows(3, 1, tags.len()));
                let place = tags.first().into_iter().flat_map(|key| [(&*key.0).into(), (&*key.1).into()]);
                let values = place.chain(tags.iter().map(|key| (&*key.2).into())).collect();
                self.run(sql, values, tags.len() == ROWS || tags.len() == 1).await?;
            }
        }
        Ok(())
    }
}
