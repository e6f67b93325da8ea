package values_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mattn/go-sqlite3"

	"valet/datastore/butler"
	"valet/quantum/values"
	"valet/registry/registrytest"
)

// TestFaultAtEveryStep lets each statement that stores values fail in turn: the answer is the same, nothing half stored is ever believed, and the
// next question stores what is missing.
func TestFaultAtEveryStep(t *testing.T) {
	want := []string{"p.m 1 1.0 s", "p.m 2 2.0 s", "p.n 1 3.0 byte"}
	r := newRepository(t)
	r.put("a", 1, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", 1, "s"), "metricvalue_p_n": yaml(t, "p.n", 3, "byte")})
	r.put("a", 2, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", 2, "s")})
	r.Close()
	database := filepath.Join(r.dir, "gen3.sqlite3")
	before, err := os.ReadFile(database)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; ; n++ {
		if err := os.WriteFile(database, before, 0o644); err != nil {
			t.Fatal(err)
		}
		writes, failed := 0, false
		fault := registrytest.NewFault(func(s registrytest.Statement) error {
			if !s.IsWrite() || s.After {
				return nil
			}
			if writes++; writes == n {
				failed = true
				return sqlite3.Error{Code: sqlite3.ErrIoErr}
			}
			return nil
		})
		b, err := butler.Open(t.Context(), r.dir, butler.Options{Layer: fault.Layer})
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		x := values.New(b, values.Options{Write: b.Registry.Write, Unstored: func(error) { told++ }})
		s, err := x.Measurements(t.Context(), values.Query{Collections: []string{"a"}})
		switch {
		case err != nil && !failed:
			t.Fatal(err)
		case err == nil && !slices.Equal(texts(s), want):
			t.Errorf("step %d: %q", n, texts(s))
		case err == nil && told > 1:
			t.Errorf("step %d: told %d times", n, told)
		}
		b.Close()
		reads := 0
		o := openRepository(t, r.dir, false)
		for range 2 {
			if got := texts(ask(t, o.index(&reads), values.Query{Collections: []string{"a"}}, "")); !slices.Equal(got, want) {
				t.Errorf("after step %d: %q", n, got)
			}
		}
		o.Close()
		if reads != 0 && reads != 3 {
			t.Errorf("after step %d: %d reads", n, reads)
		}
		if !failed {
			if n < 5 {
				t.Errorf("only %d steps", n)
			}
			return
		}
	}
}
