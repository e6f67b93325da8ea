-- The ledger: runs, executions and attempts. No table refers to one of the Butler's: its datasets and collections may be removed at any
-- time. Times are nanoseconds since 1970 in UTC.

-- +goose Up

-- A RUN collection that valet wrote to.
CREATE TABLE valet_run (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL
);

-- A task label in a run. dimensions is a JSON array of the required dimensions of its data IDs, in their order.
CREATE TABLE valet_task (
    id         INTEGER PRIMARY KEY,
    run        INTEGER NOT NULL REFERENCES valet_run (id),
    label      TEXT NOT NULL,
    class      TEXT NOT NULL,
    dimensions TEXT NOT NULL,
    UNIQUE (run, label)
);

-- One start of the program on a run. command is a JSON array, options a JSON object. AUTOINCREMENT, because the order of ids is that of
-- the executions even where the newest was removed.
CREATE TABLE valet_execution (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    run           INTEGER NOT NULL REFERENCES valet_run (id),
    output        TEXT,
    state         TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'drained', 'died', 'derived')),
    started       INTEGER NOT NULL,
    ended         INTEGER,
    host          TEXT NOT NULL,
    pid           INTEGER NOT NULL,
    process_start INTEGER NOT NULL,
    version       TEXT NOT NULL,
    workers       INTEGER NOT NULL,
    command       TEXT NOT NULL,
    pipeline      TEXT NOT NULL,
    options       TEXT NOT NULL,
    exit_code     INTEGER,
    error         TEXT
);
CREATE INDEX valet_execution_run ON valet_execution (run);

-- What an execution planned for a task, as decided when its graph was built, and how many of its attempts ended in which way. The
-- counters change in the transaction that stores the attempts; they spare a look at all attempts for most questions. again counts
-- attempts that may have an earlier one.
CREATE TABLE valet_execution_task (
    execution     INTEGER NOT NULL REFERENCES valet_execution (id),
    task          INTEGER NOT NULL REFERENCES valet_task (id),
    planned       INTEGER NOT NULL,
    skipped       INTEGER NOT NULL,
    graph_no_work INTEGER NOT NULL,
    succeeded     INTEGER NOT NULL DEFAULT 0,
    no_work       INTEGER NOT NULL DEFAULT 0,
    failed        INTEGER NOT NULL DEFAULT 0,
    blocked       INTEGER NOT NULL DEFAULT 0,
    again         INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (execution, task)
) WITHOUT ROWID;
CREATE INDEX valet_execution_task_task ON valet_execution_task (task);

-- Why attempts failed, or found no work (class is empty then): exception class and message with what differs from quantum to quantum
-- replaced, so that a million equal failures are one row.
CREATE TABLE valet_cause (
    id      INTEGER PRIMARY KEY,
    class   TEXT NOT NULL,
    message TEXT NOT NULL,
    UNIQUE (class, message)
);

-- One attempt at a quantum. data_id is a JSON array of the required values. The newest attempt, by execution and try, is the state of the
-- quantum. state, reason and caveats are the numbers of package quantum; duration is in nanoseconds; message is left out where it is that
-- of the cause, and cause 0 if there is nothing to say; log is the ID of the log dataset. Without a rowid an insertion changes one tree only and reads nothing else.
CREATE TABLE valet_attempt (
    task      INTEGER NOT NULL,
    data_id   TEXT NOT NULL,
    execution INTEGER NOT NULL,
    try       INTEGER NOT NULL,
    state     INTEGER NOT NULL,
    reason    INTEGER NOT NULL,
    caveats   INTEGER NOT NULL,
    again     INTEGER NOT NULL,
    worker    INTEGER NOT NULL,
    started   INTEGER,
    duration  INTEGER,
    cause     INTEGER NOT NULL,
    message   TEXT,
    log       BLOB,
    PRIMARY KEY (task, data_id, execution, try)
) WITHOUT ROWID;
-- Failures (4) and blocked quanta (5) are few and asked for often.
CREATE INDEX valet_attempt_unsuccessful ON valet_attempt (task, state, cause) WHERE state IN (4, 5);
-- Only quanta with such an attempt can have attempts that do not count any more.
CREATE INDEX valet_attempt_again ON valet_attempt (task, data_id) WHERE again = 1;

-- Who writes to a run. A process that finds another token than its own has lost the run and must not write.
CREATE TABLE valet_lease (
    run           INTEGER PRIMARY KEY REFERENCES valet_run (id),
    token         INTEGER NOT NULL,
    execution     INTEGER,
    host          TEXT NOT NULL,
    boot          TEXT NOT NULL,
    pid           INTEGER NOT NULL,
    process_start INTEGER NOT NULL,
    acquired      INTEGER NOT NULL,
    heartbeat     INTEGER NOT NULL
);
