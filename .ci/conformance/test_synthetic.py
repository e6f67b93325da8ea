"""The synthetic repositories of valet bench are ones that the real Butler knows its way in."""

import subprocess
from pathlib import Path

import pytest
from lsst.daf.butler import Butler

INSTRUMENT, CHAIN, OUTPUT = "SynthCam", "u/synthetic", "u/bench/0"
VISITS, DETECTORS = 6, 4


@pytest.fixture(scope="module")
def butler(valet, tmp_path_factory) -> Butler:
    directory = tmp_path_factory.mktemp("synthetic")
    command = [valet, "bench", "--dir", str(directory), "--keep", "--quanta", str(VISITS * DETECTORS), "--detectors", str(DETECTORS)]
    subprocess.run([*command, "--rounds", "1", "--rows", "0", "--no-floor"], check=True, capture_output=True, timeout=600)
    (root,) = Path(directory).glob("*/run/repo")
    return Butler.from_config(str(root))


def test_inputs_are_there_and_readable(butler):
    refs = sorted(butler.registry.queryDatasets("diaPipe_metadata", collections=CHAIN, where=f"instrument='{INSTRUMENT}'"))
    assert len(refs) == VISITS * DETECTORS
    for ref in refs:
        assert "diaPipe:diaForcedSource" in butler.get(ref)


@pytest.mark.parametrize(
    "element, number",
    [("detector", DETECTORS), ("visit", VISITS), ("exposure", VISITS), ("group", VISITS), ("visit_definition", VISITS),
     ("visit_system_membership", VISITS), ("day_obs", 1), ("physical_filter", 3)],
)  # fmt: skip
def test_records_are_there(butler, element, number):
    assert len(list(butler.registry.queryDimensionRecords(element, instrument=INSTRUMENT))) == number


def test_visits_join_exposures(butler):
    assert len(butler.query_data_ids(["visit", "exposure", "detector"], instrument=INSTRUMENT)) == VISITS * DETECTORS


def test_measurements_are_there(butler):
    refs = butler.query_datasets("metricvalue_bench_Memory0", collections=OUTPUT)
    assert len(refs) == VISITS * DETECTORS
    assert all(butler.stored(ref) for ref in refs)
