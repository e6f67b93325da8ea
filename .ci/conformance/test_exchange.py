"""What valet exports, the real Butler imports, and the reverse; what valet transfers is what the Butler transfers."""

import sqlite3
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
from astropy.time import Time
from conftest import run_python_tool
from lsst.daf.butler import (
    Butler,
    CollectionType,
    DatasetIdGenEnum,
    DatasetRef,
    DatasetType,
    FileDataset,
    Timespan,
)
from lsst.daf.butler.formatters.yaml import YamlFormatter
from lsst.sphgeom import Angle, Box, Circle, ConvexPolygon, Ellipse, LonLat, UnionRegion, UnitVector3d
from test_create import run_valet


def polygon(x: float, y: float) -> ConvexPolygon:
    corners = ((x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1))
    return ConvexPolygon([UnitVector3d(LonLat.fromDegrees(*c)) for c in corners])


def span(begin: str | None, end: str | None) -> Timespan:
    return Timespan(begin and Time(begin, scale="tai"), end and Time(end, scale="tai"))


def fill(root: Path) -> None:
    """A repository with records of every kind, tags, validity ranges, chains and files in and outside of it."""
    Butler.makeRepo(str(root))
    butler = Butler.from_config(str(root), writeable=True)
    insert = butler.registry.insertDimensionData
    night = {"instrument": "Cam", "day_obs": 20260801, "physical_filter": "g1"}
    center = UnitVector3d(LonLat.fromDegrees(10.5, 10.5))
    regions = [
        polygon(10, 10),
        Circle(center, Angle.fromDegrees(0.1)),
        Box.fromDegrees(1, 1, 2, 2),
        Ellipse(center, Angle.fromDegrees(0.2), Angle.fromDegrees(0.1), Angle.fromDegrees(3)),
        UnionRegion(polygon(1, 1), Circle(center, Angle.fromDegrees(0.1))),
        None,
    ]
    spans = [
        span("2026-08-01T22:00:00.123456789", "2026-08-01T22:00:30"),
        span(None, "2020-01-01T00:00:00"),
        span("2020-01-01T00:00:00", None),
        Timespan(None, None),
        None,
        None,
    ]
    insert("instrument", {"name": "Cam", "class_name": "a.Cam", "visit_max": 100, "exposure_max": 100, "detector_max": 4})
    insert("physical_filter", {"instrument": "Cam", "name": "g1", "band": "g"}, {"instrument": "Cam", "name": "yes", "band": "1e3"})
    detectors = [{"instrument": "Cam", "id": i, "full_name": f"d{i}", "raft": "null", "name_in_raft": "a: b #c", "purpose": "12"} for i in range(3)]
    insert("detector", *detectors)
    insert("day_obs", {"instrument": "Cam", "id": 20260801, "timespan": span("2026-08-01T12:00:00", "2026-08-02T12:00:00")})
    insert("group", {"instrument": "Cam", "name": "1"})
    odd = {"observation_reason": "a \"quoted\" 'thing'\n  line", "has_simulated": False, "dark_time": 1e-7, "zenith_angle": float("inf")}
    insert("exposure", night | odd | {"id": 7, "obs_id": "exp_7", "group": "1", "timespan": spans[0]})
    insert("visit_system", {"instrument": "Cam", "id": 0, "name": "one-to-one"})
    insert("visit", *[night | {"id": i, "name": f"v{i}", "region": r, "timespan": t} for i, (r, t) in enumerate(zip(regions, spans))])
    insert("visit_definition", {"instrument": "Cam", "exposure": 7, "visit": 0})
    insert("visit_system_membership", {"instrument": "Cam", "visit": 0, "visit_system": 0})
    insert("visit_detector_region", *[{"instrument": "Cam", "visit": 0, "detector": i, "region": regions[i]} for i in range(3)])
    insert("skymap", {"name": "sky", "hash": b"\x01\xff\x00ab", "tract_max": 1, "patch_nx_max": 2, "patch_ny_max": 2})
    insert("tract", {"skymap": "sky", "id": 0, "region": polygon(9, 9)})
    insert("patch", {"skymap": "sky", "tract": 0, "id": 1, "cell_x": 1, "cell_y": 0, "region": polygon(10, 10)})
    types = {}
    for name, dimensions, calibration in (
        ("flat", ["detector"], True),
        ("x", ["visit", "detector"], False),
        ("coadd", ["patch", "band"], False),
        ("alone", [], False),
        ("pixel", ["htm7"], False),
        ("raw", ["exposure", "detector"], False),
    ):
        types[name] = DatasetType(name, butler.dimensions.conform(dimensions), "StructuredDataDict", isCalibration=calibration)
        butler.registry.registerDatasetType(types[name])
    butler.collections.register("r/1", doc="the first: run")
    butler.collections.register("r/2")
    flats = [butler.put({"a": i}, "flat", instrument="Cam", detector=i, run="r/1") for i in range(3)]
    other = butler.put({"a": 10}, "flat", instrument="Cam", detector=0, run="r/2")
    x = [butler.put({"x": i}, "x", instrument="Cam", visit=0, detector=i, run="r/1") for i in range(2)]
    butler.put({"x": 0}, "coadd", skymap="sky", tract=0, patch=1, band="g", run="r/1")
    butler.put({"x": 0}, "alone", run="r/2")
    butler.put({"x": 0}, "pixel", htm7=131077, run="r/2")
    outside = root.parent / f"{root.name}-outside"
    outside.mkdir()
    data_ids = [butler.registry.expandDataId(instrument="Cam", exposure=7, detector=i) for i in range(3)]
    for name, ids, transfer in (("raw 1%.yaml", data_ids[:1], "direct"), ("two.yaml", data_ids[1:], "copy")):
        (outside / name).write_text("raw: 1\n")
        refs = [DatasetRef(types["raw"], i, run="r/2", id_generation_mode=DatasetIdGenEnum.DATAID_TYPE_RUN) for i in ids]
        butler.ingest(FileDataset(path=str(outside / name), refs=refs, formatter=YamlFormatter), transfer=transfer)
    butler.collections.register("tag", CollectionType.TAGGED, doc="some\nof them")
    butler.registry.associate("tag", [flats[1], other, x[0]])
    butler.collections.register("cal", CollectionType.CALIBRATION)
    butler.registry.certify("cal", flats[:2], span("2026-01-01T00:00:00", "2026-02-01T00:00:00"))
    butler.registry.certify("cal", [other, flats[1]], span("2026-02-01T00:00:00", None))
    butler.registry.certify("cal", [flats[2]], Timespan(None, None))
    butler.collections.register("empty", CollectionType.TAGGED)
    butler.collections.register("chain", CollectionType.CHAINED)
    butler.collections.redefine_chain("chain", ["r/2", "tag", "r/1", "cal"])
    butler.collections.register("above", CollectionType.CHAINED)
    butler.collections.redefine_chain("above", ["chain", "empty"])


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("filled") / "repo"
    fill(root)
    return root


def content(root: Path, collections: bool = True) -> dict:
    """All that a repository says, without the keys that its database chose, and the bytes of its files."""
    out = {}
    with sqlite3.connect(root / "gen3.sqlite3") as database:

        def rows(query: str) -> list:
            return database.execute(query).fetchall()

        assert rows("PRAGMA foreign_key_check") == []
        names = dict(rows("SELECT collection_id, name FROM collection"))
        types = dict(rows("SELECT id, name FROM dataset_type"))
        out["type"] = sorted(rows("SELECT name, storage_class FROM dataset_type"))
        out["collection"] = sorted(rows("SELECT name, type, coalesce(doc, '') FROM collection"))
        out["collection_chain"] = sorted((names[p], n, names[c]) for p, n, c in rows("SELECT parent, position, child FROM collection_chain"))
        out["dataset"] = sorted((i, types[t], names[r]) for i, t, r in rows("SELECT id, dataset_type_id, run_id FROM dataset"))
        out["record"] = sorted(rows("SELECT dataset_id, formatter, storage_class, component FROM file_datastore_records"))
        for (table,) in rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
            kind = table.rpartition("_")[0]
            if kind in ("dataset_tags", "dataset_calibs"):
                columns = [c[1] for c in rows(f"PRAGMA table_info('{table}')")]
                for row in rows(f"SELECT * FROM {table}"):
                    row = dict(zip(columns, row)) | {"id": None}
                    row["dataset_type_id"], row["collection_id"] = types[row["dataset_type_id"]], names[row["collection_id"]]
                    out.setdefault(kind, []).append(repr(sorted(row.items())))
            elif not table.startswith(("dataset", "collection", "run", "valet_", "butler_", "file_", "opaque", "sqlite", "dimension_")):
                out[table] = sorted(map(repr, rows(f'SELECT * FROM "{table}"')))
        for kind in ("dataset_tags", "dataset_calibs"):
            out[kind] = sorted(out.get(kind, []))
        for dataset_id, path in rows("SELECT dataset_id, path FROM file_datastore_records"):
            path, _, member = path.partition("#zip-path=")
            file = Path(unquote(path.removeprefix("file://"))) if path.startswith("file://") else root / path
            out[f"file {dataset_id}"] = zipfile.ZipFile(file).read(unquote(member)) if member else file.read_bytes()
    if not collections:
        # Of these a transfer brings only the runs.
        for table in ("collection", "collection_chain", "dataset_tags", "dataset_calibs"):
            out.pop(table)
    return out


def refs_of(butler: Butler) -> list[DatasetRef]:
    runs = butler.collections.query("*", collection_types={CollectionType.RUN})
    return [
        ref
        for t in butler.registry.queryDatasetTypes()
        for ref in butler.query_datasets(t.name, collections=runs, find_first=False, explain=False, with_dimension_records=True, limit=None)
    ]


def export_by_butler(root: Path, to: Path, transfer: str | None, records: bool) -> None:
    to.mkdir()
    butler = Butler.from_config(str(root))
    with butler.export(directory=str(to), filename="export.yaml", transfer=transfer) as export:
        export.saveDatasets(refs_of(butler))
        for element in butler.dimensions.elements if records else ():
            if element.has_own_table:
                export.saveDimensionData(element, butler.query_dimension_records(element.name, explain=False, limit=None))
        for name in butler.registry.queryCollections():
            export.saveCollection(name)


@pytest.mark.parametrize("transfer", ["copy", "link", "symlink", "direct"])
@pytest.mark.parametrize("by", ["butler", "valet"])
def test_valet_exports(valet, filled, tmp_path, by, transfer):
    """What valet wrote comes back whole, by the Butler and by valet."""
    run_valet(valet, "export", filled, tmp_path / "out", "--transfer", transfer, "--all-dimension-records")
    to = tmp_path / "to"
    run_valet(valet, "create", to)
    if by == "butler":
        run_python_tool("butler", "import", str(to), str(tmp_path / "out"), "--transfer", transfer)
    else:
        run_valet(valet, "import", to, tmp_path / "out", "--transfer", transfer)
    assert content(to) == content(filled)
    butler = Butler.from_config(str(to))
    assert {ref.id: butler.get(ref) for ref in refs_of(butler)} == {ref.id: Butler.from_config(str(filled)).get(ref) for ref in refs_of(Butler.from_config(str(filled)))}
    assert "the repository is whole" in run_valet(valet, "fsck", to).stderr


@pytest.mark.parametrize("transfer", ["auto", "link", "direct"])
def test_butler_exports(valet, filled, tmp_path, transfer):
    """What the Butler wrote, valet imports as the Butler does."""
    export_by_butler(filled, tmp_path / "out", transfer, True)
    for by in ("valet", "butler"):
        run_python_tool("butler", "create", str(tmp_path / by))
    run_valet(valet, "import", tmp_path / "valet", tmp_path / "out", "--transfer", transfer)
    run_python_tool("butler", "import", str(tmp_path / "butler"), str(tmp_path / "out"), "--transfer", transfer)
    assert content(tmp_path / "valet") == content(tmp_path / "butler") == content(filled)
    # The same once more changes nothing.
    again = run_valet(valet, "import", tmp_path / "valet", tmp_path / "out", "--transfer", transfer)
    assert again.stderr.startswith("0 datasets, 0 dimension records, 0 dataset types, 0 collections, 0 associations imported, 12 datasets were there")
    assert content(tmp_path / "valet") == content(filled)
    assert "the repository is whole" in run_valet(valet, "fsck", tmp_path / "valet").stderr


def test_same_records(valet, filled, tmp_path):
    """Both think that datasets need the same dimension records."""
    export_by_butler(filled, tmp_path / "theirs", None, False)
    run_valet(valet, "export", filled, tmp_path / "ours", "--transfer", "none")
    theirs, ours = ((tmp_path / n / "export.yaml").read_text() for n in ("theirs", "ours"))

    def elements(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith("  element: ")]

    assert elements(ours) == elements(theirs)
    assert ours.count("- instrument: Cam") == theirs.count("- instrument: Cam")


def test_skipped_dimensions(valet, filled, tmp_path):
    run_valet(valet, "export", filled, tmp_path / "out", "flat", "--collections", "r/1")
    run_python_tool("butler", "create", str(tmp_path / "to"))
    to = Butler.from_config(str(tmp_path / "to"), writeable=True)
    to.registry.insertDimensionData("instrument", {"name": "Cam", "class_name": "another.Cam"})
    refused = run_valet(valet, "import", tmp_path / "to", tmp_path / "out", code=1)
    assert "has another" in refused.stderr and "nothing was changed" in refused.stderr
    run_valet(valet, "import", tmp_path / "to", tmp_path / "out", "--skip-dimensions", "instrument")
    assert len(Butler.from_config(str(tmp_path / "to")).query_datasets("flat", collections="r/1")) == 3


@pytest.mark.parametrize("transfer", ["copy", "link", "symlink", "relsymlink", "auto"])
def test_transfer(valet, filled, tmp_path, transfer):
    """Datasets, and the records that they need, come as the Butler brings them."""
    for by in ("valet", "butler"):
        run_python_tool("butler", "create", str(tmp_path / by))
    run_valet(valet, "transfer", filled, tmp_path / "valet", "--transfer", transfer)
    source = Butler.from_config(str(filled))
    to = Butler.from_config(str(tmp_path / "butler"), writeable=True)
    to.transfer_from(source, refs_of(source), transfer=transfer, register_dataset_types=True, transfer_dimensions=True)
    assert content(tmp_path / "valet", False) == content(tmp_path / "butler", False)
    ours = Butler.from_config(str(tmp_path / "valet"))
    assert {ref.id: ours.get(ref) for ref in refs_of(ours)} == {ref.id: source.get(ref) for ref in refs_of(source)}
    assert "the repository is whole" in run_valet(valet, "fsck", tmp_path / "valet").stderr


def test_packed(valet, changed, tmp_path):
    """Members of zip files become files, or stay what they are."""
    run_valet(valet, "pack", changed.root, changed.run)
    plain = content(changed.root)
    for transfer, by in (("copy", "butler"), ("direct", "valet")):
        run_valet(valet, "export", changed.root, tmp_path / transfer, "--transfer", transfer, "--all-dimension-records")
        run_valet(valet, "create", tmp_path / f"to-{transfer}")
        if by == "butler":
            run_python_tool("butler", "import", str(tmp_path / f"to-{transfer}"), str(tmp_path / transfer), "--transfer", transfer)
        else:
            run_valet(valet, "import", tmp_path / f"to-{transfer}", tmp_path / transfer, "--transfer", transfer)
        assert content(tmp_path / f"to-{transfer}") == plain
        butler = Butler.from_config(str(tmp_path / f"to-{transfer}"))
        for ref in butler.query_datasets("isr_metadata", collections=changed.run, explain=False) if butler.registry.queryDatasetTypes("isr_metadata") else ():
            butler.get(ref)
