"""Runs that are killed again and again hold what an undisturbed one holds, as the real Butler sees it."""

import json
import random
import re
import shutil
import signal
import subprocess
import time

import lsst.verify  # noqa: F401  (its measurements are read)
import pytest
from lsst.daf.butler import Butler, MissingCollectionError

from conftest import GOLDEN, INPUT, OUTPUT, _expected, _writable_copy, run_python_tool, tasks
from test_concurrent import Repo
from test_write import check_database

RUN = OUTPUT + "/killed"


def command(valet, root, *more):
    pipeline = str(GOLDEN / "metrics.yaml") + ("#" + ",".join(tasks()) if tasks() else "")
    return [str(valet), "run", "-b", str(root), "-p", pipeline, "-i", INPUT, "-o", OUTPUT, "--output-run", RUN, "-j", "1", *more,
            "--register-dataset-types"]  # fmt: skip


def has_run(root) -> bool:
    try:
        Butler.from_config(str(root)).collections.get_info(RUN)
    except MissingCollectionError:
        return False
    return True


def killed(valet, tmp_path, times, seed):
    """A repository in which a run was killed a number of times."""
    root = tmp_path / "repo"
    tmp_path.mkdir(exist_ok=True)
    shutil.copytree(GOLDEN / "before", root, copy_function=_writable_copy)
    moments = random.Random(seed)
    for _ in range(times):
        again = ["--extend-run", "--clobber-outputs"] if has_run(root) else []
        process = subprocess.Popen(command(valet, root, *again), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.03, 0.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        check_database(Repo(root))
    return root


def check_against_golden(root):
    """Every measurement exactly once, each one readable, and no file without a dataset."""
    butler = Butler.from_config(str(root))
    expected = _expected(tasks())["datasets"]
    files = set()
    for name in {d["type"] for d in expected}:
        refs = butler.query_datasets(name, collections=RUN, explain=False)
        assert len(refs) == len(set(r.dataId for r in refs)) == sum(d["type"] == name for d in expected), name
        for ref in refs:
            assert butler.get(ref) is not None
            path = butler.getURI(ref).ospath
            files.add(path)
    for d in expected:
        if d["storageClass"] != "MetricValue":
            continue
        ref = butler.find_dataset(d["type"], d["dataId"], collections=RUN)
        text = open(butler.getURI(ref).ospath).read()
        assert re.sub(r"(?m)identifier: '?[0-9a-f]{32}'?$", "identifier: <UUID>", text) == d["text"]
    assert {str(f) for f in (root / RUN).rglob("*") if f.is_file()} == files
    check_database(Repo(root))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_and_resumed(valet, tmp_path, seed):
    root = killed(valet, tmp_path, 6, seed)
    again = ["--extend-run", "--clobber-outputs"] if has_run(root) else []
    done = subprocess.run(command(valet, root, *again), capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1) and " failed=" in done.stderr or "QuantumGraph was empty" in done.stderr, done.stderr
    check_against_golden(root)
    status = subprocess.run([str(valet), "status", str(root), RUN, "--format", "json"], capture_output=True, text=True, timeout=60)
    assert status.returncode in (0, 1), status.stderr
    json.loads(status.stdout)


def test_pipetask_goes_on_in_a_killed_run(valet, tmp_path):
    """What valet left when it was killed is what pipetask continues."""
    for seed in range(20):
        root = killed(valet, tmp_path / str(seed), 1, seed)
        if has_run(root):
            break
    pipeline = str(GOLDEN / "metrics.yaml") + ("#" + ",".join(tasks()) if tasks() else "")
    done = run_python_tool(
        "pipetask", "run", "-b", str(root), "-p", pipeline, "-i", INPUT, "-o", OUTPUT, "--output-run", RUN,
        "--extend-run", "--clobber-outputs", "--register-dataset-types", check=False,
    )  # fmt: skip
    text = done.stdout + done.stderr
    assert done.returncode == 0 or "QuantumGraph" in text, text
    check_database(Repo(root))
    butler = Butler.from_config(str(root))
    for name in {d["type"] for d in _expected(tasks())["datasets"] if d["type"].endswith("_log")}:
        want = sum(d["type"] == name for d in _expected(tasks())["datasets"])
        assert len(butler.query_datasets(name, collections=RUN)) == want


def test_valet_goes_on_in_a_run_of_pipetask(valet, tmp_path):
    """A run that pipetask began, and that was killed, is one that valet continues: the reverse."""
    root = tmp_path / "repo"
    shutil.copytree(GOLDEN / "before", root, copy_function=_writable_copy)
    pipeline = str(GOLDEN / "metrics.yaml") + ("#" + ",".join(tasks()) if tasks() else "")
    run_python_tool(
        "pipetask", "run", "-b", str(root), "-p", pipeline, "-i", INPUT, "-o", OUTPUT, "--output-run", RUN,
        "--register-dataset-types", "-d", "instrument='TestCam' AND detector=1", check=False,
    )  # fmt: skip
    done = subprocess.run(
        command(valet, root, "--extend-run", "--clobber-outputs"), capture_output=True, text=True, timeout=120
    )
    assert done.returncode in (0, 1) and " failed=" in done.stderr, done.stderr
    butler = Butler.from_config(str(root))
    for name in {d["type"] for d in _expected(tasks())["datasets"] if d["type"].endswith("_log")}:
        want = sum(d["type"] == name for d in _expected(tasks())["datasets"])
        assert len(butler.query_datasets(name, collections=RUN)) == want
    check_database(Repo(root))
