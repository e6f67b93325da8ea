package datastore

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

// runRecords reads dimension records of the golden run straight from its database.
type runRecords struct {
	db *sql.DB
	t  *testing.T
}

func (r runRecords) Record(e *dimension.Element, id dimension.DataID) (*dimension.Record, error) {
	var columns, where []string
	var args []any
	for i, f := range e.Fields() {
		switch f.Type {
		case dimension.RegionColumn, dimension.TimespanColumn:
			columns = append(columns, "NULL")
		default:
			columns = append(columns, `"`+f.Name+`"`)
		}
		if i < len(e.Required) {
			where = append(where, `"`+f.Name+`" = ?`)
			args = append(args, id.Get(e.Required[i].Name).Any())
		}
	}
	out := &dimension.Record{Element: e, Values: make([]any, len(columns))}
	into := make([]any, len(columns))
	for i := range into {
		into[i] = &out.Values[i]
	}
	query := fmt.Sprintf(`SELECT %s FROM "%s" WHERE %s`, strings.Join(columns, ", "), e.Name, strings.Join(where, " AND "))
	return out, r.db.QueryRow(query, args...).Scan(into...)
}

// expand completes a data ID from the records.
func (r runRecords) expand(u *dimension.Universe, g *dimension.Group, values map[string]any) dimension.DataID {
	known := map[string]any{}
	for k, v := range values {
		known[k] = v
	}
	for _, e := range g.LookupOrder() {
		if !e.IsDimension() || !e.HasTable() || len(e.Implied) == 0 {
			continue
		}
		record, err := r.Record(e, makeDataID(r.t, e.Group(), withImplied(e.Group(), known)))
		if err != nil {
			r.t.Fatal(err)
		}
		for _, d := range e.Implied {
			known[d.Name], _ = record.Get(d.Name)
		}
	}
	return makeDataID(r.t, g, known)
}

// withImplied fills implied values that are not known yet with something of their type: only required values are looked at.
func withImplied(g *dimension.Group, known map[string]any) map[string]any {
	out := map[string]any{}
	for _, d := range g.Dimensions() {
		if out[d.Name] = known[d.Name]; out[d.Name] == nil {
			out[d.Name] = "0"
		}
	}
	return out
}

// TestRunPaths compares every path of the golden run.
func TestRunPaths(t *testing.T) {
	text, err := os.ReadFile("../testdata/run/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var in struct {
		Datasets []struct {
			Type, StorageClass, Path string
			Dimensions               []string
			DataID                   map[string]any
		}
	}
	if err := exact(text, &in); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:../testdata/run/before/gen3.sqlite3?mode=ro&immutable=1")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var universe string
	if err := db.QueryRow("SELECT value FROM butler_attributes WHERE name = 'config:dimensions.json'").Scan(&universe); err != nil {
		t.Fatal(err)
	}
	u, err := dimension.ParseUniverse([]byte(universe))
	if err != nil {
		t.Fatal(err)
	}
	const run = "u/metrics/20261123T175039Z"
	s := testStore(t, u, nil)
	records := runRecords{db, t}
	for _, d := range in.Datasets {
		g := u.MustGroup(d.Dimensions...)
		typ := &dataset.Type{Name: d.Type, Dimensions: g, StorageClass: d.StorageClass}
		p, err := s.Placer(typ, run, records)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.AppendPath(nil, records.expand(u, g, d.DataID), dataset.ID{})
		want := strings.NewReplacer("<RUN>", run, "<RUN_>", strings.ReplaceAll(run, "/", "_")).Replace(d.Path)
		if err != nil || string(got) != want {
			t.Errorf("got %s %v, want %s", got, err, want)
		}
	}
	if len(in.Datasets) < 200 {
		t.Errorf("only %d datasets were compared", len(in.Datasets))
	}
}
