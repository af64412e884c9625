-- What happens by the clock and is no policy: whoever moves `next` does what was due, and nobody else.
CREATE TABLE schedules (
    action   TEXT    NOT NULL,
    registry TEXT    NOT NULL,
    next     INTEGER NOT NULL,
    PRIMARY KEY (action, registry)
) STRICT, WITHOUT ROWID;
