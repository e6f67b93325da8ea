"""The commands of the Python stack work on what valet wrote."""

import json

from conftest import INPUT, OUTPUT, run_python_tool


def counts(repository) -> dict[str, int]:
    number: dict[str, int] = {}
    for dataset in repository.expected["datasets"]:
        number[dataset["type"]] = number.get(dataset["type"], 0) + 1
    return number


def test_query_datasets(repository):
    for name, n in counts(repository).items():
        out = run_python_tool("butler", "query-datasets", str(repository.root), name, "--collections", OUTPUT).stdout
        assert out.count(repository.run) == n, out


def test_query_datasets_where(repository):
    name = next(n for n in counts(repository) if n.startswith("metricvalue_"))
    want = [d for d in repository.expected["datasets"] if d["type"] == name and d["dataId"]["detector"] == 1]
    where = "instrument='TestCam' AND detector=1"
    out = run_python_tool(
        "butler", "query-datasets", str(repository.root), name, "--collections", repository.run, "--where", where
    ).stdout
    assert out.count(repository.run) == len(want), out


def test_query_collections(repository):
    out = run_python_tool("butler", "query-collections", str(repository.root), "--chains", "TREE").stdout
    lines = [line.split() for line in out.splitlines()]
    assert [OUTPUT, "CHAINED"] in lines
    assert [repository.run, "RUN"] in lines


def test_query_dataset_types(repository):
    out = run_python_tool("butler", "query-dataset-types", str(repository.root)).stdout
    assert set(counts(repository)) <= set(out.split())


def test_query_data_ids(repository):
    name = next(n for n in counts(repository) if n.startswith("metricvalue_"))
    out = run_python_tool(
        "butler", "query-data-ids", str(repository.root), "visit", "detector", "--datasets", name, "--collections", OUTPUT
    ).stdout
    assert out.count("TestCam") == counts(repository)[name]


def test_retrieve_artifacts(repository, tmp_path):
    (tmp_path / "out").mkdir()
    run_python_tool(
        "butler", "retrieve-artifacts", str(repository.root), str(tmp_path / "out"), "--collections", repository.run,
        "--dataset-type", "metricvalue_*",
    )  # fmt: skip
    files = [f for f in (tmp_path / "out").rglob("*.yaml")]
    assert len(files) == sum(n for name, n in counts(repository).items() if name.startswith("metricvalue_"))


def test_summary_file(repository):
    """The summary of the run is pipetask's, apart from what names the run, the time and the program."""
    if repository.summary is None:
        return
    from conftest import GOLDEN, tasks

    want = json.loads((GOLDEN / "summary.json").read_text())
    got = repository.summary
    labels = tasks() or list(want["qgraphSummary"]["qgraphTaskSummaries"])

    def reports(summary):
        kept = [
            {k: v for k, v in r.items() if k not in ("quantumId", "exitCode")}
            for r in summary["quantaReports"]
            if r["taskLabel"] in labels
        ]
        return sorted(kept, key=lambda r: (r["taskLabel"], sorted(r["dataId"].items())))

    assert {r["status"] for r in reports(want)} == {r["status"] for r in reports(got)}
    got_reports, want_reports = reports(got), reports(want)
    assert [(r["taskLabel"], r["dataId"], r["status"]) for r in got_reports] == [
        (r["taskLabel"], r["dataId"], r["status"]) for r in want_reports
    ]
    classes = lambda rs: [r.get("exceptionInfo", {}).get("className") for r in rs]  # noqa: E731
    assert classes(got_reports) == classes(want_reports)
    graph, want_graph = got["qgraphSummary"], want["qgraphSummary"]
    assert graph["qgraphTaskSummaries"] == {k: v for k, v in want_graph["qgraphTaskSummaries"].items() if k in labels}
    assert graph["outputRun"] == repository.run
    assert graph["inputCollection"] == want_graph["inputCollection"]
    assert graph["outputCollection"] == OUTPUT
    if not tasks():
        assert set(got) == set(want)
        assert got["status"] == want["status"]
        assert got["exceptionInfo"]["className"] == want["exceptionInfo"]["className"]
    failed = any(r["status"] == "failure" for r in want_reports)
    assert repository.process.returncode == (1 if failed else 0)


def test_pipetask_goes_on_in_the_run(changed):
    """pipetask --extend-run accepts valet's configs, packages and metadata, and runs only what failed."""
    from conftest import GOLDEN, tasks

    pipeline = str(GOLDEN / "metrics.yaml") + ("#" + ",".join(tasks()) if tasks() else "")
    failed = [d for d in changed.expected["datasets"] if d.get("error")]
    # The versions that the real stack recorded in a given repository are not those of this machine.
    versions = ["--no-versions"] if changed.process is None else []
    done = run_python_tool(
        "pipetask", "run", "-b", str(changed.root), "-p", pipeline, "-i", INPUT, "-o", OUTPUT,
        "--extend-run", "--clobber-outputs", *versions, check=False,
    )  # fmt: skip
    text = done.stdout + done.stderr
    if not failed:
        # Everything was done: pipetask ends with an empty graph.
        assert done.returncode == 1 and "QuantumGraph" in text, text
        return
    assert done.returncode == 0, text
    assert f"Executed {len(failed)} quant" in text, text
    butler = changed.butler()
    for dataset in failed:
        label = dataset["type"].removesuffix("_log")
        assert butler.find_dataset(f"{label}_metadata", dataset["dataId"], collections=changed.run) is not None
        records = butler.get(dataset["type"], dataset["dataId"], collections=changed.run)
        assert len(records.extra["previous_attempts"]) == 1, "the failed attempt is forgotten"


def test_pipetask_starts_a_new_run(changed):
    """The chain that valet left is one that pipetask puts a new run in front of."""
    from conftest import GOLDEN, tasks

    label = (tasks() or ["timing_isr"])[0]
    run_python_tool(
        "pipetask", "run", "-b", str(changed.root), "-p", f"{GOLDEN / 'metrics.yaml'}#{label}", "-i", INPUT, "-o", OUTPUT,
        "--register-dataset-types",
    )  # fmt: skip
    children = changed.butler().collections.get_info(OUTPUT).children
    assert children[1] == changed.run and children[0].startswith(OUTPUT + "/")
