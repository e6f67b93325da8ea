package registry

import (
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/query"
)

// DatasetSearch is a search for the datasets of one type in collections.
type DatasetSearch struct {
	// Type name; it must be registered.
	Type string
	// Collections to search, in order; chains are flattened.
	Collections []string
	// All returns every match instead of the first in collection order per data ID. A dataset that is found through two
	// collections comes twice.
	All bool
	// Restrict says that the datasets only restrict the rows and do not come back; the order of collections is then of no
	// importance, and the type may have dimensions that the query does not.
	Restrict bool
	// First asks for the first match of a search that only restricts and of which Query.Columns shows fields. Such a search must
	// have either First or All.
	First bool
	// Records also fetches the file records.
	Records bool
	// RecordTable is the opaque table that holds them; empty means file_datastore_records.
	RecordTable string
}

// DefaultRecordTable is the opaque table of a datastore that does not name another one.
const DefaultRecordTable = "file_datastore_records"

// Query asks for data IDs, for datasets at them, for the records of an element, or for any columns.
type Query struct {
	// Dimensions of the data IDs; dimensions of the searches that come back must be among them. Columns may widen them.
	Dimensions *dimension.Group
	// Element asks for the records of one element, a join element or not, in Row.Record. The dimensions are then the element's;
	// Dimensions may be nil.
	Element *dimension.Element
	// Columns asks for columns in Row.Columns (queries.md 8.1, general results): keys such as visit, fields such as
	// visit.exposure_time, and dataset fields such as bias.timespan of a search in Datasets, which need not come back itself. The
	// groups of elements with a field are added to the dimensions of the data IDs.
	Columns []string
	// WithRecords attaches, in Row.Records, the record of every element of the dimensions.
	WithRecords bool
	// Joined are further dimensions that take part and do not come back; may be nil.
	Joined *dimension.Group
	// Datasets that must exist; they restrict the data IDs and, unless they only restrict, come back in Row.Datasets, in this
	// order. ExplainNoResults speaks of them in this order; upstream has those that only restrict first.
	Datasets []DatasetSearch
	// Where restricts the rows; nil does not.
	Where query.Expr
	// JoinWhere restricts the rows too, but its names are looked up among everything that takes part, not only what comes back
	// (queries.md 2.2).
	JoinWhere query.Expr
	// Binds are the values of bind names in Where and JoinWhere.
	Binds query.Binds
	// DataID gives equality constraints and decides governor values; may be nil.
	DataID map[string]any
	// Defaults are governor values that apply where the query needs one and does not say which (queries.md 4); may be nil.
	Defaults map[string]any
	// OrderBy are terms such as visit.timespan.begin or -visit (queries.md 8.2).
	OrderBy []string
	// Sorted orders rows by required values, after OrderBy.
	Sorted bool
	// Limit is the largest number of rows; 0 is no limit.
	Limit int
	// NoRows is a limit of zero: the query is checked and gives no rows.
	NoRows bool
}

// Found is a dataset at a row's data ID.
type Found struct {
	ID  dataset.ID
	Run string
	// Record is set if the search asked for it and the dataset is stored in one file.
	Record *dataset.FileRecord
}

// Row is one result of a query.
type Row struct {
	// DataID is full. Unlike the row it may be kept.
	DataID   dimension.DataID
	Datasets []Found
	// Record is the record of Query.Element. It may be kept.
	Record *dimension.Record
	// Records are those of the elements of the data ID's group, in the order of Group.Elements. They may be kept; their slice is
	// reused.
	Records []*dimension.Record
	// Columns are the values of Query.Columns in that order: int64, string, float64, bool, []byte (hash or region), query.Time
	// (an ingest date), dataset.ID, dimension.Timespan; nil is NULL. The slice is reused.
	Columns []any
}
