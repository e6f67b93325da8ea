package ui

import (
	"bytes"
	"strings"
	"testing"
)

func TestTableLayout(t *testing.T) {
	tests := []struct {
		name    string
		columns []Column
		rows    [][]string
		want    []string
	}{
		{"left", []Column{{Name: "Name", Left: true}, {Name: "Type", Left: true}},
			[][]string{{"u/alice/run1", "RUN"}, {"u/empty", "RUN"}},
			[]string{
				"    Name     Type",
				"------------ ----",
				"u/alice/run1 RUN ",
				"u/empty      RUN "}},
		{"right", []Column{{Name: "instrument"}, {Name: "visit"}, {Name: "band"}},
			[][]string{{"TestCam", "2026080100010", "g"}},
			[]string{
				"instrument     visit     band",
				"---------- ------------- ----",
				"   TestCam 2026080100010    g"}},
		{"title, code points and no rows", []Column{{Name: "timespan", Title: "timespan (TAI)"}, {Name: "é", Left: true}}, nil,
			[]string{
				"timespan (TAI)  é ",
				"-------------- ---"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			table := NewTable("None", test.columns...)
			for _, row := range test.rows {
				table.Add(row...)
			}
			var b bytes.Buffer
			if n, err := table.WriteTo(&b); err != nil || n != int64(b.Len()) {
				t.Fatal(n, err)
			}
			if want := strings.Join(test.want, "\n") + "\n"; b.String() != want {
				t.Errorf("got\n%s\nwant\n%s", b.String(), want)
			}
		})
	}
}
