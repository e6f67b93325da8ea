package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"valet/cmd/internal/figure"
	"valet/quantum/values"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/query"
	"valet/tasks/metric"
)

// question is what the filters of a page ask for; it is all in the address.
type question struct {
	// In are the collections: one, or those that are compared.
	In     []string `json:"collections"`
	Metric string   `json:"metric,omitempty"`
	Where  string   `json:"where,omitempty"`
	Unit   string   `json:"unit,omitempty"`
	Kind   string   `json:"kind,omitempty"`
	Along  string   `json:"along,omitempty"`
	Order  string   `json:"order,omitempty"`

	unit  *metric.Unit
	where query.Expr
}

// longestText keeps parameters in bounds.
const longestText = 10_000

// readQuestion reads parameters. Collections are those of in, or of a and b.
func readQuestion(r *http.Request) (*question, error) {
	p := r.URL.Query()
	q := &question{Metric: strings.TrimSpace(p.Get("metric")), Where: strings.TrimSpace(p.Get("where")), Unit: strings.TrimSpace(p.Get("unit")), Kind: p.Get("kind"), Along: p.Get("along"),
		Order: p.Get("order")}
	for _, name := range slices.Concat(p["in"], []string{p.Get("a"), p.Get("b")}) {
		if name = strings.TrimSpace(name); name != "" {
			q.In = append(q.In, name)
		}
	}
	for _, text := range append(q.In, q.Metric, q.Where, q.Unit) {
		if len(text) > longestText {
			return nil, &requestError{http.StatusBadRequest, "a parameter is longer than " + strconv.Itoa(longestText) + " bytes", ""}
		}
	}
	if q.Kind != "" && !slices.Contains(figure.Kinds, figure.Kind(q.Kind)) {
		return nil, &requestError{http.StatusBadRequest, "there is no kind of figure " + quoted(q.Kind), "kinds are hist, focal-plane, series, heatmap, compare"}
	}
	if !slices.Contains([]string{"", "value", "-value"}, q.Order) {
		return nil, &requestError{http.StatusBadRequest, "there is no order " + quoted(q.Order), "orders are value and -value"}
	}
	var err error
	if q.where, err = query.Parse(q.Where); err != nil {
		return nil, err
	}
	if q.Unit != "" {
		u, err := metric.ParseUnit(q.Unit)
		if err != nil {
			return nil, &requestError{http.StatusBadRequest, err.Error(), "units are written as byte, Mibyte, s, ms, byte / s"}
		}
		q.unit = &u
	}
	return q, nil
}

// pairs are the parameters of the question, changed as told: names and values in turn. An empty value takes a parameter away.
func (q *question) pairs(changes ...string) []any {
	now := map[string]string{"metric": q.Metric, "where": q.Where, "unit": q.Unit, "kind": q.Kind, "along": q.Along, "order": q.Order}
	for i := 0; i+1 < len(changes); i += 2 {
		now[changes[i]] = changes[i+1]
	}
	out := []any{"in", q.In}
	for _, name := range []string{"metric", "where", "unit", "kind", "along", "order"} {
		out = append(out, name, now[name])
	}
	return out
}

// Link is the address of a page with the question, changed as told.
func (q *question) Link(path string, changes ...string) string {
	return link(path, q.pairs(changes...)...)
}

// narrowed is the address of the measurements that satisfy a further condition.
func (q *question) narrowed(condition string) string {
	if q.Where != "" {
		condition = "(" + q.Where + ") AND " + condition
	}
	return q.Link("/measurements", "where", condition, "kind", "")
}

// ask asks for the measurements of one of the collections.
func (s *Server) ask(ctx context.Context, q *question, collection string) (*values.Set, error) {
	v := values.Query{Collections: []string{collection}, Where: q.where, Unit: q.unit}
	if q.Metric != "" {
		v.Metrics = []string{q.Metric}
	}
	set, err := s.sets.get(ctx, []string{collection, q.Metric, q.Where, q.Unit}, v)
	var missing *registry.NotFoundError
	if errors.As(err, &missing) {
		return nil, &requestError{http.StatusNotFound, err.Error(), "choose a collection from the list"}
	}
	return set, err
}

// sources are the answers for all collections.
func (s *Server) sources(ctx context.Context, q *question) ([]figure.Source, error) {
	var out []figure.Source
	for _, c := range q.In {
		set, err := s.ask(ctx, q, c)
		if err != nil {
			return nil, err
		}
		out = append(out, figure.Source{Name: c, Set: set})
	}
	return out, nil
}

// choices are what the filters offer.
type choices struct {
	Collections, Metrics []string
}

// choicesShown bounds the lists of a form.
const choicesShown = 500

func (s *Server) choices(ctx context.Context) (*choices, error) {
	c := &choices{}
	all, err := s.butler.Registry.Collections(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		if x.Kind == dataset.Run || x.Kind == dataset.Chained {
			c.Collections = append(c.Collections, x.Name)
		}
	}
	// Chains and short names first: they are what people search in.
	slices.SortStableFunc(c.Collections, func(a, b string) int {
		if d := strings.Count(a, "/") - strings.Count(b, "/"); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	c.Collections = c.Collections[:min(len(c.Collections), choicesShown)]
	if c.Metrics, err = s.index.Metrics(ctx); err != nil {
		return nil, err
	}
	c.Metrics = c.Metrics[:min(len(c.Metrics), choicesShown)]
	return c, nil
}

// newest is the collection that a page shows if none is asked for: the chain of the newest run, or the run itself; where there are no
// records, a run that holds measurements.
func (s *Server) newest(ctx context.Context) (string, error) {
	runs, err := s.ledger.Runs(ctx)
	if err != nil {
		return "", err
	}
	if len(runs) == 0 {
		return s.measured(ctx)
	}
	last := runs[len(runs)-1]
	if last.Output != "" {
		return last.Output, nil
	}
	return last.Name, nil
}

// measured is the last run, by name, that holds measurements; empty if there is none.
func (s *Server) measured(ctx context.Context) (string, error) {
	all, err := s.butler.Registry.Collections(ctx)
	if err != nil {
		return "", err
	}
	types, err := s.butler.Registry.DatasetTypes(ctx)
	if err != nil {
		return "", err
	}
	var runs []string
	for _, c := range all {
		if c.Kind == dataset.Run {
			runs = append(runs, c.Name)
		}
	}
	held, err := s.butler.Registry.Summaries(ctx, runs...)
	if err != nil {
		return "", err
	}
	slices.Sort(runs)
	for _, name := range slices.Backward(runs) {
		if slices.ContainsFunc(types, func(t *dataset.Type) bool {
			return t.StorageClass == values.StorageClass && slices.Contains(held[name], t.Name)
		}) {
			return name, nil
		}
	}
	return "", nil
}

func parseInt(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}
