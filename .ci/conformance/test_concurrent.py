"""Python and valet write to one repository at the same time."""

import os
import shutil
import subprocess
import sys
import time

import lsst.verify  # noqa: F401  (its measurements are read)
from lsst.daf.butler import Butler

from conftest import GOLDEN, INPUT, _writable_copy
from test_write import check_database

SECONDS = float(os.environ.get("VALET_CONCURRENT_SECONDS", "20"))

# A Python process that puts datasets and registers collections with default timeouts, and tells how long each took.
WRITER = """
import sys, time
from lsst.daf.butler import Butler, CollectionType, DatasetType
from lsst.pipe.base import TaskMetadata

root, until = sys.argv[1], float(sys.argv[2])
butler = Butler.from_config(root, writeable=True, run="python/run")
kind = DatasetType("python_metadata", ["instrument", "visit", "detector"], "TaskMetadata", universe=butler.dimensions)
butler.registry.registerDatasetType(kind)
ids = list(butler.registry.queryDataIds(["instrument", "visit", "detector"], datasets="diaPipe_metadata", collections="u/sci"))
n = 0
print("ready", flush=True)
while time.time() < until:
    start = time.time()
    run = f"python/run{n // len(ids)}"
    if n % len(ids) == 0:
        butler.collections.register(run)
    butler.put(TaskMetadata.from_dict({"n": n}), kind, ids[n % len(ids)], run=run)
    if n % 10 == 0:
        butler.collections.register(f"python/tagged{n}", CollectionType.TAGGED)
    n += 1
    print(time.time() - start, flush=True)
    time.sleep(0.02)
"""


def test_both_write(valet, tmp_path):
    """No error on either side, and Python waits seconds at most."""
    root = tmp_path / "repo"
    shutil.copytree(GOLDEN / "before", root, copy_function=_writable_copy)
    until = time.time() + SECONDS + 5
    python = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root), str(until)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert python.stdout.readline() == "ready\n", python.stderr.read()
    runs = []
    while time.time() < until and python.poll() is None:
        run = f"u/many/r{len(runs)}"
        done = subprocess.run(
            [valet, "run", "-b", root, "-p", GOLDEN / "metrics.yaml", "-i", INPUT, "-o", "u/many", "--output-run", run, "-j", "2",
             "--register-dataset-types", "-q"],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        # One of its quanta fails for a good reason.
        assert done.returncode == 1 and "planned=96" in done.stderr and "failed=1 " in done.stderr, done.stderr
        runs.append(run)
    out, err = python.communicate(timeout=120)
    assert python.returncode == 0, err
    waits = [float(line) for line in out.splitlines()]
    print(f"{len(runs)} runs of valet, {len(waits)} datasets of Python, longest wait {max(waits):.2f} s")
    assert len(runs) > 2 and len(waits) > 20
    assert max(waits) < 10

    butler = Butler.from_config(str(root))
    assert len(list(butler.registry.queryDatasets("python_metadata", collections="python/*"))) == len(waits)
    for run in runs:
        assert len(butler.query_datasets("memory_diaForcedSource_log", collections=run)) == 19
    for ref in butler.query_datasets("metricvalue_ap_association_DiaForcedSourceMemory", collections=runs[-1]):
        assert butler.get(ref).metric
    check_database(Repo(root))


class Repo:
    """What check_database needs."""

    def __init__(self, root):
        self.root = root
