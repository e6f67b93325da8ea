package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"valet/datastore/formatter"
	"valet/quantum"
	"valet/quantum/ledger"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// attempt is one try at a quantum.
type attempt struct {
	Task    string         `json:"task"`
	DataID  map[string]any `json:"dataId"`
	Words   string         `json:"-"`
	State   string         `json:"state"`
	Reason  string         `json:"reason,omitempty"`
	Why     string         `json:"why,omitempty"`
	Class   string         `json:"class,omitempty"`
	Message string         `json:"message,omitempty"`
	Started time.Time      `json:"started,omitzero"`
	Seconds number         `json:"seconds"`
	Worker  int            `json:"worker"`
	// Execution is the ID of the execution, Link the page of the quantum.
	Execution int64  `json:"execution,omitempty"`
	Link      string `json:"link"`
}

func newAttempt(run string, a *ledger.Attempt) attempt {
	return attempt{Task: a.Task, DataID: dataIDMap(a.DataID), Words: dataIDWords(a.DataID), State: a.State.String(), Reason: a.Reason.String(), Class: a.Class, Message: a.Message,
		Started: a.Started.UTC(), Seconds: number(a.Duration.Seconds()), Worker: a.Worker, Execution: a.Execution, Link: quantumLink(run, a.Task, a.DataID)}
}

// dataIDMap are the required values by dimension.
func dataIDMap(id dimension.DataID) map[string]any {
	out := map[string]any{}
	if id.IsZero() {
		return out
	}
	for i, v := range id.RequiredValues() {
		out[id.Group().Required[i].Name] = v.Any()
	}
	return out
}

// dataIDWords is a data ID as command lines take it.
func dataIDWords(id dimension.DataID) string {
	var words []string
	for i, v := range id.RequiredValues() {
		words = append(words, id.Group().Required[i].Name+"="+v.Text())
	}
	return strings.Join(words, " ")
}

// quantumLink is the page of a quantum.
func quantumLink(run, task string, id dimension.DataID) string {
	q := url.Values{"run": {run}, "task": {task}}
	if !id.IsZero() {
		for i, v := range id.RequiredValues() {
			q.Set(id.Group().Required[i].Name, v.Text())
		}
	}
	return "/quantum?" + q.Encode()
}

// quantumModel is one quantum: its attempts, why it ended so, and its log.
type quantumModel struct {
	Run    string         `json:"run"`
	Task   string         `json:"task"`
	DataID map[string]any `json:"dataId"`
	Words  string         `json:"-"`
	State  string         `json:"state"`
	// Why tells of a quantum that was never tried.
	Why      string    `json:"why,omitempty"`
	Attempts []attempt `json:"attempts"`
	Log      []record  `json:"log"`
	// LogNote tells why there is no log, or that it is longer.
	LogNote string `json:"log_note,omitempty"`
	// Same is the address of the quanta of the task that ended so.
	Same string `json:"-"`
}

func (m *quantumModel) title() string { return m.Task + " " + m.Words }

// record is a line of a log.
type record struct {
	Attempt   int       `json:"attempt"`
	Time      time.Time `json:"time"`
	Level     string    `json:"level"`
	Name      string    `json:"name"`
	Message   string    `json:"message"`
	Exception string    `json:"exception,omitempty"`
}

// recordsShown is how much of a log a page shows.
const recordsShown = 2000

func (s *Server) quantumPage(r *http.Request) (any, error) {
	ctx, q := r.Context(), r.URL.Query()
	name, derived, err := s.findRun(ctx, q.Get("run"))
	if err != nil {
		return nil, err
	}
	status, err := s.status(ctx, name, derived)
	if err != nil {
		return nil, err
	}
	m := &quantumModel{Run: name, Task: q.Get("task"), Attempts: []attempt{}, Log: []record{}}
	id, err := s.dataID(status, m.Task, q)
	if err != nil {
		return nil, err
	}
	m.DataID, m.Words = dataIDMap(id), dataIDWords(id)
	var attempts []*ledger.Attempt
	if derived != nil {
		attempts, err = ledger.DeriveQuantum(ctx, s.butler, name, m.Task, id)
	} else {
		attempts, err = s.ledger.Attempts(ctx, name, m.Task, id)
	}
	if err != nil {
		return nil, err
	}
	for _, a := range attempts {
		one := newAttempt(name, a)
		one.Why = s.options.Explain(a.Reason)
		m.Attempts = append(m.Attempts, one)
	}
	if len(attempts) == 0 {
		m.State = "not tried"
		if s.options.Untried != nil {
			m.State, m.Why, err = s.options.Untried(ctx, name, m.Task, id)
		}
		return m, err
	}
	last := attempts[len(attempts)-1]
	m.State = last.State.String()
	m.Same = link("/quanta", "run", name, "task", m.Task, "state", m.State)
	if last.State == quantum.Blocked && s.options.Untried == nil {
		m.Why = "a quantum whose output it needs failed"
	}
	return m, s.addLog(ctx, m, last.Log)
}

// dataID reads the data ID of a quantum from parameters that are called like its dimensions.
func (s *Server) dataID(status *ledger.Status, label string, q url.Values) (dimension.DataID, error) {
	var known []string
	for i := range status.Tasks {
		t := &status.Tasks[i]
		known = append(known, t.Label)
		if t.Label != label {
			continue
		}
		g, err := s.butler.Registry.Universe().Group(t.Dimensions...)
		if err != nil {
			return dimension.DataID{}, err
		}
		required := make([]dimension.Value, len(g.Required))
		for i, d := range g.Required {
			text := q.Get(d.Name)
			if text == "" {
				return dimension.DataID{}, &requestError{http.StatusBadRequest, "the data ID has no " + d.Name, "the address of a quantum has run, task, " + strings.Join(t.Dimensions, ", ")}
			}
			v, err := convertValue(d, text)
			if err != nil {
				return dimension.DataID{}, &requestError{http.StatusBadRequest, err.Error(), ""}
			}
			required[i] = v
		}
		return dimension.NewDataID(g, required), nil
	}
	return dimension.DataID{}, &requestError{http.StatusNotFound, "run " + status.Name + " has no task " + quoted(label), "its tasks are " + strings.Join(known, ", ")}
}

// addLog reads the log, with those of earlier attempts that it holds. One that cannot be read is no error of the page.
func (s *Server) addLog(ctx context.Context, m *quantumModel, id dataset.ID) error {
	if id.IsZero() {
		m.LogNote = "The last attempt left no log."
		return nil
	}
	text, err := s.readFile(ctx, id)
	if err == nil && text == nil {
		m.LogNote = "The log is not stored any more."
		return nil
	}
	var log *formatter.Log
	var attempts []formatter.Attempt
	if err == nil {
		log, err = formatter.ParseLog(text)
	}
	if err == nil {
		attempts, err = log.EarlierAttempts()
	}
	if err != nil {
		m.LogNote = "The log cannot be read: " + err.Error() + "."
		return ctx.Err()
	}
	total := 0
	for i := len(attempts) - 1; i >= 0; i-- {
		for _, x := range attempts[i].Logs {
			if total++; len(m.Log) == recordsShown {
				continue
			}
			line := record{Attempt: i + 1, Time: x.Time.UTC(), Level: x.LevelName, Name: x.Name, Message: strings.TrimRight(x.Message, "\n")}
			if x.ExcInfo != nil {
				line.Exception = *x.ExcInfo
			}
			m.Log = append(m.Log, line)
		}
	}
	if total > len(m.Log) {
		m.LogNote = thousands(total-len(m.Log)) + " more lines: '" + s.options.Program + " log' prints them all."
	}
	return nil
}

// readFile is the content of a dataset, nil if it is not stored. The datastore refuses paths that leave it.
func (s *Server) readFile(ctx context.Context, id dataset.ID) ([]byte, error) {
	for _, store := range s.butler.Store.Files() {
		records, err := s.butler.Registry.Records(ctx, store.Config.Name, store.Config.Table, []dataset.ID{id})
		if err != nil {
			return nil, err
		}
		if len(records) == 1 {
			text, err := store.Read(&records[0])
			if text == nil && err == nil {
				text = []byte{}
			}
			return text, err
		}
	}
	return nil, nil
}

// convertValue reads a value of a dimension.
func convertValue(d *dimension.Element, text string) (dimension.Value, error) {
	if d.KeyType() != dimension.Int {
		return d.ConvertValue(text)
	}
	n, err := parseInt(text)
	if err != nil {
		return dimension.Value{}, errors.New(d.Name + " is a whole number, not " + quoted(text))
	}
	return d.ConvertValue(n)
}
