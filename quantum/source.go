package quantum

import (
	"context"
	"iter"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/query"
)

// Source is what the builder asks of a repository. It only reads.
type Source interface {
	// Rows streams the result of a search. A row is valid until the next one; the iteration stops after the first error.
	Rows(ctx context.Context, s Search) iter.Seq2[*Row, error]
	// Lookup returns the named collection; it reports false if there is none.
	Lookup(ctx context.Context, name string) (*dataset.Collection, bool, error)
	// Flatten expands chains depth-first and drops repetitions; a missing collection is an error.
	Flatten(ctx context.Context, names ...string) ([]string, error)
	// Parents are the chains that hold a collection directly.
	Parents(ctx context.Context, name string) ([]string, error)
}

// Search asks for the data IDs of a group at which datasets of all the given types exist.
type Search struct {
	Dimensions *dimension.Group
	// Types of the datasets that must exist; each is searched find-first and comes back in Row.Datasets, in this order.
	Types []string
	// Collections to search, flattened.
	Collections []string
	// Where restricts the rows, nil does not.
	Where query.Expr
	Binds query.Binds
	// DataID gives equality constraints by dimension.
	DataID map[string]any
	// Exist says that the datasets only restrict the data IDs and do not come back in Row.Datasets.
	Exist bool
	// Limit ends the result after so many rows; 0 does not.
	Limit int
}

// Row is one result of a Search. The data ID is full.
type Row struct {
	DataID   dimension.DataID
	Datasets []Found
}

// Found is an existing dataset.
type Found struct {
	ID  dataset.ID
	Run string
	// Record is nil if the registry knows no file of the dataset.
	Record *dataset.FileRecord
}
