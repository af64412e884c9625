use super::Pools;
use super::batch::text;
use crate::record::{Loaded, ManifestRecord, MomentRecord, ReferrersRecord, RegistryRecord, RepositoryRecord, TagRecord};
use futures::TryStreamExt as _;
use sqlx::raw_sql;

/// A million rows take seconds, over a slow line more.
const LONGER: &str = "SET LOCAL statement_timeout = '15min'";

const REGISTRIES: &str = "SELECT registry, crawled, capabilities FROM registries ORDER BY registry";
const REPOSITORIES: &str = "SELECT registry, repository, first_seen, crawled, strikes FROM repositories ORDER BY registry, repository";
/// What SQLite hands over costs by row and column, through a thread of its own: a repository's tags as one text take half
/// the time. They come in the order of the key, since that is how they lie.
const SQLITE_TAGS: &str = "SELECT registry, repository,
         json_group_array(json_array(tag, digest, first_seen, pushed, told, strikes, problem))
     FROM tags GROUP BY registry, repository ORDER BY registry, repository";
const POSTGRESQL_TAGS: &str = "SELECT registry, repository, tag, digest, first_seen, pushed, told, strikes, problem FROM tags
     ORDER BY registry, repository, tag";
/// In no order: as they lie.
const MANIFESTS: &str = "SELECT digest, summary FROM manifests";
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

/// Streams a table's rows into records, so that no row is held twice.
macro_rules! table {
    ($transaction:ident, $sql:expr, $type:ty, |$row:pat_param| $record:expr) => {{
        let mut records = Vec::new();
        let mut rows = sqlx::query_as::<_, $type>($sql).fetch(&mut *$transaction);
        while let Some($row) = rows.try_next().await? {
            records.push($record);
        }
        records
    }};
}

macro_rules! everything {
    ($transaction:ident, $tags:expr) => {
        Loaded {
            registries: table!($transaction, REGISTRIES, (String, Option<i64>, Option<String>), |(registry, crawled, capabilities)| {
                RegistryRecord { registry, crawled, capabilities }
            }),
            repositories: table!($transaction, REPOSITORIES, (String, String, i64, Option<i64>, i64), |row| {
                let (registry, repository, first_seen, crawled, strikes) = row;
                RepositoryRecord { registry, repository, first_seen, crawled, strikes }
            }),
            tags: $tags,
            manifests: table!($transaction, MANIFESTS, (String, Vec<u8>), |row| row),
            referrers: table!($transaction, REFERRERS, (String, String, String, i64, String), |row| {
                let (registry, repository, digest, checked, descriptors) = row;
                ReferrersRecord { registry, repository, digest, checked, descriptors }
            }),
        }
    };
}

type TagRow = (String, String, String, Option<String>, i64, Option<i64>, bool, i64, Option<String>);

/// In one transaction: what is read belongs together, whatever is written meanwhile.
pub(super) async fn load(pools: &Pools) -> sqlx::Result<Loaded> {
    match pools {
        Pools::Sqlite { readers, .. } => {
            let mut transaction = readers.begin().await?;
            let mut tags = Vec::new();
            let mut rows = sqlx::query_as::<_, (String, String, String)>(SQLITE_TAGS).fetch(&mut *transaction);
            while let Some((registry, repository, packed)) = rows.try_next().await? {
                unpack(&registry, &repository, &packed, &mut tags)?;
            }
            drop(rows);
            Ok(everything!(transaction, tags))
        }
        Pools::PostgreSql(pool) => {
            let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
            raw_sql(LONGER).execute(&mut *transaction).await?;
            let tags = table!(transaction, POSTGRESQL_TAGS, TagRow, |row| {
                let (registry, repository, tag, digest, first_seen, pushed, told, strikes, problem) = row;
                TagRecord { registry, repository, tag, digest, first_seen, pushed, told, strikes, problem }
            });
            Ok(everything!(transaction, tags))
        }
    }
}

/// One repository's tags, as [`SQLITE_TAGS`] packs them.
fn unpack(registry: &str, repository: &str, packed: &str, tags: &mut Vec<TagRecord>) -> sqlx::Result<()> {
    type Row = (String, Option<String>, i64, Option<i64>, u8, i64, Option<String>);
    let rows: Vec<Row> = serde_json::from_str(packed).map_err(|error| sqlx::Error::Decode(error.into()))?;
    tags.extend(rows.into_iter().map(|(tag, digest, first_seen, pushed, told, strikes, problem)| TagRecord {
        registry: registry.to_owned(),
        repository: repository.to_owned(),
        tag,
        digest,
        first_seen,
        pushed,
        told: told != 0,
        strikes,
        problem,
    }));
    Ok(())
}

pub(super) async fn manifest(pools: &Pools, digest: &str) -> sqlx::Result<Option<ManifestRecord>> {
    type Row = (String, String, Vec<u8>, Vec<u8>, Option<Vec<u8>>);
    let row: Option<Row> = on!(pools, |pool| sqlx::query_as(MANIFEST).bind(text(digest)).fetch_optional(pool).await?);
    Ok(row.map(|(digest, media_type, summary, body, config)| ManifestRecord { digest, media_type, summary, body, config }))
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
