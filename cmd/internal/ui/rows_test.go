package ui

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the files of testdata anew")

var columns = []Column{
	{Name: "metric", Kind: Text, Left: true},
	{Name: "value", Kind: Float},
	{Name: "dataId", Kind: Object, Fields: []Column{{Name: "instrument", Kind: Text}, {Name: "visit", Kind: Int}, {Name: "band", Kind: Text}}},
	{Name: "ok", Kind: Bool},
	{Name: "start", Kind: Time},
	{Name: "tags", Kind: Texts},
	{Name: "notes", Kind: JSON},
}

func writeSample(t *testing.T, w io.Writer, f Format) {
	t.Helper()
	rows, err := NewRows(w, f, "", columns)
	if err != nil {
		t.Fatal(err)
	}
	id := func(visit int64, band Cell) Cell { return ObjectCell(TextCell("TestCam"), IntCell(visit), band) }
	at := TimeCell(time.Date(2026, 8, 1, 2, 0, 0, 2.5e8, time.FixedZone("", 3600)))
	for _, row := range [][]Cell{
		{TextCell("ip_isr.IsrTime"), FloatCell(12.5), id(2026080100000, TextCell("g")), BoolCell(true), at, TextsCell([]string{"a", "b c"}), JSONCell(`{"k":[1]}`)},
		{TextCell("odd \"name\", é\n\x01\xff"), FloatCell(math.NaN()), id(7, Null), BoolCell(false), Null, TextsCell(nil), Null},
		{TextCell("x"), FloatCell(math.Inf(-1)), id(8, Absent), Null, Null, Null, JSONCell(`"t"`)},
		{Null, FloatCell(182992896), Null, Null, Null, Null, Null},
		{TextCell("tiny"), FloatCell(1e-7), Null, Null, Null, Null, Null},
	} {
		if err := rows.Row(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFormats(t *testing.T) {
	for _, f := range []Format{TableFormat, JSONFormat, JSONLFormat, CSVFormat} {
		t.Run(string(f), func(t *testing.T) {
			var got bytes.Buffer
			writeSample(t, &got, f)
			golden := filepath.Join("testdata", "rows."+string(f))
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Error(diff)
			}
			if f == JSONFormat && !json.Valid(got.Bytes()) {
				t.Error("not valid JSON")
			}
		})
	}
}

func TestEmpty(t *testing.T) {
	for f, want := range map[Format]string{
		JSONFormat: "[]\n", JSONLFormat: "", CSVFormat: "metric,value,instrument,visit,band,ok,start,tags,notes\n",
	} {
		var got bytes.Buffer
		rows, _ := NewRows(&got, f, "", columns)
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if got.String() != want {
			t.Errorf("%s: %q, want %q", f, got.String(), want)
		}
	}
}

// A Parquet file has the columns in the order of declaration and the values of the rows.
func TestParquet(t *testing.T) {
	var file bytes.Buffer
	writeSample(t, &file, ParquetFormat)
	f, err := parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range f.Schema().Columns() {
		names = append(names, path[0])
	}
	if diff := cmp.Diff([]string{"metric", "value", "instrument", "visit", "band", "ok", "start", "tags", "notes"}, names); diff != "" {
		t.Error(diff)
	}
	if n := f.NumRows(); n != 5 {
		t.Fatalf("%d rows", n)
	}
	var got []parquet.Row
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		buffer := make([]parquet.Row, 10)
		n, _ := rows.ReadRows(buffer)
		for _, row := range buffer[:n] {
			got = append(got, row.Clone())
		}
		rows.Close()
	}
	first := got[0]
	if first[0].String() != "ip_isr.IsrTime" || first[1].Double() != 12.5 || first[3].Int64() != 2026080100000 || !first[5].Boolean() {
		t.Errorf("first row %v", first)
	}
	if first[6].Int64() != time.Date(2026, 8, 1, 1, 0, 0, 2.5e8, time.UTC).UnixMicro() {
		t.Errorf("time %v", first[6])
	}
	if len(first) != 10 || first[7].String() != "a" || first[8].String() != "b c" {
		t.Errorf("list of %v", first)
	}
	if !got[3][0].IsNull() || !got[1][4].IsNull() {
		t.Errorf("nulls of %v", got)
	}
}

// Any text survives as JSON, and is as the standard library would write it apart from its HTML escapes.
func TestJSONTextIsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "s"))
		if rapid.Bool().Draw(t, "valid") {
			s = rapid.String().Draw(t, "text")
		}
		var back string
		if err := json.Unmarshal(AppendJSONText(nil, s), &back); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
		var std string
		if err := json.Unmarshal(want.Bytes(), &std); err != nil {
			t.Fatal(err)
		}
		if back != std {
			t.Fatalf("%q comes back as %q, the standard library's as %q", s, back, std)
		}
	})
}

func TestJSONFloatRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return
		}
		var back float64
		text := AppendJSONFloat(nil, f)
		if err := json.Unmarshal(text, &back); err != nil || back != f {
			t.Fatalf("%v is written %s and read %v, %v", f, text, back, err)
		}
	})
}

func TestRowOfWrongLength(t *testing.T) {
	for _, f := range Formats {
		rows, err := NewRows(io.Discard, f, "", columns)
		if err != nil {
			t.Fatal(err)
		}
		if err := rows.Row(Null); err == nil {
			t.Errorf("%s takes a row of one cell", f)
		}
	}
	if _, err := ParseFormat("xml"); err == nil {
		t.Error("xml is a format")
	}
}

func BenchmarkJSONL(b *testing.B) {
	rows, _ := NewRows(io.Discard, JSONLFormat, "", columns[:3])
	for b.Loop() {
		rows.Row(TextCell("ip_isr.IsrTime"), FloatCell(12.5), ObjectCell(TextCell("TestCam"), IntCell(2026080100000), TextCell("g")))
	}
}
