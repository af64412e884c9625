//! What tables and columns a version of the schema has: asked of an empty database that its migrations made, so that a table which
//! a migration adds is in the next backup without being named anywhere.

use super::super::migration;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

/// The tables, in the order in which they were created: none refers to a later one.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) tables: Vec<Table>,
}

#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// The columns of its key.
    pub(super) key: Vec<String>,
    /// The column whose numbers are never given twice.
    pub(super) numbered: Option<String>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What SQLite keeps in a column. A flag is a number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Bytes,
}

const TABLES: &str = "SELECT name, sql LIKE '% AUTOINCREMENT%' FROM sqlite_schema
     WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'supercargo_migrations' ORDER BY rowid";
const COLUMNS: &str = "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid";

impl Schema {
    /// The schema of a version.
    pub(super) async fn of(version: i64) -> sqlx::Result<Self> {
        let mut connection = SqliteConnectOptions::new().in_memory(true).disable_statement_logging().connect().await?;
        migration::sqlite_steps(&mut connection, 0, version).await?;
        let mut tables = Vec::new();
        let names: Vec<(String, bool)> = sqlx::query_as(TABLES).fetch_all(&mut connection).await?;
        for (name, numbered) in names {
            tables.push(Table::read(&mut connection, name, numbered).await?);
        }
        connection.close().await?;
        Ok(Self { tables })
    }
}

impl Table {
    async fn read(connection: &mut SqliteConnection, name: String, numbered: bool) -> sqlx::Result<Self> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(COLUMNS).bind(&name).fetch_all(connection).await?;
        let mut keyed: Vec<(i64, &String)> =
            rows.iter().filter(|(.., place)| *place > 0).map(|(column, _, place)| (*place, column)).collect();
        keyed.sort_unstable();
        let key: Vec<String> = keyed.into_iter().map(|(_, column)| column.clone()).collect();
        let columns = rows.into_iter().map(|(name, kind, _)| {
            let kind = match kind.as_str() {
                "TEXT" => Kind::Text,
                "BLOB" => Kind::Bytes,
                _ => Kind::Number,
            };
            Column { name, kind }
        });
        Ok(Self { columns: columns.collect(), numbered: key.first().filter(|_| numbered).cloned(), key, name })
    }

    /// Its columns, as a statement names them.
    pub(super) fn list(&self) -> String {
        self.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
    }

    /// Its rows in the order of its key.
    pub(super) fn select(&self) -> String {
        let key = self.key.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
        format!("SELECT {} FROM {} ORDER BY {key}", self.list(), self.name)
    }
}

/// Some are words of SQL.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_version_has_the_tables_its_migrations_make() {
        let first = Schema::of(1).await.unwrap();
        let names: Vec<&str> = first.tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["registries", "repositories", "tags", "manifests", "bodies", "referrers", "moments"]);
        let all = Schema::of(migration::KNOWN).await.unwrap();
        let find = |name: &str| all.tables.iter().find(|table| table.name == name).unwrap();
        assert_eq!(find("jobs").numbered.as_deref(), Some("number"));
        assert_eq!(find("tags").key, ["registry", "repository", "tag"]);
        assert_eq!(find("bodies").columns.iter().map(|column| column.kind).collect::<Vec<_>>(), [Kind::Text, Kind::Bytes, Kind::Bytes]);
        assert_eq!(find("job_steps").numbered, None);
    }
}
