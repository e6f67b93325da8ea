package figure

import (
	"fmt"
	"math"
	"slices"

	"valet/cmd/internal/plot"
	"valet/registry/dimension"
)

// noDimension is the error of a kind that the data IDs have no dimension for.
func (m *maker) noDimension(kind Kind, what string) error {
	return &Error{fmt.Sprintf("a figure of kind %s needs %s, and these measurements have the dimensions %s", kind, what, m.group), "choose another --kind: hist shows any measurements"}
}

func (m *maker) focalPlane() (*plot.Figure, error) {
	if !m.group.Has("detector") {
		return nil, m.noDimension(FocalPlane, "detectors")
	}
	keys, by, names, err := m.detectors()
	if err != nil {
		return nil, err
	}
	out := make([]plot.Detector, len(keys))
	for i, k := range keys {
		var at []float64
		for _, row := range by[k] {
			if v := m.columns[0].Values[row]; v == v {
				at = append(at, v)
			}
		}
		slices.Sort(at)
		out[i] = plot.Detector{Name: names[i], Value: math.NaN(), Count: len(at)}
		if n := len(at); n > 0 {
			out[i].Value = at[(n-1)/2]/2 + at[n/2]/2
		}
		if m.options.Link != nil {
			out[i].Link = m.options.Link(fmt.Sprintf("instrument = '%s' AND detector = %s", k.instrument.Text(), k.detector.Text()))
		}
	}
	return plot.FocalPlane(m.title, m.quantity, "median", out), nil
}

// positions are the different values of a dimension in all sources, in order, with their names.
func (m *maker) positions(name string) (at map[dimension.Value]int, names []string) {
	at = map[dimension.Value]int{}
	var all []dimension.Value
	for _, s := range m.sources {
		for i := range s.Set.Len() {
			v := s.Set.Dimension(i, name)
			if _, ok := at[v]; !ok && !v.IsZero() {
				at[v] = 0
				all = append(all, v)
			}
		}
	}
	slices.SortFunc(all, dimension.Value.Compare)
	for i, v := range all {
		at[v] = i
		names = append(names, v.Text())
	}
	return at, names
}

func (m *maker) series(along string) (*plot.Figure, error) {
	if along == Time {
		return m.inTime()
	}
	if along == "" {
		if along = m.along(); along == "" {
			for _, name := range sequences {
				if m.group.Has(name) {
					along = name
					break
				}
			}
		}
	}
	if along == "" || !m.group.Has(along) {
		return nil, m.noDimension(Series, "visits or another sequence")
	}
	at, names := m.positions(along)
	axis := plot.Along{Label: along, Names: names}
	lines := m.lines(func(s Source, i int) float64 {
		if p, ok := at[s.Set.Dimension(i, along)]; ok {
			return float64(p)
		}
		return math.NaN()
	})
	return plot.Series(m.title, m.quantity, axis, lines...), nil
}

// lines are the values of each source by place.
func (m *maker) lines(place func(s Source, i int) float64) []plot.Line {
	lines := make([]plot.Line, len(m.sources))
	for k, s := range m.sources {
		lines[k] = plot.Line{Name: s.Name, X: make([]float64, s.Set.Len()), Y: m.columns[k].Values}
		for i := range lines[k].X {
			lines[k].X[i] = place(s, i)
		}
	}
	return lines
}

// inTime is the series along the times at which visits or exposures began.
func (m *maker) inTime() (*plot.Figure, error) {
	of := ""
	for _, name := range []string{"visit", "exposure"} {
		if m.group.Has(name) {
			of = name
			break
		}
	}
	if of == "" {
		return nil, m.noDimension(Series, "visits or exposures for their times")
	}
	e := m.registry.Universe().Dimension(of)
	type key struct{ instrument, value dimension.Value }
	times := map[key]float64{}
	var failed error
	lines := m.lines(func(s Source, i int) float64 {
		k := key{s.Set.Dimension(i, "instrument"), s.Set.Dimension(i, of)}
		t, known := times[k]
		if known || failed != nil {
			return t
		}
		t = math.NaN()
		if !k.value.IsZero() {
			rec, err := m.record(e, dimension.NewDataID(e.Group(), []dimension.Value{k.instrument, k.value}))
			if err != nil {
				failed = err
			}
			if rec != nil {
				if span, _ := rec.Get("timespan"); span != nil {
					if ts, ok := span.(dimension.Timespan); ok && !ts.IsEmpty() && ts.Begin > dimension.MinTime {
						t = float64(ts.Begin) / 1e9
					}
				}
			}
		}
		times[k] = t
		return t
	})
	if failed != nil {
		return nil, failed
	}
	return plot.Series(m.title, m.quantity, plot.Along{Label: "begin of " + of + " (TAI)", Time: true}, lines...), nil
}
