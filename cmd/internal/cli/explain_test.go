package cli

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"valet/quantum"
	"valet/registry/trace"
)

// phases FILE checks the phases of 'graph --explain --format json' and writes their names to the file phases.
func cmdPhases(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: phases FILE")
	}
	var got struct {
		Tasks  []map[string]any
		Phases []map[string]any
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &got))
	if len(got.Tasks) == 0 {
		ts.Fatalf("no tasks")
	}
	var out strings.Builder
	statements := 0
	for _, p := range got.Phases {
		keys := make([]string, 0, len(p))
		for k := range p {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		if !slices.Equal(keys, []string{"parameters", "phase", "rows", "seconds", "sql"}) {
			ts.Fatalf("keys %q", keys)
		}
		list, isList := p["parameters"].([]any)
		took, isNumber := p["seconds"].(float64)
		if _, ok := p["rows"].(float64); !ok || !isList || !isNumber || took < 0 {
			ts.Fatalf("%v", p)
		}
		if text, ok := p["sql"].(string); ok {
			if strings.Count(text, "?") != len(list) {
				ts.Fatalf("%s with %v", text, list)
			}
			statements++
			continue
		}
		what := "the rest"
		if statements > 0 {
			what = "statements and the rest"
		}
		fmt.Fprintf(&out, "%s: %s\n", p["phase"], what)
		statements = 0
	}
	ts.Check(os.WriteFile(ts.MkAbs("phases"), []byte(out.String()), 0o666))
}

// TestExplainedPrints writes parameters so that they can be read, and no control characters of a repository.
func TestExplainedPrints(t *testing.T) {
	x := &explained{trace: &trace.Trace{}, since: time.Now()}
	s := &trace.Statement{SQL: "SELECT 1\nFROM t", Rows: 3, Took: 1500 * time.Microsecond, Parameters: []driver.Value{int64(1), nil, "it's\x1b[1m", []byte("text"), make([]byte, 16), true, 1.5}}
	x.list = append(x.list, costOf{"input query: a", s, s.Rows, s.Took})
	x.add(quantum.Phase{Name: "input query: a", Rows: 2, Took: time.Millisecond})
	var b strings.Builder
	if err := x.print(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"         1    2 0.002500 input query: a\n", "0.002500 s in all\n", "statement 1, input query: a: 3 rows, 0.001500 s\n  SELECT 1\n  FROM t\n" +
		`  with 1, NULL, 'it''s\x1b[1m', 'text', x'00000000000000000000000000000000', true, 1.5` + "\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	s.Parameters = make([]driver.Value, 100)
	if got := parameters(s.Parameters); !strings.HasSuffix(got, "NULL, and 60 more") {
		t.Error(got)
	}
}
