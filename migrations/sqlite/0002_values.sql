-- The value index: the numbers that MetricValue datasets hold, so that a question about a million of them opens no file. No table refers to
-- one of the Butler's: rows of datasets that are gone are never asked for.

-- +goose Up

-- A metric in a unit, as its canonical text. notes are those of the first measurement, as a JSON object: most have the same.
CREATE TABLE valet_value_kind (
    id     INTEGER PRIMARY KEY,
    metric TEXT NOT NULL,
    unit   TEXT NOT NULL,
    notes  TEXT NOT NULL,
    UNIQUE (metric, unit)
);

-- A measurement. dataset is the 16 bytes of the dataset's ID; item counts the measurements of one dataset from 0. value is a number, NULL if
-- there is no quantity, or the text NaN or -0.0, which the database cannot hold as numbers; hence no type. notes is NULL if they are those
-- of the kind. stamp is a hash of ingest date, size and path of the file: a dataset whose stamp differs was written anew.
CREATE TABLE valet_value (
    dataset BLOB NOT NULL,
    item    INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    value,
    notes   TEXT,
    stamp   INTEGER NOT NULL,
    PRIMARY KEY (dataset, item)
) WITHOUT ROWID;

