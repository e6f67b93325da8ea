package ddl_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/ddl"
	"valet/registry/internal/sqlite"
)

// schema is what the real stack made: a new repository of each universe and layout, in which five dataset types were registered.
type schema struct {
	Universe  int
	TextDates bool `json:"text_dates"`
	NameKeys  bool `json:"name_keys"`
	Groups    map[string][]string
	SQL       []string
}

func readSchema(t *testing.T, path string) (s schema) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// normal is a statement with single spaces.
func normal(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "(\n", "(")), " ")
}

func TestStatementsEqualUpstream(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json.gz")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s := readSchema(t, file)
			text, err := os.ReadFile(fmt.Sprintf("../../dimension/testdata/universe%d.json", s.Universe))
			if err != nil {
				t.Fatal(err)
			}
			u, err := dimension.ParseUniverse(text)
			if err != nil {
				t.Fatal(err)
			}
			l := catalog.IntegerKeys
			if s.NameKeys {
				l = catalog.NameKeys
			}
			l.TextIngestDate = s.TextDates
			tables := append(ddl.Static(u, l), ddl.Tags(0, u.MustGroup(), l))
			for key, names := range s.Groups {
				n, err := strconv.ParseInt(key, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				tables = append(tables, ddl.Tags(n, u.MustGroup(names...), l))
				if slices.Equal(names, []string{"instrument", "detector"}) {
					tables = append(tables, ddl.Calibs(n, u.MustGroup(names...), l))
				}
			}
			got := map[string]bool{}
			for _, table := range tables {
				for _, statement := range table.Statements(&sqlite.SQLite{}) {
					got[normal(statement)] = true
				}
			}
			want := map[string]bool{}
			for _, statement := range s.SQL {
				want[statement] = true
				if !got[statement] {
					t.Errorf("missing: %s", statement)
				}
			}
			for statement := range got {
				if !want[statement] {
					t.Errorf("too much: %s", statement)
				}
			}
		})
	}
}
