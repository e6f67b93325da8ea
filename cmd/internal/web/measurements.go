package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"valet/cmd/internal/figure"
	"valet/quantum/values"
)

// measurementsModel are the metrics of a collection or, if one is chosen, its measurements with figures.
type measurementsModel struct {
	*question
	*choices `json:"-"`
	// Metrics are statistics of each metric.
	Statistics []statistics `json:"statistics"`
	Figures    []picture    `json:"-"`
	// Kinds are the figures that there may be, with their addresses.
	Kinds []kindLink `json:"-"`
	Rows  []row      `json:"measurements,omitempty"`
	// Count is the number of measurements; a page shows some rows.
	Count  int      `json:"count"`
	Why    []string `json:"why,omitempty"`
	Faults []fault  `json:"faults,omitempty"`
	// Age is how long ago the database was asked, empty if that was just now.
	Age string `json:"-"`
	// MoreFaults counts those that are not shown.
	MoreFaults int `json:"more_faults,omitempty"`
}

func (m *measurementsModel) title() string {
	if m.Metric != "" {
		return m.Metric
	}
	return "Measurements"
}

// Single reports whether all measurements are of one metric.
func (m *measurementsModel) Single() bool { return len(m.Statistics) == 1 }

type statistics struct {
	Metric  string `json:"metric"`
	Unit    string `json:"unit"`
	Count   int    `json:"count"`
	Missing int    `json:"missing"`
	Mean    number `json:"mean"`
	Std     number `json:"std"`
	Min     number `json:"min"`
	P5      number `json:"p5"`
	Median  number `json:"median"`
	P95     number `json:"p95"`
	P99     number `json:"p99"`
	Max     number `json:"max"`
	Link    string `json:"-"`
	shown
}

// picture is a figure in a page.
type picture struct {
	SVG, Title, Summary string
	Notes               []string
	// File is the address of the figure as a file, without its format.
	File string
}

type kindLink struct {
	Name, Link string
	Current    bool
}

type row struct {
	Metric  string         `json:"metric"`
	Value   *number        `json:"value"`
	Unit    string         `json:"unit"`
	DataID  map[string]any `json:"dataId"`
	Words   string         `json:"-"`
	Run     string         `json:"run"`
	ID      string         `json:"id"`
	RunLink string         `json:"-"`
	shown
}

type fault struct {
	Type    string `json:"type"`
	DataID  string `json:"dataId"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

const (
	rowsShown   = 100
	faultsShown = 20
)

func (s *Server) measurementsPage(r *http.Request) (any, error) {
	ctx := r.Context()
	q, err := readQuestion(r)
	if err != nil {
		return nil, err
	}
	m := &measurementsModel{question: q, Statistics: []statistics{}}
	if m.choices, err = s.choices(ctx); err != nil {
		return nil, err
	}
	if len(q.In) == 0 {
		name, err := s.newest(ctx)
		if err != nil || name == "" {
			m.Why = []string{"Choose a collection."}
			return m, err
		}
		q.In = []string{name}
	}
	if len(q.In) > 1 {
		return nil, &requestError{http.StatusBadRequest, "this page shows one collection", "the page /compare compares several"}
	}
	set, err := s.ask(ctx, q, q.In[0])
	if err != nil {
		return nil, err
	}
	m.Count, m.Why = set.Len(), set.Why
	if age := s.sets.age(set).Round(time.Second); age > 0 {
		m.Age = age.String()
	}
	m.addFaults(set)
	if err := m.addStatistics(s, set); err != nil {
		return nil, err
	}
	if !m.Single() {
		return m, nil
	}
	m.addRows(set)
	if asJSON(r) {
		return m, nil
	}
	return m, s.addFigures(ctx, m, set)
}

func (m *measurementsModel) addFaults(set *values.Set) {
	for i, f := range set.Faults {
		if i == faultsShown {
			m.MoreFaults = len(set.Faults) - i
			return
		}
		m.Faults = append(m.Faults, fault{f.Dataset.Type.Name, f.Dataset.DataID.String(), f.Path, f.Err.Error()})
	}
}

func (m *measurementsModel) addStatistics(s *Server, set *values.Set) error {
	groups, err := set.Groups(s.butler.Registry.Universe())
	if err != nil {
		return err
	}
	for _, g := range groups {
		d := values.Describe(g.Values)
		m.Statistics = append(m.Statistics, statistics{g.Metric, g.Unit.String(), d.Count, g.Missing, number(d.Mean), number(d.Std), number(d.Min), number(d.P5), number(d.Median),
			number(d.P95), number(d.P99), number(d.Max), m.Link("/measurements", "metric", g.Metric), newShown(m.question, g.Unit, d.Median)})
	}
	return nil
}

// addRows adds the first measurements by data ID, or by value if asked.
func (m *measurementsModel) addRows(set *values.Set) {
	order := make([]int32, set.Len())
	for i := range order {
		order[i] = int32(i)
	}
	if m.Order != "" {
		sign := 1
		if m.Order == "-value" {
			sign = -1
		}
		slices.SortStableFunc(order, func(a, b int32) int { return compareCells(set, a, b, sign) })
	}
	for _, i := range order[:min(len(order), rowsShown)] {
		x := set.At(int(i))
		line := row{Metric: x.Metric, Unit: x.Unit.String(), DataID: dataIDMap(x.Dataset.DataID), Words: dataIDWords(x.Dataset.DataID), Run: x.Dataset.Run, ID: x.Dataset.ID.String(),
			RunLink: link("/run", "name", x.Dataset.Run), shown: newShown(m.question, x.Unit, float64(m.Statistics[0].Median))}
		if x.HasValue {
			v := number(x.Value)
			line.Value = &v
		}
		m.Rows = append(m.Rows, line)
	}
}

// compareCells orders measurements by value; those without come last whatever the sign.
func compareCells(set *values.Set, a, b int32, sign int) int {
	x, _, okX := set.Value(int(a))
	y, _, okY := set.Value(int(b))
	okX, okY = okX && !math.IsNaN(x), okY && !math.IsNaN(y)
	switch {
	case okX != okY && okX:
		return -1
	case okX != okY:
		return 1
	case !okX || x == y:
		return 0
	case x < y:
		return -sign
	}
	return sign
}

// addFigures adds the histogram and what the dimensions ask for, or the kind that was chosen.
func (s *Server) addFigures(ctx context.Context, m *measurementsModel, set *values.Set) error {
	kinds := []figure.Kind{figure.Kind(m.Kind)}
	if m.Kind == "" {
		kinds = []figure.Kind{figure.Histogram, ""}
	}
	m.Kinds = []kindLink{{"overview", m.Link("/measurements", "kind", "", "along", ""), m.Kind == ""}}
	for _, k := range []figure.Kind{figure.Histogram, figure.FocalPlane, figure.Series, figure.HeatMap} {
		m.Kinds = append(m.Kinds, kindLink{string(k), m.Link("/measurements", "kind", string(k), "along", ""), m.Kind == string(k)})
	}
	if m.Kind == string(figure.Series) {
		m.Kinds = append(m.Kinds, kindLink{"series in time", m.Link("/measurements", "along", figure.Time), m.Along == figure.Time})
	}
	for _, k := range kinds {
		o := figure.Options{Kind: k, Along: m.Along, Unit: m.unit, Where: m.Where, Link: m.narrowed}
		f, err := figure.Make(ctx, s.butler.Registry, []figure.Source{{Name: m.In[0], Set: set}}, o)
		var impossible *figure.Error
		if errors.As(err, &impossible) {
			m.Figures = append(m.Figures, picture{Title: "No figure of kind " + string(k), Summary: impossible.Reason + "."})
			continue
		}
		if err != nil {
			return err
		}
		p := picture{f.Inline(), f.Title, strings.TrimSpace(f.Summary), f.Notes, m.Link("/figure", "kind", string(k), "order", "")}
		if len(m.Figures) == 0 || m.Figures[0].SVG != p.SVG {
			m.Figures = append(m.Figures, p)
		}
	}
	return nil
}
