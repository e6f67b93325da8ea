package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"valet/quantum"
	"valet/quantum/ledger"
	"valet/registry"
	"valet/registry/dataset"
)

// runModel is one run.
type runModel struct {
	run
	Tasks []task `json:"tasks"`
	// By is what failures are grouped by, Keys what they may be.
	By       string   `json:"failures_by"`
	Keys     []string `json:"-"`
	Failures []group  `json:"failures"`
	// MoreFailures are quanta of groups that are not shown.
	MoreFailures int         `json:"more_failures,omitempty"`
	Minutes      []minute    `json:"rate"`
	Rate         *rateChart  `json:"-"`
	Slowest      []attempt   `json:"slowest"`
	Executions   []execution `json:"executions"`
	Drift        []string    `json:"drift,omitempty"`
	// Note says that the run has no records.
	Note string `json:"note,omitempty"`
	// Commands are what may be typed next.
	Commands []string `json:"-"`
}

func (m *runModel) title() string { return m.Name }

func (m *runModel) live() string {
	if m.State == string(ledger.Running) {
		return link("/events", "run", m.Name)
	}
	return ""
}

type task struct {
	Label      string   `json:"task"`
	Class      string   `json:"class,omitempty"`
	Dimensions []string `json:"dimensions"`
	Counts     counts   `json:"counts"`
}

// group are failures that have something in common.
type group struct {
	Key     string   `json:"key"`
	Class   string   `json:"class,omitempty"`
	Message string   `json:"message"`
	Count   int      `json:"count"`
	Tasks   []string `json:"tasks"`
	// Task and DataID are the first quantum, Link its page.
	Words  string         `json:"-"`
	Task   string         `json:"task"`
	DataID map[string]any `json:"dataId"`
	Link   string         `json:"link"`
}

type minute struct {
	Start     time.Time `json:"start"`
	Succeeded int       `json:"succeeded"`
	NoWork    int       `json:"no_work"`
	Failed    int       `json:"failed"`
}

type execution struct {
	ID       int64     `json:"id"`
	State    string    `json:"state"`
	Started  time.Time `json:"started,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	Host     string    `json:"host,omitempty"`
	PID      int       `json:"pid,omitempty"`
	Workers  int       `json:"workers"`
	Version  string    `json:"version,omitempty"`
	Command  string    `json:"command,omitempty"`
	ExitCode int       `json:"exit_code"`
	Error    string    `json:"error,omitempty"`
}

// How much of a run a page shows.
const (
	groupsShown     = 100
	slowestShown    = 20
	executionsShown = 30
)

// findRun is the run that a name means: itself, or the newest of a chain.
// derived is what its datasets tell if the ledger does not know it, else nil.
func (s *Server) findRun(ctx context.Context, name string) (found string, derived *derivedRun, err error) {
	if name == "" {
		return "", nil, &requestError{http.StatusBadRequest, "no run is named", "add ?name=RUN to the address"}
	}
	var unknown *ledger.UnknownRunError
	if _, err := s.ledger.Executions(ctx, name); err == nil || !errors.As(err, &unknown) {
		return name, nil, err
	}
	c, err := s.butler.Registry.Collection(ctx, name)
	var missing *registry.NotFoundError
	if errors.As(err, &missing) {
		return "", nil, &requestError{http.StatusNotFound, "there is no run or chain " + quoted(name), "the first page lists the runs"}
	}
	if err != nil {
		return "", nil, err
	}
	for _, child := range c.Children {
		if _, err := s.ledger.Executions(ctx, child); err == nil || !errors.As(err, &unknown) {
			return child, nil, err
		}
	}
	for _, child := range c.Children {
		of, err := s.butler.Registry.Collection(ctx, child)
		if err != nil {
			return "", nil, err
		}
		if of.Kind == dataset.Run {
			derived, err = s.derive(ctx, child)
			return child, derived, err
		}
	}
	if c.Kind != dataset.Run {
		return "", nil, &requestError{http.StatusNotFound, quoted(name) + " holds no run", "the first page lists the runs"}
	}
	derived, err = s.derive(ctx, name)
	return name, derived, err
}

// status is where a run stands.
func (s *Server) status(ctx context.Context, name string, derived *derivedRun) (*ledger.Status, error) {
	if derived != nil {
		return derived.status, nil
	}
	return s.ledger.Status(ctx, name)
}

func (s *Server) runPage(r *http.Request) (any, error) {
	ctx, q := r.Context(), r.URL.Query()
	name, derived, err := s.findRun(ctx, q.Get("name"))
	if err != nil {
		return nil, err
	}
	status, err := s.status(ctx, name, derived)
	if err != nil {
		return nil, err
	}
	m := &runModel{run: newRun(&status.Run), By: q.Get("by"), Keys: []string{ledger.ByMessage, ledger.ByTask}}
	if m.By == "" {
		m.By = ledger.ByMessage
	}
	for i := range status.Tasks {
		t := &status.Tasks[i]
		m.Tasks = append(m.Tasks, task{t.Label, t.Class, t.Dimensions, newCounts(&t.Counts)})
		for _, d := range t.Dimensions {
			if !slices.Contains(m.Keys, d) {
				m.Keys = append(m.Keys, d)
			}
		}
	}
	if derived != nil {
		return m, s.addDerived(m, derived)
	}
	groups, err := s.ledger.Failures(ctx, m.Name, m.By)
	if err != nil {
		return nil, err
	}
	m.addFailures(groups)
	minutes, err := s.ledger.Rate(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, x := range minutes {
		m.Minutes = append(m.Minutes, minute{x.Start.UTC(), x.Succeeded, x.NoWork, x.Failed})
	}
	m.Rate = newRateChart(m.Minutes)
	slowest, err := s.ledger.Slowest(ctx, name, slowestShown)
	if err != nil {
		return nil, err
	}
	for _, a := range slowest {
		m.Slowest = append(m.Slowest, newAttempt(name, a))
	}
	return m, s.addExecutions(ctx, m)
}

// addDerived adds what is known of a run without records.
func (s *Server) addDerived(m *runModel, d *derivedRun) error {
	m.Name = d.status.Name
	m.Note = "valet has no records of this run: what is shown is read from its datasets. Nothing is known of blocked quanta. " + s.rebuildHint(m.Name) + "."
	groups, err := ledger.GroupFailures(d.all(), m.By)
	if err != nil {
		return err
	}
	m.addFailures(groups)
	m.Minutes = d.minutes()
	m.Rate = newRateChart(m.Minutes)
	for _, a := range d.slowest() {
		m.Slowest = append(m.Slowest, newAttempt(m.Name, a))
	}
	return nil
}

func (m *runModel) addFailures(groups []*ledger.FailureGroup) {
	for i, g := range groups {
		if i >= groupsShown {
			m.MoreFailures += g.Count
			continue
		}
		m.Failures = append(m.Failures, group{Key: g.Key, Class: g.Class, Message: g.Message, Count: g.Count, Tasks: g.Tasks, Task: g.Task,
			DataID: dataIDMap(g.First), Words: dataIDWords(g.First), Link: quantumLink(m.Name, g.Task, g.First)})
	}
}

func (s *Server) addExecutions(ctx context.Context, m *runModel) error {
	list, err := s.ledger.Executions(ctx, m.Name)
	if err != nil {
		return err
	}
	for _, e := range list[max(0, len(list)-executionsShown):] {
		m.Executions = append(m.Executions, execution{e.ID, string(e.State), e.Started.UTC(), e.Ended.UTC(), e.Process.Host, e.Process.PID, e.Workers, e.Version,
			strings.Join(e.Command, " "), e.ExitCode, e.Error})
	}
	if m.State != string(ledger.Running) {
		drift, err := s.ledger.Drift(ctx, m.Name)
		if err != nil {
			return err
		}
		for _, d := range drift {
			m.Drift = append(m.Drift, d.String())
		}
		if m.Counts.Failed > 0 {
			m.Commands = append(m.Commands, s.options.Program+" rerun "+s.options.Repository+" "+m.Name+" --failed")
		}
		if m.Counts.Left() > 0 {
			m.Commands = append(m.Commands, s.options.Program+" rerun "+s.options.Repository+" "+m.Name+" --missing")
		}
	}
	return nil
}

// quantaModel are quanta of a run.
type quantaModel struct {
	Run   string    `json:"run"`
	Task  string    `json:"task,omitempty"`
	State string    `json:"state,omitempty"`
	Known []string  `json:"-"`
	List  []attempt `json:"quanta"`
	From  int       `json:"from"`
	// Next is the address of what follows, empty at the end.
	Next string `json:"next,omitempty"`
}

func (m *quantaModel) title() string { return strings.TrimSpace(m.State+" quanta") + " of " + m.Run }

// quantaShown is how many quanta a page shows.
const quantaShown = 500

func (s *Server) quantaPage(r *http.Request) (any, error) {
	ctx, q := r.Context(), r.URL.Query()
	name, derived, err := s.findRun(ctx, q.Get("run"))
	if err != nil {
		return nil, err
	}
	m := &quantaModel{Run: name, Task: q.Get("task"), State: q.Get("state"), List: []attempt{}}
	if _, err := fmt.Sscan(q.Get("from"), &m.From); q.Get("from") != "" && (err != nil || m.From < 0) {
		return nil, &requestError{http.StatusBadRequest, "from is no count: " + quoted(q.Get("from")), ""}
	}
	var filter ledger.Filter
	if m.Task != "" {
		filter.Tasks = []string{m.Task}
	}
	states := []quantum.State{quantum.Succeeded, quantum.NoWork, quantum.Failed, quantum.Blocked}
	for _, state := range states {
		m.Known = append(m.Known, state.String())
		if m.State == state.String() {
			filter.States = []quantum.State{state}
		}
	}
	if m.State != "" && filter.States == nil {
		return nil, &requestError{http.StatusBadRequest, "there is no state " + quoted(m.State), "states are " + strings.Join(m.Known, ", ")}
	}
	i := 0
	list := s.ledger.Quanta(ctx, name, filter)
	if derived != nil {
		list = derived.newest(filter)
	}
	for a, err := range list {
		if err != nil {
			return nil, err
		}
		if i++; i <= m.From {
			continue
		}
		if len(m.List) == quantaShown {
			m.Next = link("/quanta", "run", name, "task", m.Task, "state", m.State, "from", m.From+quantaShown)
			break
		}
		m.List = append(m.List, newAttempt(name, a))
	}
	return m, nil
}
