package registry

import (
	"errors"
	"io"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"valet/registry/dimension"
	"valet/registry/sphere"
)

// What a spool gave to its file is what it was given, in memory and on the disk.
func TestSpoolKeepsRecords(t *testing.T) {
	text, err := os.ReadFile("dimension/testdata/universe8.json")
	if err != nil {
		t.Fatal(err)
	}
	u, err := dimension.ParseUniverse(text)
	if err != nil {
		t.Fatal(err)
	}
	e := u.Element("visit")
	for _, length := range []int{10, 1 << 20} {
		var s spool
		var want []RecordInput
		for i := range 40 {
			in := RecordInput{At: i + 1, Record: &dimension.Record{Element: e, Values: make([]any, len(e.Fields()))}}
			for k := range in.Record.Values {
				in.Record.Values[k] = []any{nil, int64(-i), math.Inf(1), true, false, strings.Repeat("ü", length), []byte{0, 1}, dimension.AllTime}[(i+k)%8]
			}
			if i%2 == 0 {
				in.prepared, in.pixels = true, []sphere.Range{{Begin: 131072, End: 131080}, {Begin: 188416, End: 188417}}
			}
			if err := s.add(&in); err != nil {
				t.Fatal(err)
			}
			want = append(want, in)
		}
		if err := s.end(); err != nil {
			t.Fatal(err)
		}
		if onDisk := s.file != nil; onDisk != (length > 10) {
			t.Error("on disk", onDisk)
		}
		for range 2 {
			in, err := s.read()
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				got, err := readSpooled(in, e)
				if err != nil || !reflect.DeepEqual(got, want[i]) {
					t.Fatalf("record %d: %v %v", i, got.At, err)
				}
			}
			if _, err := readSpooled(in, e); !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		}
		if err := errors.Join(s.close(), s.close()); err != nil {
			t.Error(err)
		}
	}
}
