package dataset_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

func universe(t testing.TB) *dimension.Universe {
	t.Helper()
	text, err := os.ReadFile("../dimension/testdata/universe8.json")
	if err != nil {
		t.Fatal(err)
	}
	u, err := dimension.ParseUniverse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestID(t *testing.T) {
	at := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	id := dataset.NewIDAt(at)
	if id.Version() != 7 || id[8]>>6 != 2 || id.IsZero() {
		t.Errorf("%s is no version 7 UUID", id)
	}
	ms := int64(0)
	for _, b := range id[:6] {
		ms = ms<<8 | int64(b)
	}
	if ms != at.UnixMilli() {
		t.Errorf("%s is of %d, want %d", id, ms, at.UnixMilli())
	}
	const dashed, plain = "091f9568-e446-51a1-be28-4b22dbc7d61a", "091f9568e44651a1be284b22dbc7d61a"
	for _, text := range []string{dashed, plain, strings.ToUpper(dashed)} {
		got, err := dataset.ParseID(text)
		if err != nil || got.String() != dashed || got.Hex() != plain || got.Version() != 5 {
			t.Errorf("%s: %s %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", plain[1:], plain + "0", dashed[:35] + "g"} {
		if _, err := dataset.ParseID(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	if first, second := dataset.NewID(), dataset.NewID(); !(dataset.ID{}).IsZero() || first == second {
		t.Error("IDs are not distinct")
	}
}

func TestIDRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var id, back dataset.ID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		text, err := id.MarshalText()
		if err != nil || back.UnmarshalText(text) != nil || back != id {
			t.Errorf("%v becomes %s and %v", id, text, back)
		}
		if back, err = dataset.ParseID(id.Hex()); err != nil || back != id {
			t.Errorf("%v becomes %s and %v", id, id.Hex(), back)
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add("091f9568-e446-51a1-be28-4b22dbc7d61a")
	f.Add("091f9568e44651a1be284b22dbc7d61a")
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := dataset.ParseID(text); err == nil {
			if back, err := dataset.ParseID(id.String()); err != nil || back != id {
				t.Errorf("%q: %v %v", text, back, err)
			}
		}
	})
}

func TestValidate(t *testing.T) {
	u := universe(t)
	for name, good := range map[string]bool{
		"a": true, "_a1": true, "metricvalue_ap_association_DiaForcedSourceMemory": true, "visit": true, strings.Repeat("x", 200): true,
		"": false, "1a": false, "a-b": false, "a b": false, "a.b": false, ".a": false, "a.": false, "é": false, "instrument": false, "skymap": false, "a\n": false,
	} {
		typ := &dataset.Type{Name: name, Dimensions: u.MustGroup("visit"), StorageClass: "S"}
		err := typ.Validate()
		var bad *dataset.NameError
		if good != (err == nil) || err != nil && !errors.As(err, &bad) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestTypeText(t *testing.T) {
	u := universe(t)
	for _, c := range []struct {
		typ  dataset.Type
		want string
	}{
		{dataset.Type{Name: "a", Dimensions: u.MustGroup("visit", "detector"), StorageClass: "StructuredDataDict"},
			"DatasetType('a', {band, instrument, day_obs, detector, physical_filter, visit}, StructuredDataDict)"},
		{dataset.Type{Name: "c", Dimensions: u.MustGroup(), StorageClass: "StructuredDataDict"}, "DatasetType('c', {}, StructuredDataDict)"},
		{dataset.Type{Name: "b", Dimensions: u.MustGroup("detector"), StorageClass: "StructuredDataDict", IsCalibration: true},
			"DatasetType('b', {instrument, detector}, StructuredDataDict, isCalibration=True)"},
	} {
		if got := c.typ.String(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	id, err := dataset.ParseID("01a20f75-9e76-7ca1-adcc-48726bf169b8")
	if err != nil {
		t.Fatal(err)
	}
	g := u.MustGroup("detector")
	ref := dataset.Ref{ID: id, Type: &dataset.Type{Name: "a", Dimensions: g, StorageClass: "StructuredDataDict"}, Run: "r/1",
		DataID: dimension.NewDataID(g, []dimension.Value{dimension.StringValue("Cam"), dimension.IntValue(0)})}
	if got, want := ref.String(), "a@{instrument: 'Cam', detector: 0} [sc=StructuredDataDict] (run=r/1 id=01a20f75-9e76-7ca1-adcc-48726bf169b8)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestCollectionName(t *testing.T) {
	for name, good := range map[string]bool{
		"u/me/20261123T175034Z": true, "a": true, "A-b_c.d+e@f:g=h": true, strings.Repeat("x", 64): true,
		"": false, "/a": false, "a/": false, "a//b": false, "a/../b": false, ".": false, "a/./b": false, "a b": false, "é": false, "a*": false, "a,b": false,
		"a#b": false, "a%20b": false, strings.Repeat("x", 65): false, "a\n": false,
	} {
		err := dataset.ValidateCollectionName(name)
		var bad *dataset.CollectionNameError
		if good != (err == nil) || err != nil && (!errors.As(err, &bad) || bad.Hint() == "") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestCollectionKind(t *testing.T) {
	for k := dataset.Run; k <= dataset.Calibration; k++ {
		for _, text := range []string{k.String(), strings.ToLower(k.String())} {
			if got, err := dataset.ParseCollectionKind(text); err != nil || got != k {
				t.Errorf("%s: %v %v", text, got, err)
			}
		}
	}
	if _, err := dataset.ParseCollectionKind("kind 0"); err == nil {
		t.Error("kind 0 is accepted")
	}
}

func TestConvertible(t *testing.T) {
	for _, c := range []struct {
		stored, wanted string
		want           bool
	}{
		{"Config", "Config", true}, {"TaskMetadata", "StructuredDataDict", true}, {"StructuredDataDict", "TaskMetadata", false},
		{"ArrowTable", "DataFrame", true}, {"ArrowTable", "TaskMetadata", false}, {"Nope", "Config", false},
	} {
		if got := dataset.Convertible(c.stored, c.wanted); got != c.want {
			t.Errorf("%s as %s: %v", c.stored, c.wanted, got)
		}
	}
}

// TestSplitMember knows a member by the last sharp sign alone.
func TestSplitMember(t *testing.T) {
	for path, want := range map[string][2]string{
		"a/z.zip#zip-path=m.json": {"a/z.zip", "m.json"}, "a#b.json": {"a#b.json", ""}, "z.zip#zip-path=m#x": {"z.zip#zip-path=m#x", ""}, "": {"", ""},
		"a#b/z.zip#zip-path=": {"a#b/z.zip", ""}, "file:///z.zip#zip-path=a b": {"file:///z.zip", "a b"},
	} {
		zip, member, ok := dataset.SplitMember(path)
		if zip != want[0] || member != want[1] || ok != (zip != path) {
			t.Errorf("%q: %q, %q, %v", path, zip, member, ok)
		}
	}
}
