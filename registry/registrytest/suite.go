// Package registrytest is the conformance suite that every database and every stored layout of a registry must pass, and the
// benchmarks that compare them. A test of a database calls Run with functions that make empty registries in it.
//
// The suite speaks to the registry through its exported methods; only dimension records, which the registry does not write, go in
// by SQL that is the same in all databases.
package registrytest

import (
	"context"
	"fmt"
	"testing"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// Database makes registries for the suite.
type Database struct {
	// Empty makes a new registry over a universe and returns the options to open it. It is removed with the test.
	Empty func(t testing.TB, universe []byte) registry.Options
	// Exec runs statements on the database of a registry that is not open, with question marks for parameters.
	Exec func(t testing.TB, o registry.Options, statement string, args ...any)
	// Universe is the text of a dimension universe of version 2 or later.
	Universe []byte
}

// The datastore and opaque table that the suite uses.
const (
	Datastore = "FileDatastore@<butlerRoot>"
	Table     = registry.DefaultRecordTable
)

// Run runs the suite.
func Run(t *testing.T, d Database) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *fixture)
	}{
		{"Collections", testCollections},
		{"Chains", testChains},
		{"CollectionErrors", testCollectionErrors},
		{"DatasetTypes", testDatasetTypes},
		{"DatasetTypeConflicts", testDatasetTypeConflicts},
		{"InsertAndFind", testInsertAndFind},
		{"InsertErrors", testInsertErrors},
		{"Rollback", testRollback},
		{"FindFirst", testFindFirst},
		{"FindFirstModel", testFindFirstModel},
		{"FindAll", testFindAll},
		{"DataIDs", testDataIDs},
		{"Governors", testGovernors},
		{"Records", testRecords},
		{"RecordTable", testRecordTable},
		{"OwnTables", testOwnTables},
		{"Delete", testDelete},
		{"SharedFiles", testSharedFiles},
		{"Unstore", testUnstore},
		{"RemoveRun", testRemoveRun},
		{"Expander", testExpander},
		{"ReadOnly", testReadOnly},
		{"ManyRows", testManyRows},
		{"Concurrent", testConcurrent},
		{"Canceled", testCanceled},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, newFixture(t, d))
		})
	}
}

// fixture is an open registry with two instruments of four detectors and twelve visits.
type fixture struct {
	*registry.Registry
	t       testing.TB
	ctx     context.Context
	options registry.Options
	db      Database
}

// Visits and detectors of each instrument of a fixture.
const (
	visits    = 12
	detectors = 4
)

func newFixture(t testing.TB, d Database) *fixture {
	t.Helper()
	o := d.Empty(t, d.Universe)
	u, err := dimension.ParseUniverse(d.Universe)
	if err != nil {
		t.Fatal(err)
	}
	Populate(t, d, o, u, detectors, visits)
	f := &fixture{t: t, ctx: context.Background(), options: o, db: d}
	f.Registry = f.open(o)
	return f
}

func (f *fixture) open(o registry.Options) *registry.Registry {
	f.t.Helper()
	r, err := registry.Open(f.ctx, o)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { r.Close() })
	return r
}

// Filters and bands of visit number i are number i modulo their count.
var (
	filters = []string{"g_03", "r_03", "i 'x'"}
	bands   = []string{"g", "r", "i"}
)

// Populate inserts the records of instruments Cam and Aux: detectors, filters and visits. Detector i is named Di, visit number i
// has the ID 1000+i.
func Populate(t testing.TB, d Database, o registry.Options, u *dimension.Universe, detectors, visits int) {
	t.Helper()
	days := u.Dimension("day_obs") != nil
	for _, instrument := range []string{"Cam", "Aux"} {
		d.Exec(t, o, "INSERT INTO instrument (name) VALUES (?)", instrument)
		for i := range detectors {
			d.Exec(t, o, "INSERT INTO detector (instrument, id, full_name) VALUES (?, ?, ?)", instrument, i, fmt.Sprintf("D%d", i))
		}
		for i, f := range filters {
			d.Exec(t, o, "INSERT INTO physical_filter (instrument, name, band) VALUES (?, ?, ?)", instrument, f, bands[i])
		}
		if days {
			d.Exec(t, o, "INSERT INTO day_obs (instrument, id, timespan_begin, timespan_end) VALUES (?, 20260101, 0, 1000)", instrument)
		}
		for i := range visits {
			columns, marks := "instrument, id, physical_filter, name, exposure_time", "?, ?, ?, ?, ?"
			args := []any{instrument, 1000 + i, filters[i%3], fmt.Sprintf("visit%d", i), 30.5}
			if days || u.Version < 6 {
				columns, marks = columns+", day_obs", marks+", ?"
				args = append(args, 20260101)
			}
			d.Exec(t, o, "INSERT INTO visit ("+columns+") VALUES ("+marks+")", args...)
		}
	}
}

func (f *fixture) group(names ...string) *dimension.Group {
	f.t.Helper()
	g, err := f.Universe().Group(names...)
	if err != nil {
		f.t.Fatal(err)
	}
	return g
}

// visitDetector is the group of most tests.
func (f *fixture) visitDetector() *dimension.Group { return f.group("visit", "detector") }

// dataID is the required part of a data ID of visitDetector.
func (f *fixture) dataID(instrument string, visit, detector int) dimension.DataID {
	return dimension.NewDataID(f.visitDetector(), []dimension.Value{dimension.StringValue(instrument),
		dimension.IntValue(int64(detector)), dimension.IntValue(int64(1000 + visit))})
}

// register registers a dataset type over visit and detector.
func (f *fixture) register(name string) *dataset.Type {
	f.t.Helper()
	t := &dataset.Type{Name: name, Dimensions: f.visitDetector(), StorageClass: "StructuredDataDict"}
	if _, err := f.RegisterDatasetType(f.ctx, t); err != nil {
		f.t.Fatal(err)
	}
	return t
}

// write runs a transaction that must succeed.
func (f *fixture) write(do func(tx *registry.Tx) error) {
	f.t.Helper()
	if err := f.Write(f.ctx, do); err != nil {
		f.t.Fatal(err)
	}
}

// run makes RUN collections.
func (f *fixture) run(names ...string) {
	f.t.Helper()
	f.write(func(tx *registry.Tx) error {
		for _, n := range names {
			if _, err := tx.RegisterCollection(n, dataset.Run, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

// chain makes or redefines a chain.
func (f *fixture) chain(name string, children ...string) {
	f.t.Helper()
	f.write(func(tx *registry.Tx) error {
		if _, err := tx.RegisterCollection(name, dataset.Chained, ""); err != nil {
			return err
		}
		return tx.SetChain(name, children)
	})
}

// rows collects the rows of a query that must succeed, with copies of what is only valid for a moment.
func (f *fixture) rows(q registry.Query) []registry.Row {
	f.t.Helper()
	out, err := Collect(f.ctx, f.Registry, q)
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

// Collect returns copies of all rows of a query.
func Collect(ctx context.Context, r *registry.Registry, q registry.Query) ([]registry.Row, error) {
	var out []registry.Row
	for row, err := range r.Select(ctx, q) {
		if err != nil {
			return nil, err
		}
		c := registry.Row{DataID: row.DataID, Datasets: append([]registry.Found(nil), row.Datasets...)}
		for i, d := range c.Datasets {
			if d.Record != nil {
				record := *d.Record
				c.Datasets[i].Record = &record
			}
		}
		out = append(out, c)
	}
	return out, nil
}
