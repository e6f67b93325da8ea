"""What valet and pipetask leave of a replaced run, and which quanta they plan under a constraint, is the same."""

import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from conftest import GOLDEN, INPUT, _writable_copy, run_python_tool
from lsst.daf.butler import Butler, MissingCollectionError

LABEL = "timing_isr"
CHAIN = "u/pruned"
TABLES = [
    "dataset", "dataset_location", "dataset_location_trash", "file_datastore_records", "dataset_tags_00000000", "dataset_tags_00000001",
    "dataset_tags_00000002", "collection", "run", "collection_chain", "collection_summary_dataset_type", "collection_summary_instrument",
]  # fmt: skip


@pytest.fixture
def prepared(valet, tmp_path) -> tuple[Path, str]:
    """A repository with a chain of one run of valet and the inputs, and a TAGGED collection of some of its datasets."""
    root = tmp_path / "repo"
    shutil.copytree(GOLDEN / "before", root, copy_function=_writable_copy)
    run_valet(valet, root, "-i", INPUT, "--register-dataset-types")
    butler = Butler.from_config(str(root), writeable=True)
    run = butler.collections.get_info(CHAIN).children[0]
    butler.collections.register("tagged", type=butler.collections.get_info("u/sci").type.TAGGED)
    butler.registry.associate("tagged", butler.query_datasets(f"{LABEL}_metadata", collections=run)[:3])
    return root, run


def run_valet(valet: Path, root: Path, *args: str) -> None:
    pipeline = f"{GOLDEN / 'metrics.yaml'}#{LABEL}"
    command = [valet, "run", "-q", "-b", root, "-p", pipeline, "-o", CHAIN, "--no-versions", *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def rows(root: Path) -> dict[str, int]:
    """The numbers of rows, without those that a new run makes."""
    with sqlite3.connect(root / "gen3.sqlite3") as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        return {t: database.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0] for t in TABLES}


def files(root: Path, run: str) -> list[str]:
    return sorted(p.name for p in (root / run).rglob("*") if p.is_file())


@pytest.mark.parametrize("mode", ["unstore", "purge"])
def test_prune_replaced(valet, prepared, mode):
    root, run = prepared
    other = root.with_name("other")
    shutil.copytree(root, other)
    before = {t: n for t, n in rows(root).items()}
    # Nothing runs in the new runs, which would differ: only the configs are written.
    run_valet(valet, root, "--replace-run", "--prune-replaced", mode, "--init-only")
    run_python_tool(
        "pipetask", "run", "-b", str(other), "-p", f"{GOLDEN / 'metrics.yaml'}#{LABEL}", "-o", CHAIN, "--replace-run", "--prune-replaced", mode,
        "--init-only", "--no-versions",
    )  # fmt: skip
    assert rows(root) == rows(other)
    assert rows(root) != before
    assert files(root, run) == files(other, run)
    butlers = [Butler.from_config(str(r)) for r in (root, other)]
    for butler in butlers:
        children = butler.collections.get_info(CHAIN).children
        assert run not in children and len(children) == 3
        if mode == "purge":
            with pytest.raises(MissingCollectionError):
                butler.collections.get_info(run)
            assert butler.query_datasets(f"{LABEL}_metadata", collections="tagged", explain=False) == []
            continue
        refs = butler.query_datasets(f"{LABEL}_metadata", collections=run)
        assert len(refs) == 20 and len(butler.query_datasets(f"{LABEL}_metadata", collections="tagged")) == 3
        assert not any(butler.stored_many(refs).values())
        assert butler.get(f"{LABEL}_config", collections=run) is not None
    assert not [p for p in root.rglob("*.tmp*")]


def test_upstream_empties_the_trash(prepared):
    """What a crash of valet leaves after its first step is in the trash, where the Python stack looks for it."""
    root, run = prepared
    with sqlite3.connect(root / "gen3.sqlite3") as database:
        database.execute("PRAGMA foreign_keys = ON")
        ids = f"(SELECT d.id FROM dataset d JOIN collection c ON c.collection_id = d.run_id WHERE c.name = '{run}')"
        database.execute(f"INSERT INTO dataset_location_trash (datastore_name, dataset_id) SELECT datastore_name, dataset_id FROM dataset_location WHERE dataset_id IN {ids}")
        database.execute(f"DELETE FROM dataset_location WHERE dataset_id IN {ids}")
    assert files(root, run)
    butler = Butler.from_config(str(root), writeable=True)
    butler._datastore.emptyTrash()
    assert files(root, run) == []
    assert rows(root)["dataset_location_trash"] == 0
    assert rows(root)["dataset_location"] == rows(root)["file_datastore_records"]


@pytest.mark.parametrize("constraint", ["all", "off", "isr_metadata", "diaPipe_metadata", "isr_metadata,diaPipe_metadata", "off,diaPipe_metadata"])
@pytest.mark.parametrize("inputs", [INPUT, "inputs/empty"])
def test_constraint(valet, tmp_path, constraint, inputs):
    label = "timing_apPipe"
    args = ["-b", str(GOLDEN / "before"), "-p", f"{GOLDEN / 'metrics.yaml'}#{label}", "-i", inputs, "-o", CHAIN, "--dataset-query-constraint", constraint]
    theirs = run_python_tool("pipetask", "qgraph", *args, check=False)
    ours = subprocess.run([valet, "graph", *args], capture_output=True, text=True, timeout=300)
    assert ours.returncode == theirs.returncode
    told = re.compile(r"(?:Generated|Dropping) .*?\.$|More than half .*\.$|Initial data ID query returned no rows", re.MULTILINE)

    def lines(done):
        text = re.sub(r" component=\w+.*$", "", done.stdout + done.stderr, flags=re.MULTILINE)
        return sorted(told.findall(text))

    assert lines(ours) == lines(theirs) != []


def test_constraint_on_nothing(valet):
    args = ["-b", str(GOLDEN / "before"), "-p", f"{GOLDEN / 'metrics.yaml'}#{LABEL}", "-i", INPUT, "-o", CHAIN, "--dataset-query-constraint", "diaPipe_metadata"]
    theirs = run_python_tool("pipetask", "qgraph", *args, check=False)
    ours = subprocess.run([valet, "graph", *args], capture_output=True, text=True, timeout=300)
    assert ours.returncode == theirs.returncode == 1
    assert "QuantumGraphBuilderError" in theirs.stdout + theirs.stderr and "QuantumGraphBuilderError" in ours.stderr


CHAINED_TASKS = """\
description: two tasks about the metadata of the one before
tasks:
  memory:
    class: lsst.verify.tasks.commonMetrics.MemoryMetricTask
    config: {connections.package: p, connections.metric: Memory, connections.labelName: diaPipe, target: diaPipe.run}
  about:
    class: lsst.verify.tasks.commonMetrics.TimingMetricTask
    config: {connections.package: p, connections.metric: MemoryTime, connections.labelName: memory, target: memory.run}
  aboutabout:
    class: lsst.verify.tasks.commonMetrics.TimingMetricTask
    config: {connections.package: p, connections.metric: AboutTime, connections.labelName: about, target: about.run}
"""


@pytest.fixture(scope="module")
def chained(valet, tmp_path_factory) -> Path:
    """A repository in which three tasks of a chain ran, of which some quanta of the last two are to run again."""
    root = tmp_path_factory.mktemp("chained") / "repo"
    shutil.copytree(GOLDEN / "before", root, copy_function=_writable_copy)
    (root.parent / "chain.yaml").write_text(CHAINED_TASKS)
    command = [valet, "run", "-q", "-b", root, "-p", root.parent / "chain.yaml", "-i", INPUT, "-o", CHAIN, "--register-dataset-types"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    butler = Butler.from_config(str(root), writeable=True)
    gone = []
    for label, detectors in {"aboutabout": (1, 2), "about": (2,)}.items():
        for kind in ("metadata", "log"):
            refs = butler.query_datasets(f"{label}_{kind}", collections=CHAIN)
            gone += [ref for ref in refs if ref.dataId["detector"] in detectors]
    butler.pruneDatasets(gone, unstore=True, purge=True, disassociate=True)
    return root


ELSEWHERE = ["--skip-existing-in", CHAIN, "--output-run", "u/new"]
ONE, ALL = "detector = 2 AND visit = 2026080100004", "detector >= 0"


@pytest.mark.parametrize(
    ("retained", "where", "more"),
    [
        (None, ALL, ELSEWHERE),
        ("about_metadata", ALL, ELSEWHERE),
        ("about_metadata", ONE, ELSEWHERE),
        ("*_metadata", ALL, ELSEWHERE),
        ("memory_metadata", ALL, ELSEWHERE),
        ("ABOUT_*", ALL, ELSEWHERE),
        ("nonesuch", ALL, ELSEWHERE),
        ("[a]bout_metad?ta", ALL, ["--extend-run", "--clobber-outputs"]),
        ("nonesuch", ALL, []),
    ],
)
def test_retained(valet, chained, tmp_path, retained, where, more):
    where = f"instrument='TestCam' AND {where}"
    args = ["-b", str(chained), "-p", str(chained.parent / "chain.yaml"), "-o", CHAIN, "-d", where, *more]
    if retained:
        (tmp_path / "retained.yaml").write_text(f'- "{retained}"\n')
        args += ["--retained-dataset-types", str(tmp_path / "retained.yaml")]
    theirs = run_python_tool("pipetask", "qgraph", *args, check=False)
    ours = subprocess.run([valet, "graph", *args], capture_output=True, text=True, timeout=300)
    assert ours.returncode == theirs.returncode, ours.stderr + theirs.stderr
    told = re.compile(r"(?:Generated|Dropping|Forcing|Retained) .*?\.$|ValueError", re.MULTILINE)

    def lines(done):
        text = re.sub(r" component=\w+.*$", "", done.stdout + done.stderr, flags=re.MULTILINE)
        return sorted(set(told.findall(text)))

    assert lines(ours) == lines(theirs) != []
