package figure

import (
	"errors"
	"fmt"
	"slices"

	"valet/registry"
	"valet/registry/dimension"
)

// detectorKey tells detectors of several cameras apart.
type detectorKey struct{ instrument, detector dimension.Value }

func compareDetectors(a, b detectorKey) int {
	if c := a.instrument.Compare(b.instrument); c != 0 {
		return c
	}
	return a.detector.Compare(b.detector)
}

// detectors are the values by detector, in order, and the names of the detectors.
func (m *maker) detectors() (keys []detectorKey, by map[detectorKey][]int, names []string, err error) {
	set := m.sources[0].Set
	by = map[detectorKey][]int{}
	for i := range set.Len() {
		k := detectorKey{set.Dimension(i, "instrument"), set.Dimension(i, "detector")}
		if k.detector.IsZero() {
			continue
		}
		if by[k] == nil {
			keys = append(keys, k)
		}
		by[k] = append(by[k], i)
	}
	slices.SortFunc(keys, compareDetectors)
	several := len(keys) > 0 && keys[0].instrument != keys[len(keys)-1].instrument
	for _, k := range keys {
		name, err := m.detectorName(k)
		if err != nil {
			return nil, nil, nil, err
		}
		if several {
			name = k.instrument.Text() + " " + name
		}
		names = append(names, name)
	}
	return keys, by, names, nil
}

// detectorName is the full name of a detector, or its number if it has no record.
func (m *maker) detectorName(k detectorKey) (string, error) {
	e := m.registry.Universe().Dimension("detector")
	rec, err := m.record(e, dimension.NewDataID(e.Group(), []dimension.Value{k.instrument, k.detector}))
	if err != nil {
		return "", err
	}
	if rec != nil {
		if name, _ := rec.Get("full_name"); name != nil {
			return fmt.Sprint(name), nil
		}
	}
	return k.detector.Text(), nil
}

// record is a dimension record, nil if there is none.
func (m *maker) record(e *dimension.Element, id dimension.DataID) (*dimension.Record, error) {
	rec, err := m.expander.Record(m.ctx, e, id)
	var missing *registry.NotFoundError
	if errors.As(err, &missing) {
		return nil, nil
	}
	return rec, err
}
