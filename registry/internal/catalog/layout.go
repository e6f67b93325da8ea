package catalog

import "time"

// Layout is what differs between the stored layouts that valet reads and writes (repository.md 13.1). It is chosen once, when
// the repository is opened.
type Layout struct {
	// CollectionKey and RunKey are the primary keys of the tables collection and run; CollectionRef and RunRef are the columns
	// that refer to them elsewhere. Keys are integers, or names if NameKeys is set.
	CollectionKey, RunKey, CollectionRef, RunRef string
	NameKeys                                     bool
	// TextIngestDate says that dataset.ingest_date is UTC text and not TAI nanoseconds (datasets manager 1.0.0).
	TextIngestDate bool
}

// IntegerKeys is the layout of collections with integer keys, NameKeys that of collections with their names as keys.
var (
	IntegerKeys = Layout{CollectionKey: "collection_id", RunKey: "collection_id", CollectionRef: "collection_id", RunRef: "run_id"}
	NameKeys    = Layout{CollectionKey: "name", RunKey: "name", CollectionRef: "collection_name", RunRef: "run_name", NameKeys: true}
)

// IngestText is how an instant is written in the layout with TextIngestDate.
func IngestText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000") }
