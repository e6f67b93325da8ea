package metric_test

import (
	"errors"
	"strings"
	"testing"

	"valet/tasks/metric"
)

// bundle is the example of metrics.md 8.1 with more actions.
const bundle = `{"stellarPhotRep": [{"metric": "x", "identifier": "0123", "value": 3.25, "unit": "mmag", "blob_refs": []},
 {"metric": "y", "identifier": "0124", "value": null, "unit": "ct", "blob_refs": []}],
 "empty": [],
 "__reference_package": "lsst_distrib", "__timestamp_version": "run_timestamp", "__dataset_identifier": "HSC-RC2", "__metricNamePrefix": "",
 "other": [{"metric": "x", "identifier": "0125", "value": 1, "unit": "", "blob_refs": []}, {"metric": "none", "identifier": "1", "value": null, "unit": null}]}`

func TestBundle(t *testing.T) {
	entries, err := metric.ParseBundle([]byte(bundle))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		q := "nothing"
		if e.Measurement.Quantity != nil {
			q = e.Measurement.Quantity.String()
		}
		got = append(got, e.Name()+" "+q)
	}
	if want := "stellarPhotRep.x 3.25 mmag; stellarPhotRep.y nan ct; other.x 1.0; other.none nothing"; strings.Join(got, "; ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, text := range []string{"", "[]", "{", `{"a": 1}`, `{"a": [{"value": 1, "unit": ""}]}`, `{"a": [{"metric": "m", "value": 1, "unit": "seconds"}]}`, `{} {}`, `{"a": [{"metric": "m", "value": "1", "unit": "s"}]}`} {
		var e *metric.ReadError
		if _, err := metric.ParseBundle([]byte(text)); !errors.As(err, &e) || e.Line < 1 {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzBundle(f *testing.F) {
	f.Add(bundle)
	f.Add(`{"__a": {"b": [1]}, "c": []}`)
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := metric.ParseBundle([]byte(text))
		for _, e := range entries {
			if err != nil || strings.HasPrefix(e.Action, "__") {
				t.Errorf("%+v %v", e, err)
			}
		}
	})
}
