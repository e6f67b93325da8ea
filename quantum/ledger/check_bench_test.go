package ledger_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"valet/quantum/executor"
	"valet/quantum/ledger"
)

// BenchmarkCheck compares a million attempts with the metadata of those that ended well.
func BenchmarkCheck(b *testing.B) {
	const n = 1_000_000
	dir := copyRepository(b)
	u := open(b, dir)
	l := ledger.New(u.Registry, ledger.Options{})
	g := build(b, u, "", false)
	if err := executor.Prepare(b.Context(), u, g, executor.PrepareOptions{Register: true, Version: "test"}); err != nil {
		b.Fatal(err)
	}
	fill(b, u, l, runOne, n)
	typ := g.Tasks[0].Task.Label + "_metadata"
	rows, err := u.Registry.MemberRows(b.Context(), typ, runOne)
	if err != nil {
		b.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "gen3.sqlite3"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	var values string
	for i := range rows.Columns {
		values += fmt.Sprintf(", json_extract(data_id, '$[%d]')", i)
	}
	// This connection checks no foreign keys: the visits do not exist.
	for _, s := range []string{
		"INSERT INTO collection_summary_dataset_type (collection_id, dataset_type_id) VALUES (?2, ?1)",
		"INSERT INTO " + rows.Table + " (dataset_type_id, collection_id, dataset_id, " + strings.Join(rows.Columns, ", ") + ") SELECT ?1, ?2, hex(randomblob(16))" + values + " FROM valet_attempt WHERE state = 2",
	} {
		if _, err := db.Exec(s, rows.Args...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if got := check(b, l); len(got) > 0 {
			b.Fatal(got)
		}
	}
}
