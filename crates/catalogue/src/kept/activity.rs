use super::asked::Asked;
use super::words;
use crate::store::{Result, Row, Statement, Store, values};
use futures::{Stream, StreamExt, stream};

/// What was done to registries, by whom, from where: by us, and as registries tell it. Rows are added and, after a set
/// time, forgotten; none is ever changed.
#[derive(Debug, Clone, Copy)]
pub struct Activity<'s>(pub(super) &'s Store);

words! {
    /// From where it is known.
    pub enum ActivitySource {
        /// Through Supercargo.
        Us "us",
        /// Told by the registry.
        Registry "registry",
    }
}

/// Something that was done, or tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityRecord {
    pub at: i64,
    /// `push`, `pull`, `delete`, `tag`, `copy`, …
    pub action: String,
    pub actor: Option<String>,
    pub address: Option<String>,
    /// The program that asked, as it names itself.
    pub agent: Option<String>,
    pub source: ActivitySource,
    pub registry: String,
    pub repository: String,
    pub tag: Option<String>,
    /// The digest that the tag named before, or that went.
    pub before: Option<String>,
    /// The digest that it names since.
    pub after: Option<String>,
    pub failed: bool,
    /// What went wrong, in a sentence.
    pub detail: Option<String>,
    /// The job that did it.
    pub job: Option<String>,
    /// The registry's id of what it told. Of a registry it is there once, however often it is added.
    pub event: Option<String>,
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Grows with each row.
    pub id: i64,
    /// Until when the job that did it can be undone, where it can.
    pub undo_until: Option<i64>,
    pub record: ActivityRecord,
}

/// What to list; all when empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    pub registry: Option<String>,
    pub repository: Option<String>,
    pub tag: Option<String>,
    pub action: Option<String>,
    pub actor: Option<String>,
    pub source: Option<ActivitySource>,
    pub job: Option<String>,
    /// Not before.
    pub since: Option<i64>,
    /// Before.
    pub until: Option<i64>,
    /// Words that all stand in registry, repository, tag, actor, address, digest, detail or job, letter case aside.
    pub text: String,
}

const APPEND: Statement = Statement(
    "INSERT INTO activity (at, action, actor, address, agent, source, registry, repository, tag, was, became, result, detail, job, event)
     VALUES {} ON CONFLICT (registry, event) WHERE event IS NOT NULL DO NOTHING",
);
const SELECT: &str = "SELECT a.id, a.at, a.action, a.actor, a.address, a.agent, a.source, a.registry, a.repository, a.tag, a.was, a.became,
         a.result, a.detail, a.job, a.event, CASE WHEN j.undone_by IS NULL THEN j.undo_until END
     FROM activity AS a LEFT JOIN jobs AS j ON j.job = a.job";
/// Where words are looked for. A space between keeps one from standing across two.
const TEXT: &str = "lower(a.registry || '/' || a.repository || COALESCE(':' || a.tag, '') || ' ' || COALESCE(a.actor, '') || ' '
     || COALESCE(a.address, '') || ' ' || COALESCE(a.was, '') || ' ' || COALESCE(a.became, '') || ' ' || COALESCE(a.detail, '') || ' '
     || COALESCE(a.job, ''))";
/// So many at a time, so that nobody waits long for the writer.
const FORGET: &str = "DELETE FROM activity WHERE id IN (SELECT id FROM activity WHERE at < $1 ORDER BY at LIMIT 5000)";
/// Rows that an export holds at a time.
const PAGE: u32 = 1_000;
/// Words looked for, at most.
const WORDS: usize = 16;

impl Activity<'_> {
    /// Adds rows, in order; says how many were new.
    pub async fn append(&self, records: &[ActivityRecord]) -> Result<u64> {
        if records.is_empty() {
            return Ok(0);
        }
        let mut change = self.0.change().await?;
        let rows = records.iter().map(|r| {
            [
                r.at.into(),
                (&r.action).into(),
                (&r.actor).into(),
                (&r.address).into(),
                (&r.agent).into(),
                r.source.as_str().into(),
                (&r.registry).into(),
                (&r.repository).into(),
                (&r.tag).into(),
                (&r.before).into(),
                (&r.after).into(),
                if r.failed { "failed" } else { "done" }.into(),
                (&r.detail).into(),
                (&r.job).into(),
                (&r.event).into(),
            ]
        });
        let new = change.rows(&APPEND, rows.collect()).await?;
        change.commit().await?;
        Ok(new)
    }

    /// The newest first; `before` is the last id of the page before.
    pub async fn page(&self, filter: &ActivityFilter, before: Option<i64>, limit: u32) -> Result<Vec<Logged>> {
        let words = filter.words();
        let mut asked = filter.ask(SELECT, &words);
        if let Some(before) = before {
            let before = asked.put(before);
            asked.and(format!("a.id < {before}"));
        }
        asked.end("a.id DESC", limit);
        self.0.select(&asked.sql, asked.values, read).await
    }

    /// How many rows there are.
    pub async fn count(&self, filter: &ActivityFilter) -> Result<u64> {
        let words = filter.words();
        let mut asked = filter.ask("SELECT COUNT(*) FROM activity AS a", &words);
        let (sql, values) = (std::mem::take(&mut asked.sql), std::mem::take(&mut asked.values));
        let counted = self.0.select(&sql, values, |row| row.get::<i64>(0)).await?;
        Ok(counted.first().map_or(0, |n| n.unsigned_abs()))
    }

    /// The oldest first; `after` is the last id of the page before.
    pub async fn page_after(&self, filter: &ActivityFilter, after: i64, limit: u32) -> Result<Vec<Logged>> {
        let words = filter.words();
        let mut asked = filter.ask(SELECT, &words);
        let after = asked.put(after);
        asked.and(format!("a.id > {after}"));
        asked.end("a.id", limit);
        self.0.select(&asked.sql, asked.values, read).await
    }

    /// All rows, the oldest first, as they are taken; a thousand are held at a time. What is added meanwhile comes last.
    pub fn export(&self, filter: ActivityFilter) -> impl Stream<Item = Result<Logged>> + Send + use<> {
        let store = self.0.clone();
        let pages = stream::unfold(Some(i64::MIN), move |after| {
            let (store, filter) = (store.clone(), filter.clone());
            async move {
                let page = store.activity().page_after(&filter, after?, PAGE).await;
                Some(match page {
                    Ok(rows) => {
                        let next = rows.last().map(|row| row.id).filter(|_| rows.len() == PAGE as usize);
                        (rows.into_iter().map(Ok).collect(), next)
                    }
                    Err(error) => (vec![Err(error)], None),
                })
            }
        });
        pages.flat_map(|rows: Vec<Result<Logged>>| stream::iter(rows))
    }

    /// Removes what was done before a time; says how many rows.
    pub async fn forget_before(&self, time: i64) -> Result<u64> {
        let mut forgotten = 0;
        loop {
            match self.0.run(FORGET, values![time]).await? {
                0 => return Ok(forgotten),
                some => forgotten += some,
            }
        }
    }
}

impl ActivityFilter {
    /// The words as patterns of LIKE.
    fn words(&self) -> Vec<String> {
        let escape = |word: &str| word.to_ascii_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
        self.text.split_whitespace().take(WORDS).map(|word| format!("%{}%", escape(word))).collect()
    }

    fn ask<'a>(&'a self, select: &str, words: &'a [String]) -> Asked<'a> {
        let mut asked = Asked::new(select.to_owned());
        let texts = [
            // Most rows are of one registry or two, so nothing is gained by an index on it, which would have them all sorted.
            (if self.repository.is_some() { "registry" } else { "registry || ''" }, &self.registry),
            ("repository", &self.repository),
            ("tag", &self.tag),
            ("action", &self.action),
            ("actor", &self.actor),
            ("job", &self.job),
        ];
        for (column, text) in texts {
            if let Some(text) = text {
                let text = asked.put(text);
                asked.and(format!("a.{column} = {text}"));
            }
        }
        if let Some(source) = self.source {
            let source = asked.put(source.as_str());
            asked.and(format!("a.source = {source}"));
        }
        for (comparison, time) in [(">=", self.since), ("<", self.until)] {
            if let Some(time) = time {
                let time = asked.put(time);
                asked.and(format!("a.at {comparison} {time}"));
            }
        }
        for word in words {
            let word = asked.put(word);
            asked.and(format!("{TEXT} LIKE {word} ESCAPE '!'"));
        }
        asked
    }
}

fn read(row: &Row) -> sqlx::Result<Logged> {
    Ok(Logged {
        id: row.get(0)?,
        undo_until: row.get(16)?,
        record: ActivityRecord {
            at: row.get(1)?,
            action: row.get(2)?,
            actor: row.get(3)?,
            address: row.get(4)?,
            agent: row.get(5)?,
            source: ActivitySource::read(row, 6)?,
            registry: row.get(7)?,
            repository: row.get(8)?,
            tag: row.get(9)?,
            before: row.get(10)?,
            after: row.get(11)?,
            failed: row.get::<String>(12)? == "failed",
            detail: row.get(13)?,
            job: row.get(14)?,
            event: row.get(15)?,
        },
    })
}
