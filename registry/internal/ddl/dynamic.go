package ddl

import (
	"fmt"

	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// TagsName and CalibsName are the names of the association tables of the dimension group with the given key.
func TagsName(key int64) string   { return fmt.Sprintf("dataset_tags_%08d", key) }
func CalibsName(key int64) string { return fmt.Sprintf("dataset_calibs_%08d", key) }

// Tags is the table that says which datasets over a dimension group are in which RUN or TAGGED collection (repository.md 3.7).
func Tags(key int64, g *dimension.Group, l catalog.Layout) *Table {
	t := &Table{Name: TagsName(key)}
	t.unique = [][]string{t.association(g, l, true)}
	return t
}

// Calibs is the table of the datasets certified in CALIBRATION collections.
func Calibs(key int64, g *dimension.Group, l catalog.Layout) *Table {
	t := &Table{Name: CalibsName(key)}
	t.key(column{name: "id", kind: dialect.AutoInt})
	columns := t.association(g, l, false)
	t.add(column{name: "timespan", timespan: true, notNull: true})
	t.indexes = [][]string{append(columns, "timespan")}
	return t
}

// association adds what both kinds of table have and returns the columns that identify a dataset in a collection.
func (t *Table) association(g *dimension.Group, l catalog.Layout, tags bool) []string {
	key := func(c column) {
		c.notNull = true
		if tags {
			t.key(c)
		} else {
			t.add(c)
		}
	}
	ref := l.CollectionRef
	t.add(column{name: "dataset_type_id", kind: dialect.Int, notNull: true})
	key(column{name: "dataset_id", kind: dialect.UUID})
	key(collectionColumn(l, ref))
	t.references("dataset_type", []string{"id"}, []string{"dataset_type_id"}, false)
	t.references("dataset", []string{"id"}, []string{"dataset_id"}, true)
	t.references("collection", []string{l.CollectionKey}, []string{ref}, true)
	summary := []string{ref, "dataset_type_id"}
	t.references("collection_summary_dataset_type", summary, summary, false)
	columns := []string{"dataset_type_id", ref}
	for _, d := range g.Required {
		t.addDimension(d, false)
		columns = append(columns, d.Name)
		if d.Governor {
			both := []string{ref, d.Name}
			t.references("collection_summary_"+d.Name, both, both, false)
		}
	}
	return columns
}
