package web

import (
	"net/http"
	"slices"
	"strings"

	"valet/cmd/internal/figure"
	"valet/cmd/internal/plot"
)

// makeFigure makes the figure that the parameters of a request ask for; format is that of the file.
func (s *Server) makeFigure(r *http.Request) (*plot.Figure, plot.Format, error) {
	format := plot.Format(r.URL.Query().Get("format"))
	if format == "" {
		format = plot.SVG
	}
	if !slices.Contains([]plot.Format{plot.SVG, plot.PNG, plot.PDF}, format) {
		return nil, "", &requestError{http.StatusBadRequest, "there is no format " + quoted(string(format)), "formats are svg, png and pdf"}
	}
	q, err := readQuestion(r)
	if err != nil {
		return nil, "", err
	}
	if len(q.In) == 0 || q.Metric == "" {
		return nil, "", &requestError{http.StatusBadRequest, "a figure needs a collection and a metric", "add in=COLLECTION and metric=METRIC to the address"}
	}
	sources, err := s.sources(r.Context(), q)
	if err != nil {
		return nil, "", err
	}
	var why []string
	found := 0
	for _, x := range sources {
		found += x.Set.Len()
		why = append(why, x.Set.Why...)
	}
	if found == 0 {
		return nil, "", &requestError{http.StatusNotFound, "there are no such measurements", strings.Join(why, ". ")}
	}
	f, err := figure.Make(r.Context(), s.butler.Registry, sources, figure.Options{Kind: figure.Kind(q.Kind), Along: q.Along, Unit: q.unit, Where: q.Where})
	return f, format, err
}
