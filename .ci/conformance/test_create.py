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
