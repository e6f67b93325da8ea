package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"valet/cmd/internal/web"
	"valet/datastore/butler"
)

// decode reads a page as JSON.
func decode(t testing.TB, s http.Handler, address string) map[string]any {
	t.Helper()
	mark := "?"
	if strings.Contains(address, "?") {
		mark = "&"
	}
	w := get(t, s, address+mark+"format=json")
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("%s: content type %q", address, got)
	}
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s: %v in %s", address, err, w.Body)
	}
	return out
}

func TestPages(t *testing.T) {
	s := newServer(t)
	failed := decode(t, s, "/quanta?run=u/all&state=failed")["quanta"].([]any)[0].(map[string]any)["link"].(string)
	tests := []struct {
		name, address string
		// want is in the page, data are keys of its JSON.
		want, data []string
	}{
		{"runs", "/", []string{"u/all/", "u/metrics/", "2 runs", `aria-label="90 succeeded, 5 no work, 1 failed of 96"`}, []string{"runs", "all"}},
		{"runs that are found", "/?find=METRICS", []string{"u/metrics/", "1 run,"}, []string{"find"}},
		{"no run is found", "/?find=zzz", []string{"No run has a name with zzz in it"}, nil},
		{"run by its chain", "/run?name=u/all", []string{"memory_diaForcedSource", "96 of 96 quanta done", "The first, with its log", "Slowest quanta", "Executions", "valet rerun REPO u/all/"},
			[]string{"tasks", "failures", "rate", "slowest", "executions", "counts"}},
		{"failures by detector", "/run?name=u/all&by=detector", []string{"detector 0"}, []string{"failures_by"}},
		{"run of another program", "/run?name=u/sci", []string{"valet has no records of this run", "rebuild-ledger REPO u/sci/", "diaPipe", "Slowest quanta", `class="state derived"`},
			[]string{"tasks", "note", "slowest"}},
		{"runs of other programs", "/", []string{"Runs of other programs", "u/sci/"}, []string{"unrecorded"}},
		{"quanta of another program", "/quanta?run=u/sci&task=isr&state=succeeded", []string{"20 quanta"}, nil},
		{"quantum of another program", "/quantum?run=u/sci&task=isr&instrument=TestCam&detector=0&exposure=2026080100000", []string{"succeeded", "single_quantum_executor"}, []string{"log"}},
		{"quanta", "/quanta?run=u/all", []string{"96 quanta", "instrument=TestCam detector=0"}, []string{"quanta"}},
		{"quanta of a task and state", "/quanta?run=u/all&task=memory_diaForcedSource&state=no+work", []string{"5 quanta"}, []string{"task", "state"}},
		{"quantum that failed", failed, []string{"Attempts", "Log", "single_quantum_executor", "Others that ended so"}, []string{"attempts", "log", "state"}},
		{"quantum that was not tried", "/quantum?run=u/all&task=timing_isr&instrument=TestCam&detector=0&exposure=1", []string{"not planned", "give no such quantum"}, []string{"why"}},
		{"metrics", "/measurements", []string{"DiaForcedSourceMemory</a>", "90 measurements in u/all", "ip_<wbr>isr.<wbr>IsrTime"}, []string{"statistics", "count"}},
		{"a metric", "/measurements?in=u/metrics&metric=" + memory, []string{"<svg", "13 values, median 177.07 Mibyte", "R00_S01", "13 of 13", "figure?in=u%2Fmetrics"}, []string{"measurements"}},
		{"filtered", "/measurements?in=u/metrics&metric=" + memory + "&unit=Mibyte&where=" + url.QueryEscape("instrument = 'TestCam' AND detector = 1 AND value > 170"), []string{"4 of 4"}, nil},
		{"series", "/measurements?in=u/metrics&kind=series&metric=" + memory, []string{"series in time", "2026080100000"}, nil},
		{"series in time", "/measurements?in=u/metrics&kind=series&along=time&metric=" + memory, []string{"begin of visit (TAI)"}, nil},
		{"heat map", "/measurements?in=u/metrics&kind=heatmap&metric=" + memory, []string{"data:image/png;base64,"}, nil},
		{"largest first", "/measurements?in=u/metrics&order=-value&metric=" + memory, []string{`<b aria-current="true">largest first</b>`}, nil},
		{"nothing found", "/measurements?in=u/metrics&where=" + url.QueryEscape("value > 1e30"), []string{"No measurements are found", "none of them satisfies"}, []string{"why"}},
		{"compare, nothing chosen", "/compare", []string{"Choose two collections"}, nil},
		{"compare metrics", "/compare?a=u/metrics&b=u/all", []string{"ip_isr.IsrTime", "Medians of u/metrics"}, []string{"summary"}},
		{"compare a metric", "/compare?a=u/metrics&b=u/all&metric=" + memory, []string{"13 data IDs in common", "Largest changes"}, []string{"changes"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := get(t, s, test.address)
			body := w.Body.String()
			if w.Code != http.StatusOK {
				t.Fatalf("status %d: %s", w.Code, body)
			}
			for _, want := range test.want {
				if !strings.Contains(body, want) {
					t.Errorf("no %q in the page\n%s", want, body)
				}
			}
			if strings.Contains(body, "<script>") || strings.Count(body, "<script") != 1 {
				t.Error("the page has a script that is not ours")
			}
			for _, foreign := range []string{`src="http`, `href="http`, "@import", "url(http"} {
				if strings.Contains(body, foreign) {
					t.Errorf("the page loads something from elsewhere: %s", foreign)
				}
			}
			data := decode(t, s, test.address)
			for _, key := range test.data {
				if _, ok := data[key]; !ok {
					t.Errorf("no %q in the JSON: %v", key, data)
				}
			}
		})
	}
}

func TestMessagesAreEscaped(t *testing.T) {
	s := newServer(t)
	for _, address := range []string{"/run?name=u/all", "/quanta?run=u/all&state=failed", "/?find=" + url.QueryEscape(hostile), "/measurements?where=" + url.QueryEscape(hostile),
		"/measurements?in=" + url.QueryEscape(hostile), "/run?name=" + url.QueryEscape(hostile), "/compare?a=u/all&b=" + url.QueryEscape(hostile),
		"/measurements?metric=" + url.QueryEscape(hostile), "/measurements?unit=" + url.QueryEscape(hostile), "/" + url.PathEscape(hostile)} {
		body := get(t, s, address).Body.String()
		if strings.Contains(body, "<script>") {
			t.Errorf("%s: the message is a script", address)
		}
		if !strings.Contains(body, "&lt;script&gt;") {
			t.Errorf("%s: the message is not shown\n%s", address, body)
		}
		if text := get(t, s, address+map[bool]string{true: "&", false: "?"}[strings.Contains(address, "?")]+"format=json").Body.String(); strings.Contains(text, "<script>") {
			t.Errorf("%s: the JSON could be taken for a page with a script", address)
		}
	}
}

func TestErrors(t *testing.T) {
	s := newServer(t)
	tests := []struct {
		name, address string
		status        int
		want          string
	}{
		{"page", "/nope", 404, "there is no page /nope"},
		{"format", "/?format=yaml", 400, "there is no format"},
		{"run", "/run?name=u/nope", 404, "there is no run or chain"},
		{"no run", "/run", 400, "no run is named"},
		{"run without tasks", "/run?name=inputs/empty", 404, "no task left metadata or a log in it"},
		{"group", "/run?name=u/all&by=nope", 400, "nope"},
		{"task", "/quantum?run=u/all&task=nope", 404, "its tasks are"},
		{"data ID without a value", "/quantum?run=u/all&task=timing_isr&instrument=TestCam", 400, "the data ID has no detector"},
		{"data ID of the wrong kind", "/quantum?run=u/all&task=timing_isr&instrument=TestCam&detector=x&exposure=1", 400, "detector is a whole number"},
		{"state", "/quanta?run=u/all&state=nope", 400, "states are"},
		{"from", "/quanta?run=u/all&from=-1", 400, "from is no count"},
		{"collection", "/measurements?in=u/nope", 404, "u/nope"},
		{"two collections", "/measurements?in=u/all&in=u/metrics", 400, "/compare"},
		{"metric", "/measurements?metric=nope.nope", 404, "metrics are " + memory},
		{"expression", "/measurements?where=valu+%3E+1", 400, "valu &gt; 1\n^^^^"},
		{"syntax", "/measurements?where=((", 400, "InvalidQueryError"},
		{"unit", "/measurements?unit=parrsec", 400, "parrsec"},
		{"incompatible unit", "/measurements?metric=" + memory + "&unit=s", 400, "not convertible"},
		{"kind", "/measurements?kind=pie", 400, "there is no kind of figure"},
		{"order", "/measurements?order=up", 400, "there is no order"},
		{"long", "/measurements?where=" + strings.Repeat("a", 20000), 400, "longer than"},
		{"figure of nothing", "/figure?in=u/all", 400, "needs a collection and a metric"},
		{"figure format", "/figure?in=u/all&metric=" + memory + "&format=gif", 400, "formats are svg, png and pdf"},
		{"static", "/static/nope.css", 404, ""},
		{"static folder", "/static/", 404, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := get(t, s, test.address)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("status %d, want %d with %q:\n%s", w.Code, test.status, test.want, w.Body)
			}
			if strings.HasPrefix(test.address, "/static") || test.name == "format" || strings.Contains(test.address, "format=") {
				return
			}
			if decode(t, s, test.address)["error"].(map[string]any)["message"] == "" {
				t.Error("the JSON has no message")
			}
		})
	}
}

func TestGuard(t *testing.T) {
	s := newServer(t)
	tests := []struct {
		name, method, target, host, remote string
		status                             int
	}{
		{"localhost", "GET", "/", "localhost:8181", "127.0.0.1:5", 200},
		{"loopback", "HEAD", "/", "127.0.0.1", "127.0.0.1:5", 200},
		{"loopback of version 6", "GET", "/", "[::1]:8181", "[::1]:5", 200},
		{"name that was given", "GET", "/", "dash.example", "127.0.0.1:5", 200},
		{"foreign name", "GET", "/", "evil.example", "127.0.0.1:5", 403},
		{"foreign name with the port", "GET", "/", "evil.example:8181", "127.0.0.1:5", 403},
		{"name that begins well", "GET", "/", "localhost.evil.example", "127.0.0.1:5", 403},
		{"name that ends well", "GET", "/", "evil-localhost", "127.0.0.1:5", 403},
		{"no name", "GET", "/", "", "127.0.0.1:5", 403},
		{"address of the network", "GET", "/", "192.0.2.1", "127.0.0.1:5", 403},
		{"other machine", "GET", "/", "localhost", "192.0.2.7:5", 403},
		{"other machine as JSON", "GET", "/?format=json", "localhost", "192.0.2.7:5", 403},
		{"Prometheus of another machine", "GET", "/metrics", "localhost", "192.0.2.7:5", 403},
		{"static file under a foreign name", "GET", "/static/page.css", "evil.example", "127.0.0.1:5", 403},
		{"post", "POST", "/", "localhost", "127.0.0.1:5", 405},
		{"delete", "DELETE", "/run?name=u/all", "localhost", "127.0.0.1:5", 405},
		{"climbing", "GET", "/static/../../../etc/passwd", "localhost", "127.0.0.1:5", 400},
		{"climbing in another spelling", "GET", "/static/%2e%2e/%2e%2e/etc/passwd", "localhost", "127.0.0.1:5", 400},
		{"climbing backwards", "GET", `/static/..%5c..%5cetc`, "localhost", "127.0.0.1:5", 400},
		{"climbing name of a run", "GET", "/run?name=../../etc/passwd", "localhost", "127.0.0.1:5", 404},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), test.method, test.target, nil)
			r.Host, r.RemoteAddr = test.host, test.remote
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != test.status {
				t.Errorf("status %d, want %d: %s", w.Code, test.status, w.Body)
			}
			for _, header := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Cross-Origin-Resource-Policy"} {
				if w.Header().Get(header) == "" {
					t.Errorf("no header %s", header)
				}
			}
		})
	}
}

func TestFigureFiles(t *testing.T) {
	s := newServer(t)
	for format, begin := range map[string]string{"svg": "<?xml", "png": "\x89PNG", "pdf": "%PDF-"} {
		w := get(t, s, "/figure?in=u/metrics&in=u/all&kind=compare&metric="+memory+"&format="+format)
		if w.Code != 200 || !strings.HasPrefix(w.Body.String(), begin) || !strings.Contains(w.Header().Get("Content-Disposition"), "figure."+format) {
			t.Errorf("%s: status %d, %.40q", format, w.Code, w.Body)
		}
	}
}

func TestPrometheus(t *testing.T) {
	w := get(t, newServer(t), "/metrics")
	body := w.Body.String()
	for _, want := range []string{"# TYPE valet_run_quanta gauge\n", `state="failed"} 1` + "\n", "valet_runs 2\n", `valet_build_info{version="valet test"} 1` + "\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	for line := range strings.Lines(body) {
		if !strings.HasPrefix(line, "#") && len(strings.Fields(line)) < 2 {
			t.Errorf("line %q", line)
		}
	}
}

// A run that ended needs no more watching: the stream says so and ends.
func TestEventsEnd(t *testing.T) {
	w := get(t, newServer(t), "/events?run=u/all")
	if body := w.Body.String(); !strings.HasPrefix(body, "event: ended\n") || w.Header().Get("Content-Type") != "text/event-stream" {
		t.Errorf("%q", body)
	}
}

func TestServe(t *testing.T) {
	l, err := web.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, err = web.Listen(t.Context(), l.Addr().String())
	var taken *web.ListenError
	if !errors.As(err, &taken) || !strings.Contains(err.Error(), "is in use") || !strings.Contains(taken.Hint(), "--addr") {
		t.Errorf("a port that is taken: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- newServer(t).Serve(ctx, l) }()
	answer, err := http.Get(web.URL(l))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	if answer.StatusCode != 200 || !strings.Contains(string(body), "u/metrics") {
		t.Errorf("status %d", answer.StatusCode)
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not end")
	}
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
		c.Close()
		t.Error("the port is still open")
	}
}

func TestListenErrors(t *testing.T) {
	for _, address := range []string{"8181", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", ""} {
		l, err := web.Listen(t.Context(), address)
		if err == nil {
			l.Close()
			t.Errorf("%q is listened on", address)
		}
	}
	for address, want := range map[string]bool{"127.0.0.1:1": true, "localhost:1": true, "[::1]:1": true, "0.0.0.0:1": false, "[::]:1": false, "192.0.2.1:1": false, "x": false} {
		if web.IsLoopback(address) != want {
			t.Errorf("%q: loopback is %v", address, !want)
		}
	}
}

// While a run goes on its pages are live, and Prometheus is told.
func TestRunningRun(t *testing.T) {
	s := newServer(t)
	setRunning(t, true)
	defer setRunning(t, false)
	if body := get(t, s, "/run?name=u/all").Body.String(); !strings.Contains(body, `data-live="/events?run=u%2Fall%2F`) || !strings.Contains(body, `class="state running"`) {
		t.Error("the page of the run is not live")
	}
	if body := get(t, s, "/").Body.String(); !strings.Contains(body, `data-live="/events"`) {
		t.Error("the list of runs is not live")
	}
	if body := get(t, s, "/metrics").Body.String(); strings.Count(body, "valet_run_active{") != 2 || !strings.Contains(body, "} 1\n# HELP valet_run_seconds") {
		t.Errorf("Prometheus is told\n%s", body)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/events", nil)
	r.Host, r.RemoteAddr = "localhost", "127.0.0.1:5"
	w := &firstWrite{ResponseRecorder: httptest.NewRecorder(), cancel: cancel}
	s.ServeHTTP(w, r)
	if body := w.Body.String(); !strings.HasPrefix(body, "event: changed\ndata: ") {
		t.Errorf("events %q", body)
	}
}

// firstWrite ends the request after its first write.
type firstWrite struct {
	*httptest.ResponseRecorder
	cancel func()
}

func (w *firstWrite) Write(p []byte) (int, error) {
	defer w.cancel()
	return w.ResponseRecorder.Write(p)
}

// A server that was asked to let others in answers under any of its addresses, but under no foreign name.
func TestServeOnAllAddresses(t *testing.T) {
	l, err := web.Listen(t.Context(), "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- newServer(t).Serve(ctx, l) }()
	defer func() { cancel(); <-ended }()
	for host, want := range map[string]int{"127.0.0.1": 200, "192.0.2.1": 200, "localhost": 200, "dash.example": 200, "evil.example": 403} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL(l), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("Host %s: status %d, want %d", host, answer.StatusCode, want)
		}
	}
}

// A repository that valet never wrote to has pages too.
func TestRepositoryWithoutRecords(t *testing.T) {
	b, err := butler.Open(t.Context(), "../../../testdata/run/before", butler.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s := web.New(web.Options{Butler: b, Repository: "REPO"})
	for address, want := range map[string]string{"/": "Runs of other programs", "/run?name=u/sci": "RuntimeError: bad pixels", "/measurements": "Choose a collection", "/compare": "Choose two collections",
		"/metrics": "valet_runs 0\n"} {
		if w := get(t, s, address); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: status %d, no %q in\n%s", address, w.Code, want, w.Body)
		}
	}
}
