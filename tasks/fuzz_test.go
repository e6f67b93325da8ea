package tasks

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"valet/tasks/python"
)

func FuzzParseSaved(f *testing.F) {
	for _, text := range savedConfigs(f) {
		f.Add([]byte(text))
	}
	for _, c := range statementCases(f) {
		f.Add([]byte(c.Text))
	}
	classes := []*ConfigClass{timeMethod(), pipelineTiming(), statementClass()}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, class := range classes {
			c, err := ParseSaved(class, text)
			if err != nil {
				_ = err.Error()
				continue
			}
			saved := c.AppendSaved(nil)
			again, err := ParseSaved(class, saved)
			if err != nil {
				t.Fatalf("%v\n%s", err, saved)
			}
			if d := c.Differences(again); len(d) > 0 {
				t.Fatal(d)
			}
		}
	})
}

// TestSavedFormReadsBack: any config that can be set is saved so that it reads back equal.
func TestSavedFormReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := NewConfig(statementClass())
		set := func(field string, v Value) {
			if err := c.Set(field, v); err != nil {
				t.Fatal(err)
			}
		}
		set("target", rapid.String().Draw(t, "target"))
		set("i", rapid.Int64Range(math.MinInt64+1, math.MaxInt64).Draw(t, "i"))
		set("f", rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.Inf(1), math.Inf(-1), math.NaN()})).Draw(t, "f"))
		set("b", rapid.Bool().Draw(t, "b"))
		var list []Value
		for _, s := range rapid.SliceOf(rapid.String()).Draw(t, "md") {
			list = append(list, s)
		}
		set("md", append([]Value{}, list...))
		set("connections.package", rapid.Float64().Draw(t, "package"))
		text := c.AppendSaved(nil)
		back, err := ParseSaved(c.Class(), text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, f := range c.Class().Fields {
			if a, b := python.Repr(c.Get(f.Name)), python.Repr(back.Get(f.Name)); a != b {
				t.Fatalf("%s: %s came back as %s", f.Name, a, b)
			}
		}
	})
}
