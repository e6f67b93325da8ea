// Package registry is the database side of a repository: what exists, where it is labelled, in which collections.
package registry

import (
	"context"
	"iter"
	"time"

	"github.com/rs/zerolog"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/query"
)

// Options of Open.
type Options struct {
	// URL is the database URL of butler.yaml with <butlerRoot> substituted, for example sqlite:////data/repo/gen3.sqlite3.
	URL string
	// Managers are the configured class names by role (attributes, collections, ...); absent roles have upstream's defaults.
	Managers map[string]string
	ReadOnly bool
	// BusyTimeout is how long a locked database is waited for; 0 means a minute. Waiting is told, once a second at most, to
	// OnBusy, if set, with the time waited so far.
	BusyTimeout time.Duration
	OnBusy      func(waited time.Duration)
	Log         zerolog.Logger
}

// Registry is an open registry. Reading methods are safe for concurrent use.
type Registry struct{ universe *dimension.Universe }

// Open opens an existing registry and checks versions (repository.md 2.2). Nothing is written.
func Open(ctx context.Context, o Options) (*Registry, error) { panic("seam") }

// Close closes all connections.
func (r *Registry) Close() error { panic("seam") }

// Universe is the repository's dimension universe.
func (r *Registry) Universe() *dimension.Universe { return r.universe }

// Collection returns the named collection; the error is a *NotFoundError if there is none.
func (r *Registry) Collection(ctx context.Context, name string) (*dataset.Collection, error) {
	panic("seam")
}

// Collections returns all collections in order of their database key.
func (r *Registry) Collections(ctx context.Context) ([]*dataset.Collection, error) { panic("seam") }

// Flatten expands chains depth-first and drops repetitions (repository.md 6.2). Unknown names give a *NotFoundError.
func (r *Registry) Flatten(ctx context.Context, names ...string) ([]*dataset.Collection, error) {
	panic("seam")
}

// DatasetType returns the registered type; the error is a *NotFoundError if there is none.
func (r *Registry) DatasetType(ctx context.Context, name string) (*dataset.Type, error) {
	panic("seam")
}

// DatasetTypes returns all registered types sorted by name.
func (r *Registry) DatasetTypes(ctx context.Context) ([]*dataset.Type, error) { panic("seam") }

// RegisterDatasetType registers a type, its dimension group and tables (repository.md 3.7, 7). It reports false if the same
// definition is registered already; another definition gives a *dataset.ConflictError.
func (r *Registry) RegisterDatasetType(ctx context.Context, t *dataset.Type) (bool, error) {
	panic("seam")
}

// DatasetSearch is a search for the datasets of one type in collections.
type DatasetSearch struct {
	// Type name; it must be registered.
	Type string
	// Collections to search, in order; chains are flattened.
	Collections []string
	// All returns every match instead of the first in collection order per data ID.
	All bool
	// Records also fetches the file records.
	Records bool
}

// Query asks for data IDs and for datasets at them.
type Query struct {
	// Dimensions of the data IDs; dimensions of the searches must be among them.
	Dimensions *dimension.Group
	// Datasets that must exist; they restrict the data IDs and come back in Row.Datasets, in this order.
	Datasets []DatasetSearch
	// Where restricts the rows; nil does not.
	Where query.Expr
	// Binds are the values of bind names in Where.
	Binds query.Binds
	// DataID gives equality constraints and decides governor values; may be nil.
	DataID map[string]any
	// Sorted orders rows by required values.
	Sorted bool
	Limit  int
}

// Found is a dataset at a row's data ID.
type Found struct {
	ID  dataset.ID
	Run string
	// Record is set if the search asked for it and the dataset is stored.
	Record *dataset.FileRecord
}

// Row is one result of a query.
type Row struct {
	// DataID is full.
	DataID   dimension.DataID
	Datasets []Found
}

// Select streams the rows of a query. A row is valid until the next one. The iteration stops after the first error.
func (r *Registry) Select(ctx context.Context, q Query) iter.Seq2[*Row, error] { panic("seam") }

// Expander completes data IDs and finds dimension records. It caches, and is safe for concurrent use.
type Expander struct{}

// Expander returns an empty cache over the registry.
func (r *Registry) Expander() *Expander { panic("seam") }

// Preload reads all records of the named elements into the cache.
func (x *Expander) Preload(ctx context.Context, elements ...string) error { panic("seam") }

// Expand completes a data ID with implied values (repository.md 4.4).
func (x *Expander) Expand(ctx context.Context, id dimension.DataID) (dimension.DataID, error) {
	panic("seam")
}

// Record returns the record of an element for a data ID that has values for the element's required dimensions. A missing
// record gives a *NotFoundError; for join elements it gives nil and no error.
func (x *Expander) Record(ctx context.Context, e *dimension.Element, id dimension.DataID) (*dimension.Record, error) {
	panic("seam")
}

// Tx is a write transaction. It holds the database's write lock: do no file work inside.
type Tx struct{}

// Write runs f in one write transaction (BEGIN IMMEDIATE) on the one writing connection and commits if f returns nil.
func (r *Registry) Write(ctx context.Context, f func(tx *Tx) error) error { panic("seam") }

// RegisterCollection makes a collection if the name is free; a collection of another kind gives a *CollectionKindError.
func (tx *Tx) RegisterCollection(name string, kind dataset.CollectionKind, doc string) (bool, error) {
	panic("seam")
}

// SetChain redefines a chain's children (repository.md 6.2). A cycle gives a *CycleError.
func (tx *Tx) SetChain(parent string, children []string) error { panic("seam") }

// InsertDatasets inserts new datasets of one type into one run: dataset, summary and tags rows, in an order that satisfies the
// foreign keys (repository.md 8.2). Data IDs need their required values only. A dataset of the same type, run and data ID gives
// a *DatasetExistsError.
func (tx *Tx) InsertDatasets(t *dataset.Type, run string, ingested time.Time, refs []dataset.Ref) error {
	panic("seam")
}

// InsertRecords inserts dataset_location and file record rows. table is the opaque table of the datastore.
func (tx *Tx) InsertRecords(datastore, table string, records []dataset.FileRecord) error {
	panic("seam")
}

// DeleteDatasets removes datasets with their locations and records; summaries stay. It returns the file records that no other
// dataset shares, whose files the caller removes after the commit (repository.md 8.5).
func (tx *Tx) DeleteDatasets(datastore, table string, ids []dataset.ID) ([]dataset.FileRecord, error) {
	panic("seam")
}

// Records returns the file records of datasets, in no order; datasets without record are left out.
func (r *Registry) Records(ctx context.Context, datastore, table string, ids []dataset.ID) ([]dataset.FileRecord, error) {
	panic("seam")
}
