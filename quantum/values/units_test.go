package values

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"valet/tasks/metric"
)

// TestGoldenConversions converts as --unit does what the golden cases of units convert, bit for bit.
func TestGoldenConversions(t *testing.T) {
	text, err := os.ReadFile("../../testdata/units/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		var c struct {
			Kind, Unit, To, Error string
			Value, Result         any
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		value, ok := c.Value.(float64)
		if c.Kind != "convert" || !ok {
			continue
		}
		from, err := metric.ParseUnit(c.Unit)
		to, wrong := metric.ParseUnit(c.To)
		if err != nil || wrong != nil {
			continue // told of before the index is asked
		}
		n++
		s := &Set{candidates: make([]candidate, 1)}
		col := newCollector(nil, s, &Query{Unit: &to})
		kind := col.kind(kindKey{"p.m", from.String()}, "{}")
		col.put(0, kind, value, true, nil)
		col.finish()
		want, ok := c.Result.(float64)
		switch got := s.rows[0].value; {
		case c.Error != "":
			if s.kinds[kind].err == nil {
				t.Errorf("%s: converted to %v", line, got)
			}
		case ok && (math.Float64bits(got) != math.Float64bits(want) || s.kinds[kind].unitText != to.String()):
			t.Errorf("%sgot %v %s", line, got, s.kinds[kind].unitText)
		}
	}
	if n < 20 {
		t.Errorf("only %d cases", n)
	}
}
