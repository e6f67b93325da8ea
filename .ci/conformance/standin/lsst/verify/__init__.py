"""A stand-in for lsst.verify, which is in no package index: just enough to read measurements back through the Butler.

It is written from the description of the files, not from the real package, and computes nothing.
"""

import dataclasses
from typing import Any

import yaml


@dataclasses.dataclass
class Datum:
    """A value of an extra, with its unit."""

    value: Any
    unit: str | None
    label: str | None
    description: str | None


@dataclasses.dataclass
class Blob:
    """Named data that belong to a measurement."""

    identifier: str
    name: str
    data: dict[str, Datum]


@dataclasses.dataclass
class Measurement:
    """The value of a metric with notes and blobs."""

    metric: str
    identifier: str
    value: float | None
    unit: str | None
    notes: dict[str, Any]
    blobs: list[Blob]

    @property
    def extras(self) -> dict[str, Datum]:
        """The data of the blob that is named like the metric."""
        return next((b.data for b in self.blobs if b.name == self.metric), {})


def _constructor(cls):
    def construct(loader, node):
        return cls(**loader.construct_mapping(node, deep=True))

    return construct


for _cls in (Datum, Blob, Measurement):
    for _loader in (yaml.SafeLoader, yaml.CSafeLoader, yaml.FullLoader, yaml.UnsafeLoader):
        yaml.add_constructor(f"lsst.verify.{_cls.__name__}", _constructor(_cls), Loader=_loader)
