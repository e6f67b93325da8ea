"""What valet lists, exports and writes as Jobs is what the Butler reads, also of repositories that only the Butler wrote to."""

import json
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from conftest import OUTPUT
from lsst.daf.butler import Butler, Config, DatasetRef, DatasetType, DimensionConfig, FileDataset
from lsst.resources import ResourcePath


def run(valet: Path, *args, code: int = 0) -> str:
    done = subprocess.run([valet, *map(str, args)], capture_output=True, text=True, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


class _Loader(yaml.SafeLoader):
    """Reads a measurement file as plain data."""


_Loader.add_multi_constructor("lsst.verify.", lambda loader, _, node: loader.construct_mapping(node, deep=True))


def stored(root: Path, collection: str) -> dict[str, tuple]:
    """What the files of all measurements say, by dataset ID, as the Butler finds them."""
    butler = Butler.from_config(str(root))
    found = {}
    for ref in butler.query_all_datasets(collection, name="metricvalue_*"):
        content = yaml.load(butler.getURI(ref).read(), Loader=_Loader)
        if not isinstance(content, dict):
            # Another test has taught all loaders to make objects of the stand-in.
            content = vars(content)
        data_id = dict(butler.registry.expandDataId(ref.dataId).mapping)
        found[str(ref.id)] = (content["metric"], content["value"], content["unit"], content["notes"], data_id, ref.run)
    assert found
    return found


def listed(valet: Path, root: Path, collection: str) -> dict[str, tuple]:
    rows = lines(run(valet, "measurements", root, "--collections", collection, "--format", "jsonl"))
    return {r["id"]: (r["metric"], r["value"], r["unit"], r["notes"], r["dataId"], r["run"]) for r in rows}


def test_measurements_of_valet(changed, valet):
    assert listed(valet, changed.root, OUTPUT) == stored(changed.root, OUTPUT)


def test_parquet(changed, valet, tmp_path):
    run(valet, "export", changed.root, "--collections", OUTPUT, "--out", tmp_path / "all.parquet")
    want = stored(changed.root, OUTPUT)
    table = pq.read_table(tmp_path / "all.parquet").to_pylist()
    assert {r["id"]: (r["metric"], r["value"], r["unit"]) for r in table} == {k: v[:3] for k, v in want.items()}
    for r in table:
        for name, value in want[r["id"]][4].items():
            assert r[name] == value


def test_job_files_are_as_python_writes_json(changed, valet, tmp_path):
    run(valet, "job", changed.root, "--collections", OUTPUT, "--dataset-name", "ci", "--out", tmp_path)
    count = 0
    for path in tmp_path.glob("*.verify.json"):
        text = path.read_text()
        job = json.loads(text)
        assert json.dumps(job, indent=2, sort_keys=True) == text
        assert sorted(job) == ["blobs", "measurements", "meta", "metrics", "specs"]
        blobs = {b["identifier"] for b in job["blobs"]}
        for m in job["measurements"]:
            assert set(m["blob_refs"]) <= blobs
        assert job["meta"]["butler_generation"] == "Gen3" and job["meta"]["filter"] == job["meta"]["physical_filter"]
        count += len(job["measurements"])
    assert count == len(stored(changed.root, OUTPUT))


@pytest.mark.parametrize("universe", [2, 4, 5, None])
def test_repository_of_the_butler(valet, tmp_path, universe):
    """Nothing but the Butler wrote here; the index is filled at the first question, and follows what the Butler removes."""
    root = tmp_path / "repo"
    dimensions = None
    if universe is not None:
        old = ResourcePath(f"resource://lsst.daf.butler/configs/old_dimensions/daf_butler_universe{universe}.yaml")
        if not old.exists():
            pytest.skip(f"this Butler has no universe {universe}")
        dimensions = DimensionConfig(old)
    Butler.makeRepo(str(root), config=Config(), dimensionConfig=dimensions)
    butler = Butler.from_config(str(root), writeable=True, run="testrun")
    registry = butler.registry
    registry.insertDimensionData("instrument", {"name": "Cam", "detector_max": 10, "visit_max": 10, "exposure_max": 10, "class_name": "x"})
    for detector in range(3):
        registry.insertDimensionData("detector", {"instrument": "Cam", "id": detector, "full_name": f"D{detector}"})
    refs = []
    for name, value, unit in [("a_Memory", 5.5, "Kibyte"), ("b", float("inf"), "''"), ("c", -0.0, "marcsec")]:
        typ = DatasetType(f"metricvalue_p_{name}", ["instrument", "detector"], "MetricValue", universe=butler.dimensions)
        registry.registerDatasetType(typ)
        for detector in range(3):
            path = tmp_path / f"{name}{detector}.yaml"
            path.write_text(
                f"!<lsst.verify.Measurement>\nblobs: []\nidentifier: 8e5cd3fab0084f5aabce2fef9555cab7\nmetric: p.{name}\n"
                f"notes: {{p.{name}.n: [1, x]}}\nunit: {unit}\nvalue: {str(value + detector).replace('inf', '.inf')}\n"
            )
            ref = DatasetRef(typ, registry.expandDataId(instrument="Cam", detector=detector), "testrun")
            butler.ingest(FileDataset(str(path), [ref], formatter="lsst.daf.butler.formatters.yaml.YamlFormatter"), transfer="copy")
            refs.append(ref)

    def expected() -> dict:
        return {k: (m, "Infinity" if v == float("inf") else v, *rest) for k, (m, v, *rest) in stored(root, "testrun").items()}

    for _ in range(2):
        assert listed(valet, root, "testrun") == expected()
    butler.pruneDatasets(refs[:4], disassociate=True, unstore=True, purge=True)
    assert listed(valet, root, "testrun") == expected()
    assert len(expected()) == 5
