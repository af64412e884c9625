-- As the SQLite migration of the same number. Names are ordered by their bytes (COLLATE "C"), as SQLite does.

CREATE TABLE registries (
    registry     text COLLATE "C" NOT NULL PRIMARY KEY,
    crawled      bigint,
    capabilities text
);

CREATE TABLE repositories (
    registry   text COLLATE "C" NOT NULL,
    repository text COLLATE "C" NOT NULL,
    first_seen bigint NOT NULL,
    crawled    bigint,
    strikes    bigint NOT NULL,
    PRIMARY KEY (registry, repository)
);

CREATE TABLE tags (
    registry   text COLLATE "C" NOT NULL,
    repository text COLLATE "C" NOT NULL,
    tag        text COLLATE "C" NOT NULL,
    digest     text COLLATE "C",
    first_seen bigint  NOT NULL,
    pushed     bigint,
    told       boolean NOT NULL,
    strikes    bigint  NOT NULL,
    problem    text,
    PRIMARY KEY (registry, repository, tag),
    FOREIGN KEY (registry, repository) REFERENCES repositories ON DELETE CASCADE
);

CREATE TABLE manifests (
    digest     text COLLATE "C" NOT NULL PRIMARY KEY,
    media_type text  NOT NULL,
    summary    bytea NOT NULL
);

-- Apart from the summaries, so that loading those does not page through these.
CREATE TABLE bodies (
    digest text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES manifests ON DELETE CASCADE,
    body   bytea NOT NULL,
    config bytea
);

CREATE TABLE referrers (
    registry    text COLLATE "C" NOT NULL,
    repository  text COLLATE "C" NOT NULL,
    digest      text COLLATE "C" NOT NULL,
    checked     bigint NOT NULL,
    descriptors text   NOT NULL,
    PRIMARY KEY (registry, repository, digest),
    FOREIGN KEY (registry, repository) REFERENCES repositories ON DELETE CASCADE
);

-- History outlives the tag it tells of, so it refers to nothing.
CREATE TABLE moments (
    registry   text COLLATE "C" NOT NULL,
    repository text COLLATE "C" NOT NULL,
    tag        text COLLATE "C" NOT NULL,
    digest     text COLLATE "C" NOT NULL,
    since      bigint NOT NULL,
    until      bigint CHECK (until > since),
    PRIMARY KEY (registry, repository, tag, since)
);
