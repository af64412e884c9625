-- As the SQLite migration of the same number. Names are ordered and compared by their bytes (COLLATE "C"), as SQLite does.

CREATE TABLE schedules (
    action   text COLLATE "C" NOT NULL,
    registry text COLLATE "C" NOT NULL,
    next     bigint NOT NULL,
    PRIMARY KEY (action, registry)
);
