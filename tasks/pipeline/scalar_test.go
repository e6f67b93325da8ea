package pipeline

import (
	"encoding/json"
	"math/big"
	"os"
	"testing"

	"valet/tasks"
	"valet/tasks/python"
)

// testdata/scalars.json holds plain scalars with the type and text that PyYAML gave them.
func TestPlainScalarsAsPyYAML(t *testing.T) {
	text, err := os.ReadFile("testdata/scalars.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases [][3]string
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		scalar, kind, want := c[0], c[1], c[2]
		if scalar == "-" || scalar == "!" {
			continue // no plain scalars: an item of a list, and a tag
		}
		v, fault := plainScalar(scalar)
		switch {
		case kind == "error":
			if fault == nil {
				t.Errorf("%q is %v, want an error", scalar, v)
			} else if "builtins."+fault.class != want && fault.class != want {
				t.Errorf("%q: class %s, want %s", scalar, fault.class, want)
			}
			continue
		case fault != nil:
			t.Errorf("%q: %v", scalar, fault)
			continue
		}
		got, text := "", python.Str(v)
		switch v := v.(type) {
		case nil:
			got = "NoneType"
		case bool:
			got = "bool"
		case int64, *big.Int:
			got = "int"
		case float64:
			got = "float"
		case string:
			got = "str"
		case tasks.Object:
			got, text = kind, want
			if kind != "date" && kind != "datetime" || v.Name != scalar {
				t.Errorf("%q is the object %v, want %s", scalar, v, kind)
			}
		}
		if got != kind || text != want {
			t.Errorf("%q is %s %s, want %s %s", scalar, got, text, kind, want)
		}
	}
}
