use super::Pools;
use super::batch::text;
use crate::record::{ManifestRecord, MomentRecord, Piece, ReferrersRecord, RegistryRecord, RepositoryRecord, TagRow};
use futures::{TryStreamExt as _, stream::BoxStream};
use serde::Deserialize;
use sqlx::{Row as _, raw_sql};
use std::{borrow::Cow, task::Poll, time::Duration};

/// A million rows take seconds, over a slow line more.
const LONGER: &str = "SET LOCAL statement_timeout = '15min'";

/// How long rows gather; fewer than [`super::pools`] lets wait come in that time.
const GATHER: Duration = Duration::from_millis(1);

const REGISTRIES: &str = "SELECT registry, crawled, capabilities FROM registries ORDER BY registry";
const REPOSITORIES: &str = "SELECT registry, repository, first_seen, crawled, strikes FROM repositories ORDER BY registry, repository";
/// What SQLite hands over costs by row and column, through a thread of its own: a repository's tags as one text take half
/// the time. They come in the order of the key, since that is how they lie.
const SQLITE_TAGS: &str = "SELECT registry, repository,
         json_group_array(json_array(tag, digest, first_seen, pushed, told, strikes, problem))
     FROM tags GROUP BY registry, repository ORDER BY registry, repository";
const POSTGRESQL_TAGS: &str = "SELECT registry, repository, tag, digest, first_seen, pushed, told, strikes, problem FROM tags
     ORDER BY registry, repository, tag";
/// Rows are only ever added, so the last one's number is how many there are; counting them would read them all.
const SQLITE_COUNT: &str = "SELECT MAX(COALESCE(MAX(rowid), 0) - $1, 0) FROM manifests";
const POSTGRESQL_COUNT: &str = "SELECT GREATEST(reltuples, 0)::BIGINT - $1 FROM pg_catalog.pg_class WHERE oid = 'manifests'::regclass";
/// As they lie, after a row.
const SQLITE_MANIFESTS: &str = "SELECT digest, summary FROM manifests WHERE rowid > $1";
/// In no order. Nothing is left out: its rows have no numbers.
const POSTGRESQL_MANIFESTS: &str = "SELECT digest, summary FROM manifests WHERE $1 >= 0";
const LAST_MANIFEST: &str = "SELECT rowid, digest FROM manifests ORDER BY rowid DESC LIMIT 1";
const COUNT_MANIFESTS: &str = "SELECT COUNT(*) FROM manifests";
const IS_MANIFEST: &str = "SELECT COUNT(*) FROM manifests WHERE rowid = $1 AND digest = $2";
const REFERRERS: &str = "SELECT registry, repository, digest, checked, descriptors FROM referrers
     ORDER BY registry, repository, digest";

const MANIFEST: &str = "SELECT m.digest, m.media_type, m.summary, b.body, b.config
     FROM manifests AS m JOIN bodies AS b ON b.digest = m.digest WHERE m.digest = $1";
const MOMENTS: &str = "SELECT digest, since, until FROM moments
     WHERE registry = $1 AND repository = $2 AND tag = $3 ORDER BY since DESC LIMIT $4";

/// The same on either pool of connections that may read.
macro_rules! on {
    ($pools:expr, |$pool:ident| $body:expr) => {
        match $pools {
            Pools::Sqlite { readers: $pool, .. } => $body,
            Pools::PostgreSql($pool) => $body,
        }
    };
}

/// Hands on a table's rows as they come, so that no row is held twice.
macro_rules! table {
    ($transaction:ident, $take:ident, $query:expr, |$row:ident| $piece:expr) => {{
        let mut rows = $query.fetch(&mut *$transaction);
        while let Some($row) = next(&mut rows).await? {
            $take($piece);
        }
    }};
}

/// All tables, with the statements in which the databases differ.
macro_rules! all {
    ($transaction:ident, $take:ident, $count:expr, $manifests:expr, $after:ident, |$tags:ident| $read_tags:expr) => {{
        let count = sqlx::query_scalar::<_, i64>($count).bind($after).fetch_one(&mut *$transaction).await?;
        $take(Piece::Manifests(usize::try_from(count).unwrap_or(0)));
        table!($transaction, $take, sqlx::query(REGISTRIES), |row| {
            Piece::Registry(RegistryRecord { registry: row.try_get(0)?, crawled: row.try_get(1)?, capabilities: row.try_get(2)? })
        });
        let manifests = sqlx::query($manifests).bind($after);
        table!($transaction, $take, manifests, |row| Piece::Manifest { digest: row.try_get(0)?, summary: row.try_get(1)? });
        table!($transaction, $take, sqlx::query(REPOSITORIES), |row| {
            Piece::Repository(RepositoryRecord {
                registry: row.try_get(0)?,
                repository: row.try_get(1)?,
                first_seen: row.try_get(2)?,
                crawled: row.try_get(3)?,
                strikes: row.try_get(4)?,
            })
        });
        let $tags = &mut $transaction;
        $read_tags;
        table!($transaction, $take, sqlx::query(REFERRERS), |row| {
            Piece::Referrers(ReferrersRecord {
                registry: row.try_get(0)?,
                repository: row.try_get(1)?,
                digest: row.try_get(2)?,
                checked: row.try_get(3)?,
                descriptors: row.try_get(4)?,
            })
        });
    }};
}

/// The next row. Where none is there yet it lets some gather: waiting for each one costs a change of threads for each,
/// which took more time than reading them.
async fn next<R>(rows: &mut BoxStream<'_, sqlx::Result<R>>) -> sqlx::Result<Option<R>> {
    loop {
        match futures::poll!(rows.try_next()) {
            Poll::Ready(row) => return row,
            Poll::Pending => tokio::time::sleep(GATHER).await,
        }
    }
}

/// In one transaction: what is read belongs together, whatever is written meanwhile. Manifests up to a row of SQLite are left out.
pub(super) async fn everything(pools: &Pools, after: i64, take: &mut (dyn FnMut(Piece<'_>) + Send)) -> sqlx::Result<()> {
    match pools {
        Pools::Sqlite { readers, .. } => {
            let mut transaction = readers.begin().await?;
            all!(transaction, take, SQLITE_COUNT, SQLITE_MANIFESTS, after, |tags| {
                let mut rows = sqlx::query(SQLITE_TAGS).fetch(&mut **tags);
                while let Some(row) = next(&mut rows).await? {
                    take(Piece::Tags { registry: row.try_get(0)?, repository: row.try_get(1)?, tags: &unpack(row.try_get(2)?)? });
                }
            });
        }
        Pools::PostgreSql(pool) => {
            let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
            raw_sql(LONGER).execute(&mut *transaction).await?;
            all!(transaction, take, POSTGRESQL_COUNT, POSTGRESQL_MANIFESTS, after, |tags| {
                let mut rows = sqlx::query(POSTGRESQL_TAGS).fetch(&mut **tags);
                while let Some(row) = next(&mut rows).await? {
                    let text = |i: usize| row.try_get::<Option<&str>, _>(i).map(|t| t.map(Cow::Borrowed));
                    let tag = TagRow {
                        tag: Cow::Borrowed(row.try_get(2)?),
                        digest: text(3)?,
                        first_seen: row.try_get(4)?,
                        pushed: row.try_get(5)?,
                        told: row.try_get(6)?,
                        strikes: row.try_get(7)?,
                        problem: text(8)?,
                    };
                    take(Piece::Tags { registry: row.try_get(0)?, repository: row.try_get(1)?, tags: &[tag] });
                }
            });
        }
    }
    Ok(())
}

/// One repository's tags, as [`SQLITE_TAGS`] packs them.
fn unpack(packed: &str) -> sqlx::Result<Vec<TagRow<'_>>> {
    /// Borrows where the JSON has no escapes, which is nearly always.
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    type Row<'a> = (Text<'a>, Option<Text<'a>>, i64, Option<i64>, u8, i64, Option<Text<'a>>);
    let rows: Vec<Row<'_>> = serde_json::from_str(packed).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let rows = rows.into_iter().map(|(tag, digest, first_seen, pushed, told, strikes, problem)| TagRow {
        tag: tag.0,
        digest: digest.map(|d| d.0),
        first_seen,
        pushed,
        told: told != 0,
        strikes,
        problem: problem.map(|p| p.0),
    });
    Ok(rows.collect())
}

pub(super) async fn manifest(pools: &Pools, digest: &str) -> sqlx::Result<Option<ManifestRecord>> {
    type Row = (String, String, Vec<u8>, Vec<u8>, Option<Vec<u8>>);
    let row: Option<Row> = on!(pools, |pool| sqlx::query_as(MANIFEST).bind(text(digest)).fetch_optional(pool).await?);
    Ok(row.map(|(digest, media_type, summary, body, config)| ManifestRecord { digest, media_type, summary, body, config }))
}

/// The last row of the manifests of SQLite with its digest, and how many there are; none of PostgreSQL, or where there are none.
pub(super) async fn last_manifest(pools: &Pools) -> sqlx::Result<Option<(i64, String, i64)>> {
    let Pools::Sqlite { readers, .. } = pools else { return Ok(None) };
    let mut transaction = readers.begin().await?;
    let last: Option<(i64, String)> = sqlx::query_as(LAST_MANIFEST).fetch_optional(&mut *transaction).await?;
    let count = sqlx::query_scalar(COUNT_MANIFESTS).fetch_one(&mut *transaction).await?;
    Ok(last.map(|(row, digest)| (row, digest, count)))
}

/// Whether a row of the manifests of SQLite has a digest.
pub(super) async fn is_manifest(pools: &Pools, row: i64, digest: &str) -> sqlx::Result<bool> {
    let Pools::Sqlite { readers, .. } = pools else { return Ok(false) };
    let found: i64 = sqlx::query_scalar(IS_MANIFEST).bind(row).bind(digest).fetch_one(readers).await?;
    Ok(found == 1)
}

pub(super) async fn moments(pools: &Pools, place: [&str; 3], limit: u32) -> sqlx::Result<Vec<MomentRecord>> {
    let [registry, repository, tag] = place.map(text);
    let rows: Vec<(String, i64, Option<i64>)> = on!(pools, |pool| {
        let query = sqlx::query_as(MOMENTS).bind(&*registry).bind(&*repository).bind(&*tag).bind(i64::from(limit));
        query.fetch_all(pool).await?
    });
    let record = |(digest, since, until)| MomentRecord {
        registry: registry.to_string(),
        repository: repository.to_string(),
        tag: tag.to_string(),
        digest,
        since,
        until,
    };
    Ok(rows.into_iter().map(record).collect())
}

/// Reads something, so that a file which was damaged or taken away shows.
pub(super) async fn ping(pools: &Pools) -> sqlx::Result<()> {
    on!(pools, |pool| sqlx::query("SELECT MAX(version) FROM supercargo_migrations").execute(pool).await.map(drop))
}
