// Package values answers questions about stored measurements without opening their files. It owns the value index: tables in the database of
// the repository (valet_value, valet_value_kind) with metric, value, unit and notes of every MetricValue dataset.
//
// valet's own runs write the index with the datasets, in one transaction (Insert). What others wrote, upstream or an older valet, is read
// once, in parallel, when it is first asked for, and stored if the repository can be written. A dataset counts as known if its ID and its
// stamp are: the stamp is made of the ingest date, size and path of its file, so that one which was replaced under its old ID is read again.
// Which datasets there are is always the registry's answer: what was pruned is not found, whatever the index holds.
//
//	Index.Measurements(Query) ─> candidates (registry) ─> index ─> files of those that are missing ─> conditions on values ─> Set
//
// A file that cannot be read is a Fault of the Set beside the other measurements; it is tried again each time.
//
// Weak spots: a Set holds all its rows in memory, about 100 bytes each. Measurements of datasets that other
// programs removed stay in the index, some 60 bytes each, until fsck --repair sweeps them out.
package values

import (
	"context"
	"sync"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/query"
	"valet/tasks/metric"
)

// StorageClass is that of the datasets that hold a measurement.
const StorageClass = "MetricValue"

// BundleClass is the storage class of datasets that hold many measurements, as analysis_tools writes them. Their metrics are called
// action.metric.
const BundleClass = "MetricMeasurementBundle"

// Options of New. The zero value is for use.
type Options struct {
	// Write runs a transaction on the database of the repository. If it is nil, or fails, what was read from files is kept in memory
	// for as long as the Index lives.
	Write func(ctx context.Context, f func(tx *registry.Tx) error) error
	// Unstored is told once why values could not be stored; may be nil.
	Unstored func(error)
	// Reading is told now and then how many files were read and how many there are to read; may be nil. It is called from one goroutine
	// at a time.
	Reading func(done, total int)
	// Workers is how many files are read at a time; 0 is a number that suits disks and networks.
	Workers int
}

// Index answers questions about the measurements of one repository. It is safe for concurrent use.
type Index struct {
	butler  *butler.Butler
	options Options

	mu sync.Mutex
	// memory holds what was read and could not be stored, by dataset; it grows with what is asked for.
	memory map[dataset.ID]*reading
	// unstored says that storing failed: it is not tried again.
	unstored bool
}

// New makes an index over a repository. Nothing is read yet.
func New(b *butler.Butler, o Options) *Index {
	if o.Workers <= 0 {
		o.Workers = 32
	}
	return &Index{butler: b, options: o, memory: map[dataset.ID]*reading{}}
}

// Query asks for measurements.
type Query struct {
	// Metrics are names and globs of package.metric, or of dataset types; none is all metrics.
	Metrics []string
	// Collections are searched in order; chains are flattened. The first that has a data ID counts, unless All is set.
	Collections []string
	// All asks for every match in every collection; then collections may be globs.
	All bool
	// Where restricts the measurements, in the language of the registry with the further names value, unit and metric (see Measurements).
	Where query.Expr
	Binds query.Binds
	// DataID gives equality constraints; may be nil.
	DataID map[string]any
	// Unit, if set, is what all values are converted to.
	Unit *metric.Unit
	// OrderBy are terms: value, metric, unit, run, id, dimensions, and fields of dimensions such as visit.timespan.begin; descending with -
	// in front. Rows that they leave equal come in the order of metric and data ID.
	OrderBy []string
	// Limit is the largest number of rows; 0 is no limit.
	Limit int
}

// Measured is one measurement.
type Measured struct {
	Metric string
	// Value is in Unit. HasValue is false if the measurement has no quantity; both are zero then.
	Value    float64
	HasValue bool
	Unit     metric.Unit
	Dataset  dataset.Ref // the DataID is full
	// Notes is a JSON object, its keys as in the file.
	Notes string
}

// Fault is a measurement that could not be read.
type Fault struct {
	Dataset dataset.Ref
	// Path is that of the file; empty if no file is recorded.
	Path string
	Err  error
}
