package metric

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
)

// BundleEntry is a measurement of a bundle under the action that made it.
type BundleEntry struct {
	Action      string
	Measurement *Measurement
}

// Name is action.metric: metrics of bundles have mostly no package, and the same metric occurs under several actions.
func (e *BundleEntry) Name() string { return e.Action + "." + e.Measurement.Metric }

// ParseBundle reads a MetricMeasurementBundle file: a JSON object of lists of measurements by action, in order. Entries whose names begin with two
// underscores say something of the bundle itself and are left out. Null for a value that has a unit is NaN. Notes and blobs are not stored
// (metrics.md 8.1). Errors are *ReadError.
func ParseBundle(text []byte) ([]BundleEntry, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	fail := func(err error) error {
		line := 1 + bytes.Count(text[:min(int(d.InputOffset()), len(text))], []byte("\n"))
		return &ReadError{Line: line, Column: 1, Class: "ValidationError", Problem: "the bundle is not as it should be: " + err.Error(), Cause: err}
	}
	if t, err := d.Token(); err != nil {
		return nil, fail(err)
	} else if t != json.Delim('{') {
		return nil, fail(fmt.Errorf("%v stands where an object is needed", t))
	}
	var out []BundleEntry
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fail(err)
		}
		action, _ := key.(string) // keys are texts
		if strings.HasPrefix(action, "__") {
			var ignored json.RawMessage
			if err := d.Decode(&ignored); err != nil {
				return nil, fail(err)
			}
			continue
		}
		var list []bundled
		if err := d.Decode(&list); err != nil {
			return nil, fail(fmt.Errorf("action %q: %w", action, err))
		}
		for i := range list {
			m, err := list[i].measurement()
			if err != nil {
				return nil, fail(fmt.Errorf("action %q: %w", action, err))
			}
			out = append(out, BundleEntry{action, m})
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, fail(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fail(fmt.Errorf("something follows the object"))
	}
	return out, nil
}

// bundled is a measurement as JSON has it.
type bundled struct {
	Metric     *string
	Identifier any
	Value      *float64
	Unit       *string
}

func (b *bundled) measurement() (*Measurement, error) {
	if b.Metric == nil {
		return nil, fmt.Errorf("a measurement has no metric")
	}
	m := &Measurement{Metric: *b.Metric, Identifier: b.Identifier}
	if b.Unit == nil {
		return m, nil
	}
	unit, err := ParseUnit(*b.Unit)
	if err != nil {
		return nil, fmt.Errorf("metric %q: %w", *b.Metric, err)
	}
	m.Quantity = &Quantity{math.NaN(), unit}
	if b.Value != nil {
		m.Quantity.Value = *b.Value
	}
	return m, nil
}
