package web

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"

	"valet/cmd/internal/figure"
	"valet/quantum/values"
	"valet/registry/dimension"
	"valet/tasks/metric"
)

// compareModel compares two collections: their metrics or, if one is chosen, its measurements by data ID.
type compareModel struct {
	*question
	*choices `json:"-"`
	A        string       `json:"a"`
	B        string       `json:"b"`
	Summary  []comparison `json:"summary"`
	Figure   *picture     `json:"-"`
	Changes  []change     `json:"changes,omitempty"`
	Count    int          `json:"count,omitempty"`
	Note     string       `json:"note,omitempty"`
}

func (m *compareModel) title() string {
	if m.Metric != "" {
		return m.Metric + ": " + m.A + " and " + m.B
	}
	return "Compare"
}

// comparison are the medians of a metric.
type comparison struct {
	Metric string `json:"metric"`
	Unit   string `json:"unit"`
	CountA int    `json:"count_a"`
	CountB int    `json:"count_b"`
	A      number `json:"median_a"`
	B      number `json:"median_b"`
	Ratio  number `json:"ratio"`
	Link   string `json:"-"`
	shown
}

// change is what became of a measurement.
type change struct {
	DataID     map[string]any `json:"dataId"`
	Words      string         `json:"-"`
	A          number         `json:"a"`
	B          number         `json:"b"`
	Difference number         `json:"difference"`
	Ratio      number         `json:"ratio"`
	Unit       string         `json:"unit"`
	shown
}

// Link is the address of the page with the question, changed as told.
func (m *compareModel) Link(changes ...string) string {
	return link("/compare", append([]any{"a", m.A, "b", m.B}, m.pairs(changes...)[2:]...)...)
}

// changesShown is how many of the largest changes a page shows.
const changesShown = 50

func (s *Server) comparePage(r *http.Request) (any, error) {
	ctx := r.Context()
	q, err := readQuestion(r)
	if err != nil {
		return nil, err
	}
	m := &compareModel{question: q, Summary: []comparison{}}
	if m.choices, err = s.choices(ctx); err != nil {
		return nil, err
	}
	p := r.URL.Query()
	if m.A, m.B = p.Get("a"), p.Get("b"); m.A == "" && m.B == "" && len(q.In) == 2 {
		m.A, m.B = q.In[0], q.In[1]
	}
	if m.A == "" || m.B == "" {
		m.Note = "Choose two collections."
		return m, nil
	}
	q.In = []string{m.A, m.B}
	sources, err := s.sources(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := m.summarize(s.butler.Registry.Universe(), sources); err != nil {
		return nil, err
	}
	if len(m.Summary) != 1 {
		if len(m.Summary) == 0 {
			m.Note = "Neither has such measurements. " + strings.Join(slices.Concat(sources[0].Set.Why, sources[1].Set.Why), ". ")
		}
		return m, nil
	}
	if err := m.addChanges(sources); err != nil {
		return nil, err
	}
	if asJSON(r) {
		return m, nil
	}
	f, err := figure.Make(ctx, s.butler.Registry, sources, figure.Options{Kind: figure.Compare, Unit: q.unit, Where: q.Where})
	if err != nil {
		return nil, err
	}
	m.Figure = &picture{f.Inline(), f.Title, strings.TrimSpace(f.Summary), f.Notes, q.Link("/figure", "kind", string(figure.Compare), "order", "")}
	return m, nil
}

// summarize makes a line for each metric that one of the two has.
func (m *compareModel) summarize(u *dimension.Universe, sources []figure.Source) error {
	at := map[string]int{}
	for side, source := range sources {
		groups, err := source.Set.Groups(u)
		if err != nil {
			return err
		}
		for _, g := range groups {
			median := values.Describe(g.Values).Median
			i, ok := at[g.Metric]
			if !ok {
				i = len(m.Summary)
				at[g.Metric] = i
				m.Summary = append(m.Summary, comparison{Metric: g.Metric, Unit: g.Unit.String(), A: number(math.NaN()), B: number(math.NaN()), Link: m.Link("metric", g.Metric), shown: newShown(m.question, g.Unit, median)})
			}
			c := &m.Summary[i]
			if side == 0 {
				c.CountA, c.A = len(g.Values), number(median)
				continue
			}
			unit, err := metric.ParseUnit(c.Unit)
			if err != nil {
				return err
			}
			if f, err := g.Unit.FactorTo(unit); err == nil && f != 1 {
				median *= f
			}
			c.CountB, c.B = len(g.Values), number(median)
		}
	}
	for i := range m.Summary {
		c := &m.Summary[i]
		c.Ratio = c.B / c.A
	}
	slices.SortFunc(m.Summary, func(a, b comparison) int { return strings.Compare(a.Metric, b.Metric) })
	return nil
}

// addChanges joins by data ID and keeps the largest changes.
func (m *compareModel) addChanges(sources []figure.Source) error {
	type half struct {
		value float64
		unit  metric.Unit
	}
	before := make(map[string]half, sources[0].Set.Len())
	for _, x := range sources[0].Set.All() {
		if x.HasValue {
			before[x.Dataset.DataID.Key()] = half{x.Value, x.Unit}
		}
	}
	type joined struct {
		index int
		a, b  float64
		unit  metric.Unit
	}
	var list []joined
	for i, x := range sources[1].Set.All() {
		a, ok := before[x.Dataset.DataID.Key()]
		if !ok || !x.HasValue {
			continue
		}
		v := x.Value
		if !x.Unit.Equal(a.unit) {
			f, err := x.Unit.FactorTo(a.unit)
			if err != nil {
				return &values.UnitError{Metric: x.Metric, Count: 1, Cause: err}
			}
			v *= f
		}
		list = append(list, joined{i, a.value, v, a.unit})
	}
	m.Count = len(list)
	slices.SortStableFunc(list, func(x, y joined) int {
		a, b := math.Abs(x.b-x.a), math.Abs(y.b-y.a)
		switch {
		case a > b || b != b && a == a:
			return -1
		case a < b || a != a && b == b:
			return 1
		}
		return 0
	})
	for _, j := range list[:min(len(list), changesShown)] {
		id := sources[1].Set.At(j.index).Dataset.DataID
		m.Changes = append(m.Changes, change{dataIDMap(id), dataIDWords(id), number(j.a), number(j.b), number(j.b - j.a), number(j.b / j.a), j.unit.String(), newShown(m.question, j.unit, j.a)})
	}
	return nil
}

// figureFile sends a figure as a file.
func (s *Server) figureFile(w http.ResponseWriter, r *http.Request) {
	f, format, err := s.makeFigure(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", map[string]string{"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}[string(format)])
	w.Header().Set("Content-Disposition", `attachment; filename="figure.`+string(format)+`"`)
	if err := f.Write(w, format); err != nil && !errors.Is(err, r.Context().Err()) {
		s.options.Log.Debug().Err(err).Msg("a figure was not read to its end")
	}
}
