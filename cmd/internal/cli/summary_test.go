package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
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
	var s struct {
		runSummary
		Quanta []quantumReport `json:"quantaReports"`
	}
	if err := d.Decode(&s); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := s.write(&got, slices.Values(s.Quanta)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
	got.Reset()
	if err := s.write(&got, slices.Values(s.Quanta[:0])); err != nil || !strings.HasSuffix(got.String(), ",\n  \"quantaReports\": []\n}") || !json.Valid(got.Bytes()) {
		t.Errorf("no quanta: %v\n%s", err, got.String())
	}
}
