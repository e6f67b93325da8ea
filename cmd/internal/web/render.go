package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"valet/cmd/internal/figure"
	"valet/cmd/internal/ui"
	"valet/quantum/ledger"
	"valet/quantum/values"
	"valet/registry"
	"valet/registry/query"
)

//go:embed static
var embedded embed.FS

//go:embed pages
var pageFiles embed.FS

// number is a float that JSON can hold whatever it is.
type number float64

// MarshalJSON writes NaN and infinities as texts.
func (n number) MarshalJSON() ([]byte, error) { return ui.AppendJSONFloat(nil, float64(n)), nil }

// Text is the number in five digits, or all of a whole number.
func (n number) Text() string {
	if f := float64(n); f == math.Trunc(f) && math.Abs(f) < 1e9 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(float64(n), 'g', 5, 64)
}

// requestError is a request that cannot be answered.
type requestError struct {
	status       int
	reason, hint string
}

func (e *requestError) Error() string { return e.reason }

// Hint says how to go on.
func (e *requestError) Hint() string { return e.hint }

func quoted(s string) string { return strconv.Quote(s) }

// frame is what every page has around its model.
type frame struct {
	Title, Page         string
	Repository, Version string
	// Address is that of the page as JSON.
	JSON string
	// Live is what the page wants to be told of, empty if nothing can change.
	Live string
	// Refresh is when the page was made.
	Made  time.Time
	Model any
}

// titled is a model that names its page.
type titled interface{ title() string }

// moving is a model that may change while it is looked at; live is the address of its events, empty if it cannot.
type moving interface{ live() string }

// page makes a handler of a function that makes a model.
func (s *Server) page(name string, model func(r *http.Request) (any, error)) http.Handler {
	t := template.Must(template.New("frame.html").Funcs(functions).ParseFS(pageFiles, "pages/frame.html", "pages/"+name+".html"))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := r.URL.Query().Get("format"); f != "" && f != "json" && f != "html" {
			s.fail(w, r, &requestError{http.StatusBadRequest, "there is no format " + quoted(f), "formats are html and json"})
			return
		}
		m, err := model(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if asJSON(r) {
			writeJSON(w, http.StatusOK, m)
			return
		}
		s.render(w, r, http.StatusOK, t, name, m)
	})
}

func asJSON(r *http.Request) bool { return r.URL.Query().Get("format") == "json" }

func writeJSON(w http.ResponseWriter, status int, m any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(true)
	if err := e.Encode(m); err != nil {
		status = http.StatusInternalServerError
		b.Reset()
		fmt.Fprintf(&b, "{\"error\":{\"message\":%q}}\n", err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, t *template.Template, name string, m any) {
	f := frame{Page: name, Repository: s.options.Repository, Version: s.options.Version, Made: s.options.Now(), Model: m, Title: "valet"}
	if x, ok := m.(titled); ok {
		f.Title = x.title()
	}
	if x, ok := m.(moving); ok {
		f.Live = x.live()
	}
	q := r.URL.Query()
	q.Set("format", "json")
	f.JSON = r.URL.Path + "?" + q.Encode()
	var b bytes.Buffer
	if err := t.Execute(&b, f); err != nil {
		s.options.Log.Error().Err(err).Str("page", name).Msg("page cannot be rendered")
		http.Error(w, "the page cannot be rendered", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// failure is the model of a request that cannot be answered.
type failure struct {
	Status  int    `json:"-"`
	Class   string `json:"class,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	// Caret shows where an expression is wrong.
	Caret string `json:"caret,omitempty"`
}

func (f *failure) title() string { return "Error" }

var failurePage = template.Must(template.New("frame.html").Funcs(functions).ParseFS(pageFiles, "pages/frame.html", "pages/error.html"))

// fail answers with an error, as a page or as JSON.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := newFailure(err)
	if f.Status >= 500 {
		s.options.Log.Error().Err(err).Str("path", r.URL.Path).Msg("request failed")
	}
	if asJSON(r) {
		writeJSON(w, f.Status, map[string]any{"error": f})
		return
	}
	s.render(w, r, f.Status, failurePage, "error", f)
}

// newFailure sorts an error: what the request asked for wrongly, what is not there, what is busy, and the rest.
func newFailure(err error) *failure {
	f := &failure{Status: http.StatusInternalServerError, Message: err.Error()}
	var hint interface{ Hint() string }
	if errors.As(err, &hint) {
		f.Hint = hint.Hint()
	}
	var class interface{ ClassName() string }
	if errors.As(err, &class) {
		name := class.ClassName()
		f.Class = name[strings.LastIndexByte(name, '.')+1:]
	}
	var caret interface{ Caret() string }
	if errors.As(err, &caret) {
		f.Caret = strings.TrimRight(caret.Caret(), "\n")
	}
	var asked *requestError
	var run *ledger.UnknownRunError
	var task *ledger.UnknownTaskError
	var missing *registry.NotFoundError
	var metricName *values.UnknownMetricError
	var wrong *query.Error
	var unit *values.UnitError
	var picture *figure.Error
	var key *ledger.GroupKeyError
	var busy *registry.BusyError
	switch {
	case errors.As(err, &asked):
		f.Status = asked.status
	case errors.As(err, &run), errors.As(err, &task), errors.As(err, &missing):
		f.Status = http.StatusNotFound
	case errors.As(err, &metricName):
		f.Status, f.Hint = http.StatusNotFound, "metrics are "+strings.Join(metricName.Known[:min(len(metricName.Known), 20)], ", ")
	case errors.As(err, &wrong), errors.As(err, &unit), errors.As(err, &picture), errors.As(err, &key), f.Class != "":
		f.Status = http.StatusBadRequest
	case errors.As(err, &busy):
		f.Status = http.StatusServiceUnavailable
	}
	return f
}

// staticFiles serves what is embedded.
func staticFiles() http.Handler {
	sub, err := fs.Sub(embedded, "static")
	if err != nil {
		panic(err) // the directory is embedded
	}
	files := http.StripPrefix("/static/", http.FileServerFS(sub))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		files.ServeHTTP(w, r)
	})
}

// functions are those of the templates.
var functions = template.FuncMap{
	"n":       thousands,
	"inc":     func(i int) int { return i + 1 },
	"time":    instant,
	"seconds": took,
	"svg":     func(s string) template.HTML { return template.HTML(s) }, // of package plot, which escapes its texts
	"link":    link,
	"breaks":  breaks,
	"join":    strings.Join,
	"percent": func(part, of int) string {
		return strconv.FormatFloat(100*float64(part)/float64(max(of, 1)), 'f', 1, 64) + " %"
	},
}

// link is a path with parameters: names and values in turn. Empty values are left out.
func link(path string, pairs ...any) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name := fmt.Sprint(pairs[i])
		switch v := pairs[i+1].(type) {
		case []string:
			for _, x := range v {
				q.Add(name, x)
			}
		default:
			if text := fmt.Sprint(v); text != "" {
				q.Add(name, text)
			}
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// thousands is a number in groups of three digits.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}

// breaks lets a name be parted behind its periods, underscores and slashes.
func breaks(s string) template.HTML {
	s = template.HTMLEscapeString(s)
	return template.HTML(strings.NewReplacer(".", ".<wbr>", "_", "_<wbr>", "/", "/<wbr>").Replace(s))
}

// took is a duration in three digits.
func took(n number) string {
	switch s := float64(n); {
	case s < 1:
		return strconv.FormatFloat(s*1000, 'g', 3, 64) + " ms"
	case s < 100:
		return strconv.FormatFloat(s, 'g', 3, 64) + " s"
	case s < 1e9:
		return (time.Duration(s) * time.Second).String()
	}
	return strconv.FormatFloat(float64(n), 'g', 3, 64) + " s"
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
