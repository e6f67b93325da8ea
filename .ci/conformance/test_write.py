"""The Butler writes into, and removes, what valet wrote."""

import sqlite3

import pytest
from lsst.daf.butler import CollectionType, DatasetType, MissingCollectionError
from lsst.pipe.base import TaskMetadata

from conftest import OUTPUT, run_python_tool


def check_database(repository) -> None:
    connection = sqlite3.connect(repository.root / "gen3.sqlite3")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def a_metric(repository):
    return next(d for d in repository.expected["datasets"] if d["storageClass"] == "MetricValue")


def test_put_into_the_run(changed):
    """The run takes further datasets, of a new type and of a type that valet registered."""
    butler = changed.butler(writeable=True)
    new = DatasetType("python_metadata", ["instrument", "visit", "detector"], "TaskMetadata", universe=butler.dimensions)
    butler.registry.registerDatasetType(new)
    data_id = a_metric(changed)["dataId"]
    ref = butler.put(TaskMetadata.from_dict({"a": 1}), new, data_id, run=changed.run)
    assert butler.get(ref)["a"] == 1

    missing = next(
        d
        for d in changed.expected["datasets"]
        if d["storageClass"] == "TaskMetadata" and d["type"] == a_metric_label(changed) + "_metadata"
    )
    # The same data ID cannot be taken twice.
    with pytest.raises(Exception, match="(?i)already exists|conflict"):
        butler.put(TaskMetadata(), missing["type"], missing["dataId"], run=changed.run)
    check_database(changed)


def a_metric_label(repository) -> str:
    return next(d["type"] for d in repository.expected["datasets"] if d["type"].endswith("_config")).removesuffix("_config")


def test_replace_a_dataset(changed):
    butler = changed.butler(writeable=True)
    dataset = a_metric(changed)
    ref = butler.find_dataset(dataset["type"], dataset["dataId"], collections=changed.run)
    measurement = butler.get(ref)
    path = butler.getURI(ref).ospath
    butler.pruneDatasets([ref], unstore=True, purge=True, disassociate=True)
    assert butler.find_dataset(dataset["type"], dataset["dataId"], collections=changed.run) is None
    with pytest.raises(FileNotFoundError):
        open(path)
    assert measurement.metric
    check_database(changed)


def test_tag(changed):
    butler = changed.butler(writeable=True)
    butler.collections.register("u/tagged", CollectionType.TAGGED)
    dataset = a_metric(changed)
    refs = butler.query_datasets(dataset["type"], collections=changed.run)
    butler.registry.associate("u/tagged", refs)
    assert len(butler.query_datasets(dataset["type"], collections="u/tagged")) == len(refs)
    check_database(changed)


def test_prune_datasets_command(changed):
    dataset = a_metric(changed)
    run_python_tool(
        "butler", "prune-datasets", str(changed.root), changed.run, "--datasets", dataset["type"], "--purge", changed.run,
        "--no-confirm",
    )  # fmt: skip
    butler = changed.butler()
    assert butler.query_datasets(dataset["type"], collections=changed.run, explain=False) == []
    check_database(changed)


def test_remove_the_run(changed):
    run_python_tool("butler", "remove-collections", str(changed.root), OUTPUT, "--no-confirm", "--remove-from-parents")
    run_python_tool("butler", "remove-runs", str(changed.root), changed.run, "--no-confirm", "--force")
    butler = changed.butler()
    with pytest.raises(MissingCollectionError):
        butler.collections.get_info(changed.run)
    assert not [f for f in (changed.root / changed.run).rglob("*") if f.is_file()]
    check_database(changed)
    # What was there before is untouched.
    assert butler.query_datasets("diaPipe_metadata", collections="u/sci")
