"""A stand-in for the pipeline timing task: its config and connections. It measures nothing."""

import lsst.pex.config as pexConfig
import lsst.pipe.base as pipeBase
from lsst.pipe.base import connectionTypes


class PipelineTimingMetricConnections(
    pipeBase.PipelineTaskConnections,
    dimensions={"instrument", "visit", "detector"},
    defaultTemplates={"package": "ap_pipe", "metric": "ApPipelineTime", "labelStart": "", "labelEnd": ""},
):
    metadataStart = connectionTypes.Input(
        name="{labelStart}_metadata",
        doc="Metadata of the first task.",
        storageClass="TaskMetadata",
        dimensions=("instrument", "exposure", "detector"),
    )
    metadataEnd = connectionTypes.Input(
        name="{labelEnd}_metadata",
        doc="Metadata of the last task.",
        storageClass="TaskMetadata",
        dimensions=("instrument", "visit", "detector"),
    )
    measurement = connectionTypes.Output(
        name="metricvalue_{package}_{metric}",
        doc="What was measured.",
        storageClass="MetricValue",
        dimensions=("instrument", "visit", "detector"),
    )


class PipelineTimingMetricConfig(pipeBase.PipelineTaskConfig, pipelineConnections=PipelineTimingMetricConnections):
    targetStart = pexConfig.Field(dtype=str, doc="The first method.")
    targetEnd = pexConfig.Field(dtype=str, doc="The last method.")


class PipelineTimingMetricTask(pipeBase.PipelineTask):
    ConfigClass = PipelineTimingMetricConfig
    _DefaultName = "pipelineTimingMetric"

    def run(self, metadataStart, metadataEnd):
        raise pipeBase.NoWorkFound("the stand-in measures nothing")
