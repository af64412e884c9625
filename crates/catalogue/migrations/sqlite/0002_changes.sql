-- What is known from nowhere else: changes planned and made, who agreed to what, when something was pulled. None of it refers
-- to a table of the catalogue, so nothing that drops or rebuilds those takes it along.

-- What a change would do, as it was shown.
CREATE TABLE plans (
    plan    TEXT    NOT NULL PRIMARY KEY,
    action  TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    intent  TEXT    NOT NULL,
    actor   TEXT,
    address TEXT,
    created INTEGER NOT NULL
) STRICT;

CREATE INDEX plans_created ON plans (created);

-- Numbers grow in the order in which jobs were asked for, which no clock need agree with, and are never given twice.
CREATE TABLE jobs (
    number       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    job          TEXT    NOT NULL UNIQUE,
    -- Carried out once.
    plan         TEXT    UNIQUE REFERENCES plans,
    action       TEXT    NOT NULL,
    registry     TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    summary      TEXT    NOT NULL,
    created      INTEGER NOT NULL,
    started      INTEGER,
    finished     INTEGER,
    done         INTEGER NOT NULL,
    total        INTEGER NOT NULL,
    unit         TEXT    NOT NULL,
    problems     TEXT    NOT NULL,
    undo         TEXT,
    undo_until   INTEGER,
    undoes       TEXT,
    undone_by    TEXT,
    actor        TEXT,
    address      TEXT,
    cancel_asked INTEGER NOT NULL CHECK (cancel_asked IN (0, 1)),
    -- The process at work on it, and until when it is taken to be alive.
    owner        TEXT,
    lease        INTEGER
) STRICT;

-- A handful at any time, looked at by every process every few seconds.
CREATE INDEX jobs_unfinished ON jobs (number) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_finished ON jobs (finished) WHERE finished IS NOT NULL;

CREATE TABLE job_repositories (
    job        TEXT NOT NULL REFERENCES jobs (job) ON DELETE CASCADE,
    registry   TEXT NOT NULL,
    repository TEXT NOT NULL,
    PRIMARY KEY (job, registry, repository)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_repositories_place ON job_repositories (registry, repository);

CREATE TABLE job_steps (
    job       TEXT    NOT NULL REFERENCES jobs (job) ON DELETE CASCADE,
    n         INTEGER NOT NULL,
    step      TEXT    NOT NULL,
    reference TEXT    NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('waiting', 'done', 'skipped', 'failed')),
    detail    TEXT,
    undo      TEXT,
    PRIMARY KEY (job, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE activity (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    action     TEXT    NOT NULL,
    actor      TEXT,
    address    TEXT,
    agent      TEXT,
    source     TEXT    NOT NULL CHECK (source IN ('us', 'registry')),
    registry   TEXT    NOT NULL,
    repository TEXT    NOT NULL,
    tag        TEXT,
    was        TEXT,
    became     TEXT,
    result     TEXT    NOT NULL CHECK (result IN ('done', 'failed')),
    detail     TEXT,
    job        TEXT,
    -- The registry's own id of what it told, which it may tell again.
    event      TEXT
) STRICT;

CREATE INDEX activity_at ON activity (at);
CREATE INDEX activity_repository ON activity (registry, repository);
CREATE INDEX activity_tag ON activity (registry, repository, tag);
CREATE INDEX activity_actor ON activity (actor) WHERE actor IS NOT NULL;
CREATE INDEX activity_job ON activity (job) WHERE job IS NOT NULL;
CREATE UNIQUE INDEX activity_event ON activity (registry, event) WHERE event IS NOT NULL;

-- By tag, or by digest where it was asked for by that.
CREATE TABLE pulls (
    registry   TEXT    NOT NULL,
    repository TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    last       INTEGER NOT NULL,
    pulls      INTEGER NOT NULL,
    PRIMARY KEY (registry, repository, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX pulls_last ON pulls (last);

-- Days since 1970, in UTC.
CREATE TABLE pull_days (
    registry   TEXT    NOT NULL,
    repository TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    day        INTEGER NOT NULL,
    pulls      INTEGER NOT NULL,
    PRIMARY KEY (registry, repository, name, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX pull_days_day ON pull_days (day);

-- Since when a registry tells of pulls without a break, and when it last did.
CREATE TABLE listening (
    registry TEXT    NOT NULL PRIMARY KEY,
    since    INTEGER NOT NULL,
    heard    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE consents (
    registry TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    actor    TEXT,
    address  TEXT,
    PRIMARY KEY (registry, subject)
) STRICT, WITHOUT ROWID;

-- A name of '' locks the whole repository.
CREATE TABLE locks (
    registry   TEXT    NOT NULL,
    repository TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    actor      TEXT,
    note       TEXT,
    PRIMARY KEY (registry, repository, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE policies (
    policy   TEXT    NOT NULL PRIMARY KEY,
    name     TEXT    NOT NULL,
    registry TEXT,
    body     TEXT    NOT NULL,
    schedule TEXT,
    zone     TEXT,
    enabled  INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    created  INTEGER NOT NULL,
    changed  INTEGER NOT NULL,
    next     INTEGER,
    last     INTEGER,
    plan     TEXT,
    job      TEXT,
    result   TEXT
) STRICT;

-- The catalogue's own again: manifests that no tag of a repository reaches any more, unless they are known to be gone.
CREATE TABLE held (
    registry   TEXT    NOT NULL,
    repository TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    since      INTEGER NOT NULL,
    PRIMARY KEY (registry, repository, digest)
) STRICT, WITHOUT ROWID;
