package web

import (
	"net/http"
	"slices"
	"time"

	"valet/quantum/ledger"
)

// counts are those of quanta, with the share that is done.
type counts struct {
	Planned   int `json:"planned"`
	Succeeded int `json:"succeeded"`
	NoWork    int `json:"no_work"`
	Failed    int `json:"failed"`
	Blocked   int `json:"blocked"`
	Skipped   int `json:"skipped"`
	Running   int `json:"running"`
}

func newCounts(c *ledger.Counts) counts {
	return counts{c.Planned, c.Succeeded, c.NoWork, c.Failed, c.Blocked, c.Skipped, c.Running}
}

// Left is what is not finished.
func (c counts) Left() int {
	return max(0, c.Planned-c.Succeeded-c.NoWork-c.Failed-c.Blocked-c.Skipped)
}

// Done is what needs no more work.
func (c counts) Done() int { return c.Planned - c.Left() }

// part is a piece of a bar in percent.
type part struct {
	Class, Name string
	Count       int
	X, Width    float64
}

// Parts are the pieces of a bar of what became of the quanta.
func (c counts) Parts() []part {
	var out []part
	at := 0.0
	for _, p := range []part{{"ok", "succeeded", c.Succeeded, 0, 0}, {"none", "no work", c.NoWork, 0, 0}, {"skip", "skipped", c.Skipped, 0, 0},
		{"fail", "failed", c.Failed, 0, 0}, {"block", "blocked", c.Blocked, 0, 0}} {
		if p.Count > 0 && c.Planned > 0 {
			p.X, p.Width = at, 100*float64(p.Count)/float64(c.Planned)
			at += p.Width
			out = append(out, p)
		}
	}
	return out
}

// run is a line of the list of runs.
type run struct {
	Name       string    `json:"run"`
	Output     string    `json:"output,omitempty"`
	State      string    `json:"state"`
	Started    time.Time `json:"started,omitzero"`
	Ended      time.Time `json:"ended,omitzero"`
	Seconds    number    `json:"seconds"`
	Executions int       `json:"executions"`
	Counts     counts    `json:"counts"`
}

func newRun(r *ledger.Run) run {
	return run{r.Name, r.Output, string(r.State), r.Started.UTC(), r.Ended.UTC(), number(r.Seconds), r.Executions, newCounts(&r.Counts)}
}

// runsModel is the list of runs, the newest first.
type runsModel struct {
	Runs []run `json:"runs"`
	// Unrecorded are runs that the ledger does not know.
	Unrecorded []string `json:"unrecorded,omitempty"`
	// All is the number of runs; a page shows some.
	All     int    `json:"all"`
	Program string `json:"-"`
	Find    string `json:"find,omitempty"`
}

func (m *runsModel) title() string { return "Runs" }

func (m *runsModel) live() string {
	if slices.ContainsFunc(m.Runs, func(r run) bool { return r.State == string(ledger.Running) }) {
		return "/events"
	}
	return ""
}

// runsShown is how many runs a page shows.
const runsShown = 200

func (s *Server) runsPage(r *http.Request) (any, error) {
	list, err := s.ledger.Runs(r.Context())
	if err != nil {
		return nil, err
	}
	m := &runsModel{Runs: []run{}, Program: s.options.Program, Find: r.URL.Query().Get("find")}
	if m.Find == "" {
		if m.Unrecorded, err = s.unrecorded(r.Context(), list); err != nil {
			return nil, err
		}
	}
	slices.Reverse(list)
	for _, x := range list {
		if m.Find != "" && !containsFold(x.Name, m.Find) && !containsFold(x.Output, m.Find) {
			continue
		}
		m.All++
		if len(m.Runs) < runsShown || asJSON(r) {
			m.Runs = append(m.Runs, newRun(x))
		}
	}
	return m, nil
}
