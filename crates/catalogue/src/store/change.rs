use super::row::Value;
use super::statement::Statement;
use super::transaction::{Row, Transaction, select};
use super::{Result, Store};

/// A transaction of what is kept ([`crate::kept`]): once committed, it survives a power cut. Dropped, it is rolled back.
///
/// Over all processes there is one at a time, so what is read in it stays true until it ends; keep it short.
pub(crate) struct Change<'s> {
    store: &'s Store,
    transaction: Transaction,
}

impl Change<'_> {
    /// Runs a statement with placeholders `$1`, `$2`, …; says how many rows it wrote.
    pub(crate) async fn run(&mut self, sql: &str, values: Vec<Value<'_>>) -> Result<u64> {
        self.transaction.run(sql.to_owned(), values, true).await.map_err(|error| self.store.error(&error))
    }

    /// Runs a statement over any number of rows; says how many it wrote.
    pub(crate) async fn rows<const COLUMNS: usize>(&mut self, statement: &Statement, rows: Vec<[Value<'_>; COLUMNS]>) -> Result<u64> {
        self.transaction.rows(statement, rows).await.map_err(|error| self.store.error(&error))
    }

    /// The rows of an answer, each as `take` makes it.
    pub(crate) async fn select<T>(&mut self, sql: &str, values: Vec<Value<'_>>, take: impl Fn(&Row) -> sqlx::Result<T>) -> Result<Vec<T>> {
        let rows = self.transaction.select(sql.to_owned(), values).await;
        rows.and_then(|rows| rows.iter().map(take).collect()).map_err(|error| self.store.error(&error))
    }

    pub(crate) async fn commit(self) -> Result<()> {
        self.transaction.commit().await.map_err(|error| self.store.error(&error))
    }
}

impl Store {
    /// Begins a transaction of what is kept; waits for the one under way.
    pub(crate) async fn change(&self) -> Result<Change<'_>> {
        let begun = Transaction::begin_lasting(&self.pools).await;
        begun.map(|transaction| Change { store: self, transaction }).map_err(|error| self.error(&error))
    }

    /// Runs one statement of what is kept as a transaction of its own; says how many rows it wrote.
    pub(crate) async fn run(&self, sql: &str, values: Vec<Value<'_>>) -> Result<u64> {
        let mut change = self.change().await?;
        let written = change.run(sql, values).await?;
        change.commit().await?;
        Ok(written)
    }

    /// The rows of an answer, each as `take` makes it; waits for no writer.
    pub(crate) async fn select<T>(&self, sql: &str, values: Vec<Value<'_>>, take: impl Fn(&Row) -> sqlx::Result<T>) -> Result<Vec<T>> {
        let rows = select(&self.pools, sql.to_owned(), values).await;
        rows.and_then(|rows| rows.iter().map(take).collect()).map_err(|error| self.error(&error))
    }
}
