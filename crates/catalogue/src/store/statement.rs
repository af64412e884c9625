//! The SQL that writes. Each text is understood by both databases; only how placeholders are spelt differs, and those are
//! put in here.

use std::fmt::Write as _;

/// A statement over any number of rows, which stand where `{}` is.
pub(crate) struct Statement(pub(crate) &'static str);

pub(super) const REGISTRIES: Statement = Statement(
    "INSERT INTO registries (registry, crawled, capabilities) VALUES {}
     ON CONFLICT (registry) DO UPDATE SET crawled = excluded.crawled, capabilities = excluded.capabilities",
);
pub(super) const REPOSITORIES: Statement = Statement(
    "INSERT INTO repositories (registry, repository, first_seen, crawled, strikes) VALUES {}
     ON CONFLICT (registry, repository) DO UPDATE SET
         first_seen = excluded.first_seen, crawled = excluded.crawled, strikes = excluded.strikes",
);
pub(super) const TAGS: Statement = Statement(
    "INSERT INTO tags (registry, repository, tag, digest, first_seen, pushed, told, strikes, problem) VALUES {}
     ON CONFLICT (registry, repository, tag) DO UPDATE SET
         digest = excluded.digest, first_seen = excluded.first_seen, pushed = excluded.pushed, told = excluded.told,
         strikes = excluded.strikes, problem = excluded.problem",
);
pub(super) const REFERRERS: Statement = Statement(
    "INSERT INTO referrers (registry, repository, digest, checked, descriptors) VALUES {}
     ON CONFLICT (registry, repository, digest) DO UPDATE SET checked = excluded.checked, descriptors = excluded.descriptors",
);
pub(super) const MANIFESTS: Statement =
    Statement("INSERT INTO manifests (digest, media_type, summary) VALUES {} ON CONFLICT (digest) DO NOTHING");
pub(super) const BODIES: Statement = Statement("INSERT INTO bodies (digest, body, config) VALUES {} ON CONFLICT (digest) DO NOTHING");

pub(super) const HELD: Statement = Statement(
    "INSERT INTO held (registry, repository, digest, since) VALUES {}
     ON CONFLICT (registry, repository, digest) DO UPDATE SET since = excluded.since",
);

/// Ends the open moments of tags that no longer name the moment's digest. The open moment is always the tag's last, and
/// names what the tag's row names; so the row itself need not be looked at.
pub(super) const END: Statement = Statement(
    "WITH t (registry, repository, tag, digest, instant) AS (VALUES {})
     UPDATE moments SET until = CASE WHEN t.instant > moments.since THEN t.instant ELSE moments.since + 1 END
     FROM t
     WHERE moments.registry = t.registry AND moments.repository = t.repository AND moments.tag = t.tag
       AND moments.since = (SELECT MAX(m.since) FROM moments AS m
                            WHERE m.registry = t.registry AND m.repository = t.repository AND m.tag = t.tag)
       AND moments.until IS NULL AND moments.digest IS DISTINCT FROM t.digest",
);
/// After [`END`]: begins a moment for each tag that names a digest and has none open.
pub(super) const BEGIN: Statement = Statement(
    "WITH t (registry, repository, tag, digest, instant) AS (VALUES {})
     INSERT INTO moments (registry, repository, tag, digest, since)
     SELECT t.registry, t.repository, t.tag, t.digest, CASE WHEN last.until > t.instant THEN last.until ELSE t.instant END
     FROM t LEFT JOIN moments AS last
       ON last.registry = t.registry AND last.repository = t.repository AND last.tag = t.tag
      AND last.since = (SELECT MAX(m.since) FROM moments AS m
                        WHERE m.registry = t.registry AND m.repository = t.repository AND m.tag = t.tag)
     WHERE t.digest IS NOT NULL AND (last.since IS NULL OR last.until IS NOT NULL)",
);

/// A row of the tags follows, numbered from `$3`: SQLite takes numbers or marks, not both in one statement.
pub(super) const DROP_TAGS: &str = "DELETE FROM tags WHERE registry = $1 AND repository = $2 AND tag IN ";
/// Likewise, of the digests.
pub(super) const DROP_HELD: &str = "DELETE FROM held WHERE registry = $1 AND repository = $2 AND digest IN ";
pub(super) const END_REPOSITORY: &str = "UPDATE moments SET until = CASE WHEN $3 > since THEN $3 ELSE since + 1 END
     WHERE registry = $1 AND repository = $2 AND until IS NULL";
/// Its tags and referrers go with it (ON DELETE CASCADE).
pub(super) const DROP_REPOSITORY: &str = "DELETE FROM repositories WHERE registry = $1 AND repository = $2";
pub(super) const DROP_ALL_HELD: &str = "DELETE FROM held WHERE registry = $1 AND repository = $2";

/// How a database spells its placeholders.
#[derive(Debug, Clone, Copy)]
pub(super) enum Placeholders {
    /// `?`. SQLite understands `$1` as well, but looks such names up one by one, which takes time with a thousand.
    Marks,
    /// `$1`, `$2`, …
    Numbers,
}

impl Placeholders {
    /// Rows in parentheses, separated by commas; the first placeholder has the number `first`.
    pub(super) fn rows(self, first: usize, rows: usize, columns: usize) -> String {
        let mut text = String::with_capacity(rows * (columns * 6 + 3));
        for row in 0..rows {
            text.push_str(if row == 0 { "(" } else { ",(" });
            for column in 0..columns {
                text.push_str(if column == 0 { "" } else { "," });
                match self {
                    Self::Marks => text.push('?'),
                    // Writing into a String cannot fail.
                    Self::Numbers => drop(write!(text, "${}", first + row * columns + column)),
                }
            }
            text.push(')');
        }
        text
    }
}

impl Statement {
    /// The text for so many rows of so many columns.
    pub(super) fn text(&self, placeholders: Placeholders, rows: usize, columns: usize) -> String {
        self.0.replacen("{}", &placeholders.rows(1, rows, columns), 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_in_rows() {
        assert_eq!(Placeholders::Marks.rows(1, 2, 3), "(?,?,?),(?,?,?)");
        assert_eq!(Placeholders::Numbers.rows(3, 2, 2), "($3,$4),($5,$6)");
        let text = MANIFESTS.text(Placeholders::Numbers, 1, 3);
        assert!(text.contains("VALUES ($1,$2,$3) ON CONFLICT"), "{text}");
    }
}
