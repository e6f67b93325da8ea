"""The tables are whole and say what the files say."""

import sqlite3
import uuid

import pytest


@pytest.fixture
def database(repository):
    connection = sqlite3.connect(f"file:{repository.root / 'gen3.sqlite3'}?mode=ro", uri=True)
    yield connection
    connection.close()


def test_integrity(database):
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def test_journal_mode_is_kept(database):
    assert database.execute("PRAGMA journal_mode").fetchall() == [("delete",)]


def test_no_foreign_key_of_valets_tables_into_upstreams(database):
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    for table in tables:
        for row in database.execute(f'PRAGMA foreign_key_list("{table}")'):
            assert table.startswith("valet_") == row[2].startswith("valet_"), f"{table} refers to {row[2]}"


def test_sizes(repository, database):
    run = repository.run
    rows = database.execute("SELECT path, file_size FROM file_datastore_records WHERE path LIKE ?", (run + "/%",)).fetchall()
    assert len(rows) == len(repository.expected["datasets"])
    for path, size in rows:
        assert (repository.root / path).stat().st_size == size, path


def test_no_other_files(repository, database):
    recorded = {path for (path,) in database.execute("SELECT path FROM file_datastore_records")}
    files = {str(f.relative_to(repository.root)) for f in (repository.root / repository.run).rglob("*") if f.is_file()}
    assert files <= recorded


def test_ids_are_uuid7(repository):
    butler = repository.butler()
    ids = [ref.id for ref in butler.query_all_datasets(repository.run, find_first=False)]
    assert len(set(ids)) == len(ids)
    for i in ids:
        assert i.version == 7 and i.variant == uuid.RFC_4122, i


def test_summaries(repository):
    """The collection summary names the types that are there: queries by glob rely on it."""
    butler = repository.butler()
    info = butler.collections.get_info(repository.run, include_summary=True)
    assert set(info.dataset_types) >= {d["type"] for d in repository.expected["datasets"]}
