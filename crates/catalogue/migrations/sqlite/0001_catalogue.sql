-- Keys are the names themselves: rows need no other row's number to be written, and what is read back is what lists show.
-- WITHOUT ROWID keeps a table in the order of its key, which is the order it is loaded in.

CREATE TABLE registries (
    registry     TEXT    NOT NULL PRIMARY KEY,
    crawled      INTEGER,
    capabilities TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE repositories (
    registry   TEXT    NOT NULL,
    repository TEXT    NOT NULL,
    first_seen INTEGER NOT NULL,
    crawled    INTEGER,
    strikes    INTEGER NOT NULL,
    PRIMARY KEY (registry, repository)
) STRICT, WITHOUT ROWID;

CREATE TABLE tags (
    registry   TEXT    NOT NULL,
    repository TEXT    NOT NULL,
    tag        TEXT    NOT NULL,
    digest     TEXT,
    first_seen INTEGER NOT NULL,
    pushed     INTEGER,
    told       INTEGER NOT NULL CHECK (told IN (0, 1)),
    strikes    INTEGER NOT NULL,
    problem    TEXT,
    PRIMARY KEY (registry, repository, tag),
    FOREIGN KEY (registry, repository) REFERENCES repositories ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Digests come in no order, so this table has row ids: new rows go to its end and a scan reads it from front to back.
CREATE TABLE manifests (
    digest     TEXT NOT NULL PRIMARY KEY,
    media_type TEXT NOT NULL,
    summary    BLOB NOT NULL
) STRICT;

-- Apart from the summaries, so that loading those does not page through these.
CREATE TABLE bodies (
    digest TEXT NOT NULL PRIMARY KEY REFERENCES manifests ON DELETE CASCADE,
    body   BLOB NOT NULL,
    config BLOB
) STRICT;

CREATE TABLE referrers (
    registry    TEXT    NOT NULL,
    repository  TEXT    NOT NULL,
    digest      TEXT    NOT NULL,
    checked     INTEGER NOT NULL,
    descriptors TEXT    NOT NULL,
    PRIMARY KEY (registry, repository, digest),
    FOREIGN KEY (registry, repository) REFERENCES repositories ON DELETE CASCADE
) STRICT;

-- History outlives the tag it tells of, so it refers to nothing.
CREATE TABLE moments (
    registry   TEXT    NOT NULL,
    repository TEXT    NOT NULL,
    tag        TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    since      INTEGER NOT NULL,
    until      INTEGER CHECK (until > since),
    PRIMARY KEY (registry, repository, tag, since)
) STRICT, WITHOUT ROWID;
