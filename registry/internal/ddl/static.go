package ddl

import (
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// Static are all tables of a new repository in an order in which referenced tables come first (repository.md 3.4 to 3.6), with
// the opaque table of file records last.
func Static(u *dimension.Universe, l catalog.Layout) []*Table {
	text := func(name string) column { return column{name: name, kind: dialect.String} }
	required := func(c column) column { c.notNull = true; return c }
	integer := func(name string) column { return column{name: name, kind: dialect.Int} }
	auto := func(name string) column { return column{name: name, kind: dialect.AutoInt} }
	uuid := func(name string) column { return column{name: name, kind: dialect.UUID} }

	out := []*Table{(&Table{Name: "butler_attributes"}).key(text("name")).add(required(text("value")))}
	var spatial []*dimension.Element
	add := func(e *dimension.Element) {
		out = append(out, elementTable(e))
		if e.Spatial != nil {
			spatial = append(spatial, e)
			out = append(out, overlapTables(e)...)
		}
	}
	for _, g := range u.Governors() {
		add(g)
	}
	for _, e := range u.Elements() {
		if !e.Governor && e.HasTable() {
			add(e)
		}
	}
	out = append(out, pairTables(spatial)...)

	out = append(out, (&Table{Name: "dimension_graph_key"}).key(auto("id")),
		(&Table{Name: "dimension_graph_definition"}).key(integer("dimension_graph_id")).key(text("dimension_name")).
			references("dimension_graph_key", []string{"id"}, []string{"dimension_graph_id"}, true))

	out = append(out, collectionTables(l)...)

	datasetType := &Table{Name: "dataset_type", unique: [][]string{{"name"}}}
	datasetType.key(auto("id")).add(required(text("name"))).add(required(text("storage_class"))).add(required(integer("dimensions_key"))).
		add(required(text("tag_association_table"))).add(text("calibration_association_table"))
	ingest := required(column{name: "ingest_date", kind: dialect.Time})
	if l.TextIngestDate {
		ingest.kind, ingest.value = dialect.Timestamp, "CURRENT_TIMESTAMP"
	}
	dataset := &Table{Name: "dataset"}
	dataset.key(uuid("id")).add(required(integer("dataset_type_id"))).add(ingest).add(collectionColumn(l, l.RunRef)).
		references("dataset_type", []string{"id"}, []string{"dataset_type_id"}, false).references("run", []string{l.RunKey}, []string{l.RunRef}, true)
	summary := &Table{Name: "collection_summary_dataset_type"}
	key, ref := []string{l.CollectionKey}, []string{l.CollectionRef}
	summary.key(collectionColumn(l, l.CollectionRef)).key(integer("dataset_type_id")).references("collection", key, ref, true).
		references("dataset_type", []string{"id"}, []string{"dataset_type_id"}, true)
	out = append(out, datasetType, dataset, summary)
	for _, g := range u.Governors() {
		t := &Table{Name: "collection_summary_" + g.Name}
		t.key(collectionColumn(l, l.CollectionRef)).references("collection", key, ref, true).addDimension(g, true)
		out = append(out, t)
	}
	out = append(out, (&Table{Name: "opaque_meta"}).key(text("table_name")),
		(&Table{Name: "dataset_location"}).key(text("datastore_name")).key(uuid("dataset_id")).references("dataset", []string{"id"}, []string{"dataset_id"}, false),
		(&Table{Name: "dataset_location_trash"}).key(uuid("dataset_id")).key(text("datastore_name")))
	return append(out, FileRecords("file_datastore_records"))
}

// collectionColumn is a column that refers to a collection.
func collectionColumn(l catalog.Layout, name string) column {
	if l.NameKeys {
		return column{name: name, kind: dialect.String, notNull: true}
	}
	return column{name: name, kind: dialect.Int, notNull: true}
}

// collectionTables are collection, run and collection_chain.
func collectionTables(l catalog.Layout) []*Table {
	kind := column{name: "type", kind: dialect.SmallInt, notNull: true}
	doc := column{name: "doc", kind: dialect.String}
	name := column{name: "name", kind: dialect.String, notNull: true}
	collection := &Table{Name: "collection"}
	// Tables of the nameKey layout that are about collections themselves declare names without the usual type.
	key := column{kind: dialect.Int}
	if l.NameKeys {
		key.kind = dialect.Name
		collection.key(name).add(kind).add(doc)
	} else {
		collection.key(column{name: l.CollectionKey, kind: dialect.AutoInt}).add(name).add(kind).add(doc)
		collection.unique = [][]string{{"name"}}
	}
	as := func(name string) column { key.name, key.notNull = name, true; return key }
	target := []string{l.CollectionKey}
	run := &Table{Name: "run"}
	run.key(as(l.RunKey)).add(column{name: "host", kind: dialect.String}).add(column{name: "timespan", timespan: true}).
		references("collection", target, []string{l.RunKey}, true)
	chain := &Table{Name: "collection_chain"}
	chain.key(as("parent")).key(column{name: "position", kind: dialect.SmallInt}).add(as("child")).
		references("collection", target, []string{"parent"}, true).references("collection", target, []string{"child"}, false)
	return []*Table{collection, run, chain}
}

// FileRecords is the opaque table of a file datastore.
func FileRecords(name string) *Table {
	t := &Table{Name: name, indexes: [][]string{{"path"}}}
	t.key(column{name: "dataset_id", kind: dialect.UUID})
	for _, n := range []string{"path", "formatter", "storage_class"} {
		t.add(column{name: n, kind: dialect.String, notNull: true})
	}
	return t.key(column{name: "component", kind: dialect.String, length: 32}).
		add(column{name: "checksum", kind: dialect.String}).add(column{name: "file_size", kind: dialect.Int})
}
