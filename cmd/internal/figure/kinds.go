package figure

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"valet/cmd/internal/plot"
	"valet/registry"
	"valet/registry/dimension"
)

// noDimension is the error of a kind that the data IDs have no dimension for.
func (m *maker) noDimension(kind Kind, what string) error {
	return &Error{fmt.Sprintf("a figure of kind %s needs %s, and these measurements have the dimensions %s", kind, what, m.group), "choose another --kind: hist shows any measurements"}
}

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

func (m *maker) heatMap() (*plot.Figure, error) {
	across := ""
	for _, name := range sequences {
		if name != "detector" && m.group.Has(name) {
			across = name
			break
		}
	}
	down := "detector"
	if !m.group.Has(down) {
		for _, name := range []string{"patch", "band", "physical_filter", "day_obs"} {
			if m.group.Has(name) && name != across {
				down = name
				break
			}
		}
	}
	if across == "" || !m.group.Has(down) {
		return nil, m.noDimension(HeatMap, "two dimensions, such as visit and detector,")
	}
	cells := &plot.Cells{ColumnLabel: across, RowLabel: down}
	columns, names := m.positions(across)
	cells.Columns = names
	rows := map[detectorKey]int{}
	key := func(i int) detectorKey { return detectorKey{detector: m.sources[0].Set.Dimension(i, down)} }
	if down == "detector" {
		keys, _, names, err := m.detectors()
		if err != nil {
			return nil, err
		}
		for i, k := range keys {
			rows[k] = i
		}
		cells.Rows = names
		key = func(i int) detectorKey {
			return detectorKey{m.sources[0].Set.Dimension(i, "instrument"), m.sources[0].Set.Dimension(i, down)}
		}
	} else {
		at, names := m.positions(down)
		for v, i := range at {
			rows[detectorKey{detector: v}] = i
		}
		cells.Rows = names
	}
	for i, v := range m.columns[0].Values {
		x, ok := columns[m.sources[0].Set.Dimension(i, across)]
		y, also := rows[key(i)]
		if ok && also {
			cells.X, cells.Y, cells.Values = append(cells.X, int32(x)), append(cells.Y, int32(y)), append(cells.Values, v)
		}
	}
	return plot.HeatMap(m.title, m.quantity, cells), nil
}

// compare joins the sources by data ID.
func (m *maker) compare() (*plot.Figure, error) {
	c := &plot.Comparison{}
	places := map[string]int{}
	groups := map[*dimension.Group]string{}
	for k, s := range m.sources {
		c.Names = append(c.Names, s.Name)
		c.Values = append(c.Values, nil)
		missing := 0
		for i, measured := range s.Set.All() {
			g := measured.Dataset.Type.Dimensions
			prefix, ok := groups[g]
			if !ok {
				prefix = g.String()
				groups[g] = prefix
			}
			id := prefix + measured.Dataset.DataID.Key()
			at, ok := places[id]
			if !ok {
				at = len(places)
				places[id] = at
			}
			for len(c.Values[k]) <= at {
				c.Values[k] = append(c.Values[k], math.NaN())
			}
			v := m.columns[k].Values[i]
			c.Values[k][at] = v
			if v != v {
				missing++
			}
		}
		c.Missing = append(c.Missing, missing)
	}
	for k := range c.Values {
		for len(c.Values[k]) < len(places) {
			c.Values[k] = append(c.Values[k], math.NaN())
		}
	}
	return plot.Compare(m.title, m.quantity, c), nil
}
