"""A repository that valet makes and fills is one that the real Butler made and filled."""

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest
from conftest import run_python_tool
from lsst.daf.butler import Butler, CollectionType, DatasetType, Timespan


def run_valet(valet: Path, *args, code: int = 0, cwd: Path | None = None) -> subprocess.CompletedProcess:
    done = subprocess.run([valet, *map(str, args)], capture_output=True, text=True, timeout=300, cwd=cwd)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def schema(root: Path) -> dict[str, str]:
    with sqlite3.connect(root / "gen3.sqlite3") as database:
        rows = database.execute("SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return {name: " ".join(sql.split()) for name, sql in rows if "valet_" not in name}


def attributes(root: Path) -> dict[str, str]:
    with sqlite3.connect(root / "gen3.sqlite3") as database:
        return dict(database.execute("SELECT name, value FROM butler_attributes").fetchall())


@pytest.fixture
def ours(valet, tmp_path) -> Path:
    run_valet(valet, "create", tmp_path / "ours")
    return tmp_path / "ours"


@pytest.fixture
def theirs(tmp_path) -> Path:
    run_python_tool("butler", "create", str(tmp_path / "theirs"))
    # The table of file records is made when a repository is first opened for writing.
    Butler.from_config(str(tmp_path / "theirs"), writeable=True)
    return tmp_path / "theirs"


def test_schema(ours, theirs):
    assert schema(ours) == schema(theirs)
    assert (ours / "butler.yaml").read_text() == (theirs / "butler.yaml").read_text()
    a, b = attributes(ours), attributes(theirs)
    universe = [json.loads(x.pop("config:dimensions.json")) for x in (a, b)]
    assert a == b
    for u in universe:
        u.pop("packers", None)
        for e in u["elements"].values():
            e.pop("doc", None)
            for column in e.get("keys", []) + e.get("metadata", []):
                column.pop("doc", None)
    assert universe[0] == universe[1]


def test_used_fully(ours):
    butler = Butler.from_config(str(ours), writeable=True)
    begin = "2026-08-01T22:00:00"
    registry = butler.registry
    from astropy.time import Time
    from lsst.sphgeom import ConvexPolygon, HtmPixelization, LonLat, UnitVector3d

    pixel = HtmPixelization(7).index(UnitVector3d(LonLat.fromDegrees(10.5, 10.5)))
    corners = [UnitVector3d(LonLat.fromDegrees(x, y)) for x, y in ((10, 10), (11, 10), (11, 11), (10, 11))]
    span = Timespan(Time(begin, scale="tai"), Time("2026-08-01T22:01:00", scale="tai"))
    registry.insertDimensionData("instrument", {"name": "Cam", "class_name": "a.Cam"})
    registry.insertDimensionData("physical_filter", {"instrument": "Cam", "name": "g1", "band": "g"})
    registry.insertDimensionData("detector", *[{"instrument": "Cam", "id": i, "full_name": f"d{i}"} for i in range(2)])
    registry.insertDimensionData("day_obs", {"instrument": "Cam", "id": 20260801})
    visit = {"instrument": "Cam", "id": 5, "name": "v5", "physical_filter": "g1", "day_obs": 20260801, "region": ConvexPolygon(corners), "timespan": span}
    registry.insertDimensionData("visit", visit)
    registry.registerDatasetType(DatasetType("flat", {"instrument", "detector"}, "StructuredDataDict", universe=butler.dimensions, isCalibration=True))
    registry.registerDatasetType(DatasetType("x", {"instrument", "visit"}, "StructuredDataDict", universe=butler.dimensions))
    butler.collections.register("r")
    ref = butler.put({"a": 1}, "flat", instrument="Cam", detector=1, run="r")
    butler.put({"a": 2}, "x", instrument="Cam", visit=5, run="r")
    butler.collections.register("calib", CollectionType.CALIBRATION)
    registry.certify("calib", [ref], span)
    assert butler.find_dataset("flat", instrument="Cam", detector=1, collections="calib", timespan=span).id == ref.id
    with butler.query() as query:
        assert query.where(f"htm7 = {pixel}", instrument="Cam").data_ids(["visit", "htm7"]).count() == 1
        assert query.where("visit.timespan OVERLAPS T'2026-08-01T22:00:30/tai'", instrument="Cam").data_ids(["visit"]).count() == 1
    butler.pruneDatasets([ref], purge=True, unstore=True, disassociate=True)
    butler.removeRuns(["r"], unstore=True)
    for args in (["query-collections"], ["query-dimension-records"]):
        run_python_tool("butler", args[0], str(ours), *(["detector"] if "dimension" in args[0] else []))


CAMERA = """\
instrument: {name: Cam, class_name: a.Cam, detector_max: 2}
physical_filter: [{name: g1, band: g}]
detector: [{id: 0, full_name: d0}, {id: 1, full_name: d1}]
visit_system: [{id: 0, name: one-to-one}]
"""
POLYGON = "POLYGON 10 10 11 10 11 11 10 11"
VISITS = [
    {"instrument": "Cam", "id": 5, "name": "v5", "day_obs": 20260801, "physical_filter": "g1", "exposure_time": 30.5, "region": POLYGON,
     "timespan": {"begin": "2026-08-01T22:00:00", "end": "2026-08-01T22:01:00"}},
    {"instrument": "Cam", "id": 6, "name": "v6", "day_obs": 20260801, "physical_filter": "g1", "timespan": {"begin": "2026-08-01T22:01:00", "end": None}},
]  # fmt: skip


@pytest.fixture
def filled(valet, ours) -> Path:
    """A repository that valet alone made and filled."""
    cwd = ours.parent
    (cwd / "camera.yaml").write_text(CAMERA)
    (cwd / "a.yaml").write_text("a: 1\n")
    (cwd / "day_obs.csv").write_text("instrument,id\nCam,20260801\n")
    (cwd / "visit.jsonl").write_text("".join(json.dumps(v) + "\n" for v in VISITS))
    (cwd / "visit_detector_region.json").write_text(json.dumps([{"instrument": "Cam", "visit": v, "detector": d} for v in (5, 6) for d in (0, 1)]))
    (cwd / "files.csv").write_text("path,instrument,detector\na.yaml,Cam,0\na.yaml,Cam,1\n")
    run_valet(valet, "register-instrument", ours, "camera.yaml", cwd=cwd)
    for file in ("day_obs.csv", "visit.jsonl", "visit_detector_region.json"):
        run_valet(valet, "insert-dimension-records", ours, file.partition(".")[0], file, cwd=cwd)
    run_valet(valet, "register-dataset-type", ours, "flat", "StructuredDataDict", "instrument", "detector", "--is-calibration")
    run_valet(valet, "register-dataset-type", ours, "x", "StructuredDataDict", "visit", "detector")
    for transfer in ("copy", "link", "symlink", "direct"):
        run_valet(valet, "ingest-files", ours, "flat", f"u/{transfer}", "files.csv", "--transfer", transfer, cwd=cwd)
    run_valet(valet, "put", ours, "x", "a.yaml", "instrument=Cam", "visit=5", "detector=1", "--run", "u/put", cwd=cwd)
    return ours


def overlaps(root: Path) -> list:
    with sqlite3.connect(root / "gen3.sqlite3") as database:
        return [
            sorted(database.execute(f"SELECT * FROM {table}").fetchall())
            for table in ("visit_skypix_overlap", "visit_skypix_overlap_summary", "visit_detector_region_skypix_overlap_summary")
        ]


def test_records_and_files(valet, filled, theirs):
    butler = Butler.from_config(str(filled))
    records = {r.id: r for r in butler.query_dimension_records("visit", instrument="Cam")}
    assert set(records) == {5, 6} and records[5].exposure_time == 30.5 and records[6].region is None
    assert records[6].timespan.end is None
    for transfer in ("copy", "link", "symlink", "direct"):
        for ref in butler.query_datasets("flat", collections=f"u/{transfer}"):
            assert butler.get(ref) == {"a": 1}
    assert butler.get("x", instrument="Cam", visit=5, detector=1, collections="u/put") == {"a": 1}
    # The real Butler keeps the same rows for the same records.
    other = Butler.from_config(str(theirs), writeable=True)
    for element in ("instrument", "physical_filter", "day_obs", "visit"):
        found = butler.query_dimension_records(element)
        other.registry.insertDimensionData(element, *found)
    assert overlaps(filled) == overlaps(theirs)
    # What the real Butler adds, valet sees and finds whole.
    butler = Butler.from_config(str(filled), writeable=True)
    butler.put({"a": 2}, "x", instrument="Cam", visit=6, detector=0, run="u/put")
    assert "the repository is whole" in run_valet(valet, "fsck", filled).stderr


def test_collections(valet, filled):
    run_valet(valet, "certify-calibrations", filled, "u/copy", "calib", "flat", "--begin-date", "2026-08-01T00:00:00", "--end-date", "2026-09-01T00:00:00")
    run_valet(valet, "certify-calibrations", filled, "u/link", "calib", "flat", "--begin-date", "2026-08-15T00:00:00", code=1)
    run_valet(valet, "decertify", filled, "calib", "flat", "--begin-date", "2026-08-10T00:00:00", "--end-date", "2026-08-11T00:00:00")
    run_valet(valet, "associate", filled, "tagged", "flat", "--collections", "u/copy,u/link", "--find-first")
    run_valet(valet, "collection-chain", filled, "u", "u/link", "u/copy")
    run_valet(valet, "collection-chain", filled, "u", "u/put", "--mode", "prepend")
    butler = Butler.from_config(str(filled), writeable=True)
    assert butler.collections.get_info("u").children == ("u/put", "u/link", "u/copy")
    spans = [a.timespan for a in butler.registry.queryDatasetAssociations("flat", collections="calib")]
    assert len(spans) == 4
    from astropy.time import Time

    inside, gap = (Timespan.fromInstant(Time(t, scale="tai")) for t in ("2026-08-05T00:00:00", "2026-08-10T12:00:00"))
    assert butler.find_dataset("flat", instrument="Cam", detector=1, collections="calib", timespan=inside).run == "u/copy"
    assert butler.find_dataset("flat", instrument="Cam", detector=1, collections="calib", timespan=gap) is None
    assert {r.run for r in butler.query_datasets("flat", collections="tagged")} == {"u/copy"}
    butler.registry.decertify("calib", "flat", Timespan(None, None))
    butler.collections.extend_chain("u", "u/symlink")
    run_valet(valet, "prune-datasets", filled, "--purge", "u/copy", "--where", "instrument='Cam' AND detector=0", "--no-confirm")
    run_valet(valet, "remove-collections", filled, "tagged", "--no-confirm")
    run_valet(valet, "remove-runs", filled, "u/direct", "u/symlink", "--force", "--no-confirm")
    butler = Butler.from_config(str(filled))
    assert set(butler.collections.query("*")) == {"u", "u/put", "u/link", "u/copy", "calib"}
    assert len(butler.query_datasets("flat", collections="u/copy")) == 1
    assert (filled.parent / "a.yaml").exists()
    assert "the repository is whole" in run_valet(valet, "fsck", filled).stderr


def test_transfer(valet, filled, theirs):
    run_valet(valet, "transfer", filled, theirs, "--collections", "u/copy,u/put")
    butler, other = Butler.from_config(str(filled)), Butler.from_config(str(theirs), writeable=True)
    for name, run in (("flat", "u/copy"), ("x", "u/put")):
        refs = butler.query_datasets(name, collections=run)
        assert sorted(r.id for r in refs) == sorted(r.id for r in other.query_datasets(name, collections=run))
        assert all(other.get(r) == {"a": 1} for r in other.query_datasets(name, collections=run))
    # The rest by the real Butler, which finds types and records to be the same.
    refs = butler.query_datasets("flat", collections="u/link")
    assert len(other.transfer_from(butler, refs, transfer="copy", register_dataset_types=True, transfer_dimensions=True)) == 2
    assert "the repository is whole" in run_valet(valet, "fsck", theirs).stderr
