"""The Butler reads, takes as inputs, and removes what valet packed into zip files."""

import shutil
import sqlite3
import subprocess
import zipfile

import pytest
from lsst.daf.butler import Butler, MissingCollectionError

from conftest import GOLDEN, INPUT, OUTPUT, _newest_run, _writable_copy, run_python_tool, tasks
from test_write import a_metric, check_database


@pytest.fixture(params=["run --pack", "run --pack --compress", "pack", "pack --compress"])
def packed(request, repository, valet, tmp_path):
    """A copy of the repository in which the files of the run are packed, compressed or not: by the run, or afterwards."""
    how, *options = request.param.split()
    if how == "pack":
        copy = repository.copy(tmp_path / "repo")
        subprocess.run([valet, "pack", copy.root, copy.run, *options], check=True, capture_output=True)
        copy.compressed = bool(options)
        return copy
    root = tmp_path / "repo"
    shutil.copytree(GOLDEN / "before", root, copy_function=_writable_copy)
    pipeline = str(GOLDEN / "metrics.yaml") + ("#" + ",".join(tasks()) if tasks() else "")
    command = [valet, "run", "-b", root, "-p", pipeline, "-i", INPUT, "-o", OUTPUT, "--register-dataset-types", *options]
    subprocess.run(command, capture_output=True, timeout=300)
    copy = repository.copy(tmp_path / "unused")
    shutil.rmtree(copy.root)
    copy.root, copy.run = root, _newest_run(Butler.from_config(str(root)))
    copy.compressed = "--compress" in options
    return copy


def zips(repository):
    return list((repository.root / repository.run).rglob("*.zip"))


def is_packed(dataset):
    return dataset["storageClass"] in ("MetricValue", "TaskMetadata", "ButlerLogRecords")


def test_read(packed):
    butler = packed.butler()
    assert zips(packed)
    for dataset in packed.expected["datasets"]:
        ref = butler.find_dataset(dataset["type"], dataset["dataId"], collections=packed.run)
        butler.get(ref)
        uri = butler.getURI(ref)
        assert ("zip-path=" in str(uri)) == is_packed(dataset)
        # Of a member, read gives the whole zip.
        if dataset["storageClass"] == "MetricValue" and not packed.compressed:
            assert b"lsst.verify.Measurement" in uri.read()


def test_sizes(packed):
    """Records tell the sizes of the files, whatever room they take in the zip."""
    with sqlite3.connect(packed.root / "gen3.sqlite3") as db:
        rows = db.execute("SELECT path, file_size FROM file_datastore_records WHERE path LIKE '%#zip-path=%'").fetchall()
    methods = set()
    for path, size in rows:
        name, _, member = path.rpartition("#zip-path=")
        with zipfile.ZipFile(packed.root / name) as z:
            assert z.testzip() is None
            info = z.getinfo(member)
            assert info.file_size == size
            methods.add(info.compress_type)
    assert rows and (zipfile.ZIP_DEFLATED in methods) == packed.compressed


def test_retrieve(packed, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    run_python_tool(
        "butler", "retrieve-artifacts", str(packed.root), str(out), "--collections", packed.run, "--dataset-type", "metricvalue_*"
    )
    expected = [d for d in packed.expected["datasets"] if d["storageClass"] == "MetricValue"]
    assert len(list(out.rglob("*.yaml"))) == len(expected)


def test_inputs_and_failures(packed):
    """pipetask goes on in the run: it reads the packed metadata and repeats what failed."""
    failed = [d for d in packed.expected["datasets"] if d.get("error")]
    pipeline = str(GOLDEN / "metrics.yaml") + ("#" + ",".join(tasks()) if tasks() else "")
    done = run_python_tool(
        "pipetask", "run", "-b", str(packed.root), "-p", pipeline, "-i", INPUT, "-o", OUTPUT, "--extend-run", "--clobber-outputs",
        "--no-versions", check=False,
    )  # fmt: skip
    text = done.stdout + done.stderr
    if failed:
        assert done.returncode == 0 and f"Executed {len(failed)} quant" in text, text
    check_database(packed)


def test_prune_one_by_one(packed):
    """A zip stays until its last dataset goes."""
    butler = packed.butler(writeable=True)
    refs = [
        butler.find_dataset(d["type"], d["dataId"], collections=packed.run) for d in packed.expected["datasets"] if is_packed(d)
    ]
    first = butler.find_dataset(a_metric(packed)["type"], a_metric(packed)["dataId"], collections=packed.run)
    butler.pruneDatasets([first], unstore=True, purge=True, disassociate=True)
    assert zips(packed)
    rest = [r for r in refs if r.id != first.id]
    butler.get(rest[0])
    butler.pruneDatasets(rest[1:], unstore=True, purge=True, disassociate=True)
    assert len(zips(packed)) == 1
    butler.get(rest[0])
    butler.pruneDatasets(rest[:1], unstore=True, purge=True, disassociate=True)
    assert not zips(packed)
    check_database(packed)


def test_remove_the_run(packed):
    run_python_tool("butler", "remove-collections", str(packed.root), OUTPUT, "--no-confirm", "--remove-from-parents")
    run_python_tool("butler", "remove-runs", str(packed.root), packed.run, "--no-confirm", "--force")
    with pytest.raises(MissingCollectionError):
        packed.butler().collections.get_info(packed.run)
    assert not [f for f in (packed.root / packed.run).rglob("*") if f.is_file()]
    check_database(packed)


def test_unpack(packed, valet):
    """Unpacked, the run is as if it had never been packed."""
    subprocess.run([valet, "unpack", packed.root, packed.run], check=True, capture_output=True)
    assert not zips(packed)
    butler = packed.butler()
    for dataset in packed.expected["datasets"]:
        ref = butler.find_dataset(dataset["type"], dataset["dataId"], collections=packed.run)
        butler.get(ref)
        assert "zip-path=" not in str(butler.getURI(ref))
    check_database(packed)
