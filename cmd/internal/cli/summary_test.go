package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// UnmarshalJSON reads the object in its order.
func (c *datasetCounts) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var n int
		if err := d.Decode(&n); err != nil {
			return err
		}
		*c = append(*c, datasetCount{name.(string), n})
	}
	return nil
}

// The summary of the real pipetask comes back byte for byte: every field has its name, place and form.
func TestSummaryIsPipetasks(t *testing.T) {
	want, err := os.ReadFile("../../../testdata/run/summary.json")
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(want))
	d.DisallowUnknownFields()
	var s runSummary
	if err := d.Decode(&s); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := s.write(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
}
