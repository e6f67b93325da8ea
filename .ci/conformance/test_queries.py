"""valet and the real Butler answer the same questions alike: random ones, and those whose answers are files."""

import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import HERE, run_python_tool
from lsst.daf.butler import Butler
from random_queries import Question, Questions

REPO = HERE.parent.parent / "testdata" / "queries" / "repo"
# What upstream raises where it did not foresee the question; any error of valet's will do.
UNFORESEEN = {"AssertionError", "AttributeError", "KeyError", "NotImplementedError", "OperationalError", "RecursionError", "TypeError"}
# How long each seed asks.
SECONDS = 8


@pytest.fixture(scope="module")
def butler():
    return Butler.from_config(str(REPO))


def expected(butler: Butler, q: Question) -> tuple[str, list[str]]:
    """The class of the error, or the rows that a table shows: each once, in no order."""
    try:
        with butler.query() as query:
            if q.kind == "datasets":
                result = query.datasets(q.dataset_type, q.collections, find_first=q.find_first).where(q.where)
                rows = [{"id": str(r.id), "run": r.run, "dataId": dict(r.dataId.mapping)} for r in result]
            else:
                if q.dataset_type:
                    query = query.join_dataset_search(q.dataset_type, q.collections)
                if q.kind == "data_ids":
                    rows = [dict(d.mapping) for d in query.data_ids(q.dimensions).where(q.where)]
                else:
                    rows = [dict(r.dataId.required) for r in query.dimension_records(q.element).where(q.where)]
        return "", sorted({json.dumps(r, sort_keys=True) for r in rows})
    except Exception as e:
        return type(e).__name__, []


def answered(valet, q: Question) -> tuple[str, list[str]]:
    command = [valet, "query-" + {"data_ids": "data-ids", "datasets": "datasets", "records": "dimension-records"}[q.kind], REPO]
    command += {"data_ids": q.dimensions, "datasets": [q.dataset_type], "records": [q.element]}[q.kind]
    if q.kind != "datasets" and q.dataset_type:
        command += ["--datasets", q.dataset_type]
    if q.collections:
        command += ["--collections", ",".join(q.collections)]
    if q.find_first:
        command += ["--find-first"]
    done = subprocess.run([*command, "--where", q.where, "--format", "json"], capture_output=True, text=True, timeout=60)
    if done.returncode == 1:
        error = done.stderr.split("error: ")[-1].split(":")[0]
        # No datasets of the one type asked for: an error of the command, not of the query.
        return ("", []) if error == "EmptyQueryResultError" else (error, [])
    assert done.returncode == 0, done.stderr
    if "existed in the specified collections" in done.stderr:
        # As butler's, the command looks no further then; the query object does.
        return "unasked", []
    rows = json.loads(done.stdout or "[]")
    if q.kind == "datasets":
        rows = [{k: r[k] for k in ("id", "run", "dataId")} for r in rows]
    if q.kind == "records":
        rows = [required(q.element, r) for r in rows]
    return "", sorted(json.dumps(r, sort_keys=True) for r in rows)


def required(element: str, record: dict) -> dict:
    """The data ID of a record, whose own key is called id or name."""
    names = {
        "patch": ["skymap", "tract"],
        "tract": ["skymap"],
        "visit_definition": ["instrument", "exposure", "visit"],
        "visit_detector_region": ["instrument", "detector", "visit"],
    }.get(element, ["instrument"])
    out = {n: record[n] for n in names}
    if element == "physical_filter":
        out[element] = record["name"]
    elif "id" in record:
        out[element] = record["id"]
    return out


def arbitrary(q: Question) -> bool:
    """Whether the Butler takes any one of several datasets of a data ID: it groups rows of validity ranges before it tests regions."""
    calibrations = {"TestCam/calib", "calibs_both", "TestCam/defaults"}
    return q.kind == "datasets" and not q.find_first and bool(calibrations & set(q.collections))


def data_ids(answer: tuple[str, list[str]]) -> tuple[str, set[str]]:
    return answer[0], {json.dumps(json.loads(row)["dataId"]) for row in answer[1]}


@pytest.mark.parametrize("seed", [1, 2, int(os.environ.get("VALET_SEED", "3"))])
def test_random_questions(butler, valet, seed):
    """As many questions as the time allows; VALET_SEED asks others."""
    questions = Questions(seed)
    end = time.monotonic() + SECONDS
    asked, rows, wrong = 0, 0, []
    with ThreadPoolExecutor(2) as pool:
        while time.monotonic() < end and len(wrong) < 5:
            batch = [questions.next() for _ in range(20)]
            answers = pool.map(lambda q: answered(valet, q), batch)
            for q, got in zip(batch, answers, strict=True):
                want = expected(butler, q)
                asked += 1
                rows += len(want[1])
                if want[0] in UNFORESEEN and got[0] or got[0] == "unasked":
                    continue
                if got != want and not (arbitrary(q) and data_ids(got) == data_ids(want)):
                    wrong.append(f"{q}\n  Butler: {want[0] or len(want[1])}\n  valet:  {got[0] or len(got[1])}")
    assert not wrong, f"{len(wrong)} of {asked} answers differ:\n" + "\n".join(wrong)
    assert asked >= 40 and rows > asked, f"{asked} questions with {rows} rows test little"


def test_parquet(valet, tmp_path):
    """Other programs read the Parquet files of every listing as they read its JSON."""
    parquet = pytest.importorskip("pyarrow.parquet")
    for command in (
        ["query-datasets", REPO, "*", "--collections", "u/bob/r1", "--show-uri"],
        ["query-data-ids", REPO, "visit", "detector"],
        ["query-dimension-records", REPO, "exposure"],
        ["query-dimension-records", REPO, "skymap"],
        ["query-collections", REPO],
        ["query-dataset-types", REPO],
    ):
        file = tmp_path / f"{command[0]}.parquet"
        subprocess.run([valet, *command, "--format", "parquet", "--out", file], check=True, timeout=60)
        table = parquet.read_table(file)
        text = subprocess.run([valet, *command, "--format", "json"], check=True, capture_output=True, text=True, timeout=60).stdout
        rows = json.loads(text)
        assert table.num_rows == len(rows)
        for name in table.column_names:
            if name in rows[0] and not isinstance(rows[0][name], (dict, list)):
                assert table.column(name).to_pylist() == [r[name] for r in rows], (command, name)


@pytest.mark.parametrize(
    "command",
    [
        ["query-collections", "u/*", "nested", "-t"],
        ["query-dataset-types", "-v"],
        ["query-datasets", "bias", "flat", "--collections", "TestCam/*", "--show-uri"],
        ["query-data-ids", "visit", "--where", "instrument='TestCam' AND instrument='AuxCam'"],
        ["query-dimension-records", "visit"],
    ],
    ids=lambda c: c[0],
)
def test_tables(valet, command):
    """Tables are butler's to the letter."""
    arguments = [command[0], str(REPO), *command[1:]]
    got = subprocess.run([valet, *arguments], capture_output=True, text=True, timeout=60)
    want = run_python_tool("butler", *arguments)
    assert (got.returncode, got.stdout) == (want.returncode, want.stdout)
