"""The repository under test: a copy of the golden one on which valet has run."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lsst.daf.butler import Butler

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent.parent / "testdata" / "run"
INPUT, OUTPUT = "u/sci", "u/metrics"


def tasks() -> list[str]:
    """The labels under test; empty means all."""
    return [t for t in os.environ.get("VALET_TASKS", "").split(",") if t]


@dataclasses.dataclass
class Repository:
    """A repository after a run."""

    root: Path
    run: str
    """The output run."""
    expected: dict
    """What the real stack wrote there, for the labels under test."""
    process: subprocess.CompletedProcess | None
    """How the run of valet ended; None if the repository was given."""
    summary: dict | None

    def butler(self, writeable: bool = False) -> Butler:
        return Butler.from_config(str(self.root), writeable=writeable)

    def copy(self, to: Path) -> "Repository":
        """A copy to change."""
        shutil.copytree(self.root, to)
        return dataclasses.replace(self, root=to)


def run_python_tool(name: str, *args: str, check: bool = True) -> subprocess.CompletedProcess:
    """Run butler or pipetask of the stack under which this test runs, with the stand-ins."""
    environ = dict(os.environ)
    environ["PYTHONPATH"] = os.pathsep.join([str(HERE / "standin"), environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    tool = Path(sys.executable).parent / name
    done = subprocess.run([tool, *args], env=environ, capture_output=True, text=True, timeout=600)
    if check and done.returncode != 0:
        raise AssertionError(f"{name} {' '.join(args)} exits {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def _expected(labels: list[str]) -> dict:
    expected = json.loads((GOLDEN / "expected.json").read_text())
    if labels:
        # A label owns the types named after it and the metric that its config names.
        metrics = {}
        for dataset in expected["datasets"]:
            if dataset["type"].endswith("_config"):
                values = dict(
                    line.removeprefix("config.connections.").split("=", 1)
                    for line in dataset["text"].splitlines()
                    if line.startswith("config.connections.")
                )
                package, metric = values["package"].strip("'"), values["metric"].strip("'")
                metrics[f"metricvalue_{package}_{metric}"] = dataset["type"].removesuffix("_config")
        expected["datasets"] = [
            d
            for d in expected["datasets"]
            if d["type"] == "packages" or metrics.get(d["type"], d["type"].rpartition("_")[0]) in labels
        ]
    return expected


def _newest_run(butler: Butler) -> str:
    return butler.collections.get_info(OUTPUT).children[0]


@pytest.fixture(scope="session")
def valet() -> Path:
    """The program under test."""
    path = os.environ.get("VALET")
    if not path:
        pytest.skip("VALET does not name a program")
    return Path(path).resolve()


@pytest.fixture(scope="session")
def repository(request, tmp_path_factory) -> Repository:
    """The repository after the main job. Tests that change it take a copy."""
    root = tmp_path_factory.mktemp("repository") / "repo"
    expected = _expected(tasks())
    if given := os.environ.get("VALET_REPO"):
        shutil.copytree(given, root, copy_function=_writable_copy)
        return Repository(root, _newest_run(Butler.from_config(str(root))), expected, None, None)
    valet = request.getfixturevalue("valet")
    shutil.copytree(GOLDEN / "before", root, copy_function=_writable_copy)
    pipeline = str(GOLDEN / "metrics.yaml")
    if tasks():
        pipeline += "#" + ",".join(tasks())
    summary = root.parent / "summary.json"
    command = [valet, "run", "-b", root, "-p", pipeline, "-i", INPUT, "-o", OUTPUT, "-j", "2", "--register-dataset-types"]
    process = subprocess.run([*command, "--summary", summary], capture_output=True, text=True, timeout=300)
    if not summary.exists():
        pytest.fail(f"valet run exits {process.returncode} without a summary:\n{process.stdout}{process.stderr}")
    run = _newest_run(Butler.from_config(str(root)))
    return Repository(root, run, expected, process, json.loads(summary.read_text()))


def _writable_copy(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    os.chmod(target, 0o644)


@pytest.fixture
def changed(repository, tmp_path) -> Repository:
    """A copy of the repository that the test may change."""
    return repository.copy(tmp_path / "repo")
