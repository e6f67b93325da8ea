package migrations

import (
	"database/sql"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3"
)

// TestFiles checks that every table is valet's own, and that none refers to another's.
func TestFiles(t *testing.T) {
	for dialect := range dialects {
		if Latest(dialect) < 1 {
			t.Errorf("%s has no migrations", dialect)
		}
		db, err := sql.Open("sqlite3", filepath.Join(t.TempDir(), "x.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for range 2 {
			if err := Apply(t.Context(), db, dialect); err != nil {
				t.Fatal(err)
			}
		}
		var version int64
		if err := db.QueryRow(VersionQuery).Scan(&version); err != nil || version != Latest(dialect) {
			t.Errorf("version %d of %d: %v", version, Latest(dialect), err)
		}
		rows, err := db.Query("SELECT name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var name, table string
			if err := rows.Scan(&name, &table); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(name, "valet_") || !strings.HasPrefix(table, "valet_") {
				t.Errorf("%s of %s is not valet's own", name, table)
			}
		}
		names, err := fs.Glob(files, dialect+"/*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, after := range strings.Split(string(text), "REFERENCES ")[1:] {
				if !strings.HasPrefix(after, "valet_") {
					t.Errorf("%s refers to a table of another: %.40s", name, after)
				}
			}
		}
	}
}

func TestUnknownDatabase(t *testing.T) {
	var e *DatabaseError
	if err := Apply(t.Context(), nil, "oracle"); !errors.As(err, &e) || Latest("oracle") != 0 {
		t.Errorf("%v", err)
	}
}
