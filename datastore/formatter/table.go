package formatter

import (
	"fmt"

	"valet/tasks/metadata"
	"valet/tasks/metric"
)

// Upstream's formatter classes whose files valet reads (repository.md 9.4).
const (
	YAMLClass     = "lsst.daf.butler.formatters.yaml.YamlFormatter"
	JSONClass     = "lsst.daf.butler.formatters.json.JsonFormatter"
	LogClass      = "lsst.daf.butler.formatters.logs.ButlerLogRecordsFormatter"
	ConfigClass   = "lsst.pipe.base.formatters.pexConfig.PexConfigFormatter"
	PackagesClass = "lsst.daf.butler.formatters.packages.PackagesFormatter"
)

// oldConfigClass is what configs were recorded with before the class moved.
const oldConfigClass = "lsst.daf.butler.formatters.pexConfig.PexConfigFormatter"

// opaque are classes that valet knows and does not look into, with what their files are.
var opaque = map[string]string{
	"lsst.pipe.base.quantum_graph.formatter.ProvenanceFormatter":     "a provenance graph",
	"lsst.daf.butler.formatters.pickle.PickleFormatter":              "pickled Python objects",
	"lsst.daf.butler.formatters.matplotlib.MatplotlibFormatter":      "a picture",
	"lsst.daf.butler.formatters.astropyTable.AstropyTableFormatter":  "an Astropy table",
	"lsst.daf.butler.formatters.parquet.ParquetFormatter":            "a Parquet table",
	"lsst.obs.base.formatters.fitsExposure.FitsExposureFormatter":    "a FITS file",
	"lsst.obs.base.formatters.fitsExposure.FitsImageFormatter":       "a FITS file",
	"lsst.obs.base.formatters.fitsExposure.FitsMaskFormatter":        "a FITS file",
	"lsst.obs.base.formatters.fitsExposure.FitsMaskedImageFormatter": "a FITS file",
	"lsst.obs.base.formatters.fitsGeneric.FitsGenericFormatter":      "a FITS file",
}

// ClassError says that files of a formatter class cannot be read.
type ClassError struct {
	Class string
	// Content is what the files are, or empty if the class is unknown.
	Content string
}

func (e *ClassError) Error() string {
	if e.Content == "" {
		return fmt.Sprintf("formatter class %q is unknown, so its files cannot be read", e.Class)
	}
	return fmt.Sprintf("files of formatter class %q hold %s, which valet does not read", e.Class, e.Content)
}

// Hint says what works all the same.
func (e *ClassError) Hint() string {
	return "the dataset can be listed, copied and removed; read it with the Python stack"
}

// CanRead reports whether Read knows a class; the error is a *ClassError.
func CanRead(class string) error {
	switch class {
	case YAMLClass, JSONClass, LogClass, ConfigClass, oldConfigClass, PackagesClass:
		return nil
	}
	return &ClassError{class, opaque[class]}
}

// Read reads a file recorded with a formatter class and a storage class. What comes back is *metadata.Metadata, *metric.Measurement,
// *Log, Config, Packages or, for plain JSON and YAML, a value as ParseJSON and ParseYAML make it. The error of an unreadable class is a
// *ClassError.
func Read(class, storageClass string, data []byte) (any, error) {
	switch class {
	case YAMLClass:
		switch storageClass {
		case "MetricValue":
			return metric.ParseMeasurement(data)
		case "PropertySet", "PropertyList":
			return metadata.ParsePropertySet(data)
		}
		return ParseYAML(data)
	case JSONClass:
		if storageClass == "TaskMetadata" {
			return metadata.Parse(data)
		}
		return ParseJSON(data)
	case LogClass:
		return ParseLog(data)
	case ConfigClass, oldConfigClass:
		return ParseConfig(data)
	case PackagesClass:
		return ParsePackages(data)
	}
	return nil, CanRead(class)
}
