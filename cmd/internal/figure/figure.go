// Package figure makes figures of stored measurements: it chooses the kind by the dimensions of their data IDs, brings values to one
// unit, gives detectors their names and visits their times, and joins runs by data ID. What the figure looks like is decided by package
// plot, which measurements there are by package values.
//
// Weak spot: a series goes along one dimension; tract and patch together are none.
package figure

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"valet/cmd/internal/plot"
	"valet/quantum/values"
	"valet/registry"
	"valet/registry/dimension"
	"valet/tasks/metric"
)

// Kind is a kind of figure.
type Kind string

// The kinds.
const (
	Histogram  Kind = "hist"
	FocalPlane Kind = "focal-plane"
	Series     Kind = "series"
	HeatMap    Kind = "heatmap"
	Compare    Kind = "compare"
)

// Kinds are all kinds.
var Kinds = []Kind{Histogram, FocalPlane, Series, HeatMap, Compare}

// Source are the measurements of a metric in a collection.
type Source struct {
	// Name is that of the collection.
	Name string
	Set  *values.Set
}

// Options of Make.
type Options struct {
	// Kind is chosen by Default if it is empty.
	Kind Kind
	// Along is what a series goes along: a dimension, or Time; chosen if it is empty.
	Along string
	// Unit is that of the figure; nil is the one that most measurements have or, of bytes, a handy multiple.
	Unit *metric.Unit
	// Where is the condition that the measurements satisfy, for the title.
	Where string
	// Link is the address of the measurements that a condition chooses; nil if there are no links.
	Link func(where string) string
}

// Time as Options.Along is when a visit or exposure began.
const Time = "time"

// Error says why there can be no such figure.
type Error struct {
	Reason string
	// Advice says what to do.
	Advice string
}

func (e *Error) Error() string { return e.Reason }

// Hint says what to do.
func (e *Error) Hint() string { return e.Advice }

// ClassName is upstream's kind of error.
func (e *Error) ClassName() string { return "ValueError" }

// Make makes a figure of one metric in one or more collections. Errors are an *Error and those of the registry.
func Make(ctx context.Context, r *registry.Registry, sources []Source, o Options) (*plot.Figure, error) {
	m, err := newMaker(ctx, r, sources, o)
	if err != nil {
		return nil, err
	}
	kind := o.Kind
	if kind == "" {
		kind = m.kind()
	}
	if len(sources) > 1 && (kind == FocalPlane || kind == HeatMap) {
		return nil, &Error{fmt.Sprintf("a figure of kind %s shows one collection", kind), "name one collection, or a chain of several"}
	}
	switch kind {
	case Histogram:
		return plot.Histogram(m.title, m.quantity, m.columns...), nil
	case FocalPlane:
		return m.focalPlane()
	case Series:
		return m.series(o.Along)
	case HeatMap:
		return m.heatMap()
	case Compare:
		return m.compare()
	}
	return nil, &Error{fmt.Sprintf("there is no kind of figure %q", kind), "kinds are hist, focal-plane, series, heatmap, compare"}
}

// maker holds what all kinds need.
type maker struct {
	ctx      context.Context
	registry *registry.Registry
	expander *registry.Expander
	sources  []Source
	options  Options
	title    string
	quantity plot.Quantity
	group    *dimension.Group
	// columns are the values of each source in the unit of the figure, at the places that they have in its Set; NaN where there is none.
	columns []plot.Values
}

func newMaker(ctx context.Context, r *registry.Registry, sources []Source, o Options) (*maker, error) {
	m := &maker{ctx: ctx, registry: r, expander: r.Expander(), sources: sources, options: o, group: r.Universe().MustGroup()}
	name := ""
	var others []string
	for _, s := range sources {
		m.group = m.group.Union(s.Set.Group(r.Universe()))
		last := ""
		for i := range s.Set.Len() {
			if n := s.Set.Metric(i); n != last {
				last = n
				if name == "" {
					name = n
				}
				if n != name && !slices.Contains(others, n) {
					others = append(others, n)
				}
			}
		}
	}
	if len(others) > 0 {
		return nil, &Error{fmt.Sprintf("a figure shows one metric, and these are several: %s", strings.Join(append([]string{name}, others...), ", ")), "name one of them"}
	}
	unit, err := m.unit(name)
	if err != nil {
		return nil, err
	}
	m.quantity = plot.Quantity{Name: name, Unit: unit.String()}
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.Name
		column, err := convert(s, name, unit)
		if err != nil {
			return nil, err
		}
		m.columns = append(m.columns, column)
	}
	m.title = fmt.Sprintf("%s in %s", name, strings.Join(names, ", "))
	if name == "" {
		m.title = "No measurements in " + strings.Join(names, ", ")
	}
	if o.Where != "" {
		m.title += " where " + o.Where
	}
	return m, nil
}

// convert are the values of a source in a unit.
func convert(s Source, name string, unit metric.Unit) (plot.Values, error) {
	out := plot.Values{Name: s.Name, Values: make([]float64, s.Set.Len())}
	factor, of, known := 1.0, metric.Unit{}, false
	for i := range out.Values {
		v, u, ok := s.Set.Value(i)
		if !ok {
			out.Values[i] = math.NaN()
			continue
		}
		if !known || u != of {
			f, err := u.FactorTo(unit)
			if err != nil {
				return out, &values.UnitError{Metric: name, Count: 1, Cause: err}
			}
			factor, of, known = f, u, true
		}
		out.Values[i] = v
		if factor != 1 {
			out.Values[i] = v * factor
		}
	}
	return out, nil
}

// unit is that of the figure.
func (m *maker) unit(name string) (metric.Unit, error) {
	if m.options.Unit != nil {
		return *m.options.Unit, nil
	}
	var unit metric.Unit
	for _, s := range m.sources {
		if s.Set.Len() > 0 {
			unit, _ = s.Set.Unit(name)
			break
		}
	}
	if !unit.Equal(metric.Byte) {
		return unit, nil
	}
	// A number of bytes is easier to read in the multiple that leaves three or four digits of the middle one.
	var all []float64
	for _, s := range m.sources {
		for i := range s.Set.Len() {
			if v, u, ok := s.Set.Value(i); ok && u.Equal(unit) && v == v {
				all = append(all, math.Abs(v))
			}
		}
	}
	slices.Sort(all)
	middle := 0.0
	if len(all) > 0 {
		middle = all[len(all)/2]
	}
	return Handy(unit, middle), nil
}

// Handy is the unit in which a value is easy to read: of bytes, the largest multiple that leaves two digits or more, else the unit itself.
func Handy(unit metric.Unit, value float64) metric.Unit {
	if !unit.Equal(metric.Byte) {
		return unit
	}
	for _, larger := range []string{"Gibyte", "Mibyte", "Kibyte"} {
		u, err := metric.ParseUnit(larger)
		if err != nil {
			continue // these are units
		}
		if f, err := u.FactorTo(unit); err == nil && math.Abs(value) >= f*10 {
			return u
		}
	}
	return unit
}

// kind is the kind that the dimensions ask for.
func (m *maker) kind() Kind {
	switch {
	case len(m.sources) > 1:
		return Compare
	case m.differ("detector"):
		return FocalPlane
	case m.along() != "":
		return Series
	}
	return Histogram
}

// differ reports whether the measurements have several values of a dimension.
func (m *maker) differ(name string) bool {
	if !m.group.Has(name) {
		return false
	}
	var first dimension.Value
	for _, s := range m.sources {
		for i := range s.Set.Len() {
			switch v := s.Set.Dimension(i, name); {
			case v.IsZero() || v == first:
			case first.IsZero():
				first = v
			default:
				return true
			}
		}
	}
	return false
}

// sequences are the dimensions that a series may go along, the usual ones first.
var sequences = []string{"visit", "exposure", "group", "day_obs", "tract", "patch", "detector"}

// along is the dimension that a series goes along; empty if none has several values.
func (m *maker) along() string {
	for _, name := range sequences {
		if m.differ(name) {
			return name
		}
	}
	return ""
}
