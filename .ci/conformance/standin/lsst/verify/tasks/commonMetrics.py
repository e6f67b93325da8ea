"""Stand-ins for the metadata metric tasks: their configs and connections, so that stored configs load and pipetask can go on in a
run that valet began. They measure nothing: every quantum finds no work.
"""

import lsst.pex.config as pexConfig
import lsst.pipe.base as pipeBase
from lsst.pipe.base import connectionTypes

_DIMENSIONS = ("detector", "instrument", "visit")


class MetadataMetricConnections(
    pipeBase.PipelineTaskConnections,
    dimensions=set(_DIMENSIONS),
    defaultTemplates={"package": None, "metric": None, "labelName": ""},
):
    metadata = connectionTypes.Input(
        name="{labelName}_metadata",
        doc="Metadata of the task to measure.",
        storageClass="TaskMetadata",
        dimensions=_DIMENSIONS,
    )
    measurement = connectionTypes.Output(
        name="metricvalue_{package}_{metric}",
        doc="What was measured.",
        storageClass="MetricValue",
        dimensions=_DIMENSIONS,
    )

    def __init__(self, *, config=None):
        super().__init__(config=config)
        if set(config.metadataDimensions) != set(_DIMENSIONS):
            import dataclasses

            self.metadata = dataclasses.replace(self.metadata, dimensions=frozenset(config.metadataDimensions))
            self.dimensions = set(config.metadataDimensions)


class TimeMethodMetricConfig(pipeBase.PipelineTaskConfig, pipelineConnections=MetadataMetricConnections):
    metadataDimensions = pexConfig.ListField(dtype=str, default=list(_DIMENSIONS), doc="Dimensions of the metadata.")
    target = pexConfig.Field(dtype=str, doc="The method to measure.")


class _MetricTask(pipeBase.PipelineTask):
    ConfigClass = TimeMethodMetricConfig

    def run(self, metadata):
        raise pipeBase.NoWorkFound("the stand-in measures nothing")


class MemoryMetricTask(_MetricTask):
    _DefaultName = "memoryMetric"


class TimingMetricTask(_MetricTask):
    _DefaultName = "timingMetric"


class CpuTimingMetricTask(_MetricTask):
    _DefaultName = "cpuTimingMetric"
