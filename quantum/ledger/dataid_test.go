package ledger

import (
	"os"
	"testing"

	"pgregory.net/rapid"

	"valet/quantum"
	"valet/registry/dimension"
)

func visits(t testing.TB) *dimension.Group {
	t.Helper()
	text, err := os.ReadFile("../../testdata/queries/universe.json")
	if err != nil {
		t.Fatal(err)
	}
	u, err := dimension.ParseUniverse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u.MustGroup("instrument", "detector", "visit")
}

func TestDataIDs(t *testing.T) {
	g := visits(t)
	rapid.Check(t, func(t *rapid.T) {
		values := []dimension.Value{dimension.StringValue(rapid.String().Draw(t, "instrument")), dimension.IntValue(rapid.Int64().Draw(t, "detector")), dimension.IntValue(rapid.Int64().Draw(t, "visit"))}
		text := string(appendDataID(nil, values))
		id, err := parseDataID(g, text)
		if err != nil || string(appendDataID(nil, id.RequiredValues())) != text {
			t.Fatalf("%s becomes %v: %v", text, id, err)
		}
	})
	for _, bad := range []string{"", "[", "[]", `["a",1]`, `["a",1,2,3]`, `["a",1,2`, `["a",1,x]`, `["a`, `["a\q",1,2]`, `["a"1,2]`, `["a",1,2]x`} {
		if id, err := parseDataID(g, bad); err == nil {
			t.Errorf("%s becomes %v", bad, id)
		}
	}
}

func FuzzDataID(f *testing.F) {
	g := visits(f)
	f.Add(`["LSSTCam",94,2026112300001]`)
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := parseDataID(g, s); err == nil && len(id.Values()) != len(g.Required) {
			t.Errorf("%s has %d values", s, len(id.Values()))
		}
	})
}

// TestStoredNumbers pins what is stored: a state that gets another number would change the meaning of every ledger, and the statements and
// indexes name two of them.
func TestStoredNumbers(t *testing.T) {
	for want, s := range []quantum.State{quantum.Planned, quantum.Running, quantum.Succeeded, quantum.NoWork, quantum.Failed, quantum.Blocked, quantum.Skipped} {
		if int(s) != want {
			t.Errorf("%s is %d", s, s)
		}
	}
}
