"""The Butler finds and reads every dataset of the run, and each is what the real stack makes."""

import re

from lsst.daf.butler import DatasetRef
from lsst.daf.butler.logging import ButlerLogRecords
from lsst.pipe.base import PipelineTaskConfig, TaskMetadata
from lsst.utils.packages import Packages
from lsst.verify import Measurement

# One of digits alone is quoted: YAML would read a number.
IDENTIFIER = re.compile(r"identifier: '?[0-9a-f]{32}\b'?")

STORED_AS = {
    "ButlerLogRecords": ButlerLogRecords,
    "Config": PipelineTaskConfig,
    "MetricValue": Measurement,
    "Packages": Packages,
    "TaskMetadata": TaskMetadata,
}


def datasets(repository, butler) -> list[DatasetRef]:
    return butler.query_all_datasets(repository.run, find_first=False)


def key(dataset_type: str, data_id: dict) -> tuple:
    return dataset_type, tuple(sorted(data_id.items()))


def expected_by_key(repository) -> dict:
    return {key(d["type"], d["dataId"]): d for d in repository.expected["datasets"]}


def test_every_dataset_is_found_and_no_other(repository):
    butler = repository.butler()
    found = sorted(key(r.datasetType.name, dict(r.dataId.required)) for r in datasets(repository, butler))
    assert found == sorted(expected_by_key(repository))


def test_dataset_types(repository):
    butler = repository.butler()
    for ref in datasets(repository, butler):
        expected = expected_by_key(repository)[key(ref.datasetType.name, dict(ref.dataId.required))]
        assert ref.datasetType.storageClass_name == expected["storageClass"], ref
        assert sorted(ref.datasetType.dimensions.required) == sorted(expected["dimensions"]), ref
        assert not ref.datasetType.isCalibration(), ref


def test_paths(repository):
    butler = repository.butler()
    for ref in datasets(repository, butler):
        expected = expected_by_key(repository)[key(ref.datasetType.name, dict(ref.dataId.required))]["path"]
        path = expected.replace("<RUN>", repository.run).replace("<RUN_>", repository.run.replace("/", "_"))
        assert butler.getURI(ref).ospath == str(repository.root / path)


def test_every_file_is_read(repository):
    butler = repository.butler()
    for ref in datasets(repository, butler):
        assert isinstance(butler.get(ref), STORED_AS[ref.datasetType.storageClass_name]), ref


def test_texts(repository):
    """Files whose bytes are determined are equal apart from identifiers; comments in configs are valet's own."""

    def without_comments(text: str) -> str:
        return "\n".join(line for line in text.splitlines() if not line.startswith("#"))

    butler = repository.butler()
    for ref in datasets(repository, butler):
        expected = expected_by_key(repository)[key(ref.datasetType.name, dict(ref.dataId.required))].get("text")
        if expected is None:
            continue
        text = butler.getURI(ref).read().decode()
        if ref.datasetType.storageClass_name == "Config":
            assert without_comments(text) == without_comments(expected), ref
        else:
            assert IDENTIFIER.sub("identifier: <UUID>", text) == expected, ref


def test_measurements(repository):
    butler = repository.butler()
    seen = set()
    for ref in datasets(repository, butler):
        expected = expected_by_key(repository)[key(ref.datasetType.name, dict(ref.dataId.required))].get("measurement")
        if expected is None:
            continue
        m = butler.get(ref)
        got = {"metric": m.metric, "value": m.value, "unit": m.unit, "notes": m.notes}
        assert got == {k: expected[k] for k in got}, ref
        assert {k: d.value for k, d in m.extras.items()} == {
            k: d["value"] if isinstance(d, dict) else d for k, d in expected["extras"].items()
        }, ref
        identifiers = {m.identifier, *(b.identifier for b in m.blobs)}
        assert not identifiers & seen, f"{ref}: identifiers are used twice"
        seen |= identifiers


def test_metadata(repository):
    """Metadata have the tree that the real stack leaves, and name the dataset that the quantum wrote."""
    butler = repository.butler()
    ids = {r.id: r for r in datasets(repository, butler)}
    for ref in ids.values():
        expected = expected_by_key(repository)[key(ref.datasetType.name, dict(ref.dataId.required))].get("shape")
        if expected is None:
            continue
        metadata = butler.get(ref)
        label = ref.datasetType.name.removesuffix("_metadata")
        want_names = set(leaf_names(expected))
        names = set(leaf_names(metadata.model_dump())) - {"quantum.outputs"}
        assert names == want_names - {"quantum.outputs"}, ref
        outputs = metadata["quantum"].getArray("outputs") if "outputs" in metadata["quantum"] else []
        for written in outputs:
            assert any(str(i) == written for i in ids), f"{ref}: output {written} is not in the run"
        assert metadata["quantum"]["caveats"] in (0, 7, 15), ref
        assert label in metadata or "initUtc" not in metadata["quantum"], ref


def leaf_names(shape: dict, prefix: str = "") -> list[str]:
    names = [prefix + name for part in ("scalars", "arrays") for name in shape[part]]
    for name, below in (shape["metadata"] or {}).items():
        names += leaf_names(below, f"{prefix}{name}.")
    return names


def test_logs(repository):
    butler = repository.butler()
    for ref in datasets(repository, butler):
        expected = expected_by_key(repository)[key(ref.datasetType.name, dict(ref.dataId.required))]
        if "levels" not in expected:
            continue
        records = butler.get(ref)
        assert sorted({r.levelname for r in records}) == expected["levels"], ref
        for record in records:
            assert record.MDC["RUN"] == repository.run, ref
            assert record.MDC["LABEL"].startswith(ref.datasetType.name.removesuffix("_log") + ":"), ref
        if expected["error"]:
            assert records.extra["exception"]["type_name"], ref
            assert "quantum" in records.extra["metadata"]["metadata"], ref
        else:
            assert records.extra.get("exception") is None, ref


def test_chain(repository):
    chain = [repository.run if c == "<RUN>" else c for c in repository.expected["chain"]]
    assert list(repository.butler().collections.get_info("u/metrics").children) == chain


def test_find_first_through_the_chain(repository):
    butler = repository.butler()
    for ref in datasets(repository, butler):
        assert butler.find_dataset(ref.datasetType, ref.dataId, collections="u/metrics") == ref
