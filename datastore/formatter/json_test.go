package formatter

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	for text, want := range map[string]string{
		"5": "5", " [0,4102444800000000000] ": "[0, 4102444800000000000]", `{"b":1.0,"a":[true,null,"ü\u00e9\n"],"b":2}`: `{"b": 2, "a": [true, null, "üé\n"]}`,
		"1e16": "1e+16", "0.1": "0.1", "-0.0": "-0.0", "123456789012345678901": "1.2345678901234568e+20", "{}": "{}", "[]": "[]", `""`: `""`, "1e999": "Infinity",
	} {
		v, err := ParseJSON([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := AppendJSON(nil, v); err != nil || string(got) != want {
			t.Errorf("%s: got %s %v, want %s", text, got, err, want)
		}
	}
	for _, bad := range []string{"", "{", "[1,]", "1 2", "nul", "\xff", `"\xff"`, strings.Repeat("[", 100000), `{"a" 1}`} {
		var je *JSONError
		var ee *EncodingError
		if _, err := ParseJSON([]byte(bad)); !errors.As(err, &je) && !errors.As(err, &ee) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	if got, err := AppendJSON(nil, []Value{math.NaN(), math.Inf(1), math.Inf(-1), 7}); err != nil || string(got) != "[NaN, Infinity, -Infinity, 7]" {
		t.Errorf("got %s %v", got, err)
	}
	var je *JSONError
	if _, err := AppendJSON(nil, struct{}{}); !errors.As(err, &je) {
		t.Errorf("got %v", err)
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"b":1.0,"a":[true,null,"ü"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := ParseJSON(text)
		if err != nil {
			return
		}
		if strings.Contains(show(v), "Inf") {
			return // Python writes Infinity, which is not JSON
		}
		out, err := AppendJSON(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParseJSON(out); err != nil || show(again) != show(v) {
			t.Errorf("%q: %s, and again %s %v", text, show(v), show(again), err)
		}
	})
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		class, storage, text string
		check                func(any) bool
	}{
		{YAMLClass, "StructuredDataDict", "a: 1\n", func(v any) bool { m, ok := v.(Mapping); return ok && len(m) == 1 }},
		{JSONClass, "int", "5", func(v any) bool { return v == int64(5) }},
		{LogClass, "ButlerLogRecords", "", func(v any) bool { _, ok := v.(*Log); return ok }},
		{ConfigClass, "Config", "import x\n", func(v any) bool { return v == Config("import x\n") }},
		{PackagesClass, "Packages", "a: b\n", func(v any) bool { p, ok := v.(Packages); return ok && p["a"] == "b" }},
	} {
		v, err := Read(c.class, c.storage, []byte(c.text))
		if err != nil || !c.check(v) || CanRead(c.class) != nil {
			t.Errorf("%s: %v %v", c.class, v, err)
		}
	}
	for _, class := range []string{"lsst.pipe.base.quantum_graph.formatter.ProvenanceFormatter", "a.B", ""} {
		var ce *ClassError
		if _, err := Read(class, "x", nil); !errors.As(err, &ce) || ce.Class != class || !strings.Contains(err.Error(), class) {
			t.Errorf("%s: %v", class, err)
		}
	}
	var ee *EncodingError
	if _, err := ParseConfig([]byte("ok\xff")); !errors.As(err, &ee) || ee.Offset != 2 {
		t.Errorf("got %v", err)
	}
}
