package registrytest

import (
	"database/sql/driver"
	"strings"
	"sync"

	"valet/registry/internal/layer"
)

// Statement is one statement as the decider of a Fault sees it.
type Statement struct {
	Text string
	// N counts the statements from 1. A COMMIT counts twice: before it is run and, with After, when it is done.
	N     int
	After bool
}

// IsWrite reports whether the statement begins, makes or ends a change.
func (s Statement) IsWrite() bool {
	word, _, _ := strings.Cut(strings.TrimSpace(s.Text), " ")
	switch strings.ToUpper(word) {
	case "SELECT", "PRAGMA", "EXPLAIN", "WITH", "VALUES":
		return false
	}
	return true
}

// Fault is a layer around the connections of a database that lets chosen statements fail, and counts them.
type Fault struct {
	decide func(Statement) error

	mu sync.Mutex
	n  int
}

// NewFault makes a layer; its Layer is for registry.Options. decide is asked before every statement, one at a time, and once more
// after each COMMIT that went well; its error, commonly a sqlite3.Error, becomes the statement's. A nil decide only counts.
func NewFault(decide func(Statement) error) *Fault { return &Fault{decide: decide} }

// Count is the number of statements so far.
func (f *Fault) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

// Still runs g while no transaction begins or ends, so that it may copy the files of the database as they would be found after a crash.
// The decider holds them still already.
func (f *Fault) Still(g func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g()
}

func (f *Fault) ask(text string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.next(text, false)
}

func (f *Fault) next(text string, after bool) error {
	f.n++
	if f.decide == nil {
		return nil
	}
	return f.decide(Statement{text, f.n, after})
}

// Layer puts the layer around a connection.
func (f *Fault) Layer(under driver.Conn) driver.Conn { return layer.Around(under, hooks{f}) }

// hooks ask the fault for what goes through a layer.
type hooks struct{ fault *Fault }

// Exec may fail, a COMMIT also after it was run.
func (h hooks) Exec(text string, _ []driver.NamedValue, send func() (driver.Result, error)) (driver.Result, error) {
	h.fault.mu.Lock()
	defer h.fault.mu.Unlock()
	if err := h.fault.next(text, false); err != nil {
		return nil, err
	}
	result, err := send()
	if err == nil && text == "COMMIT" {
		err = h.fault.next(text, true)
	}
	return result, err
}

// Query may fail.
func (h hooks) Query(text string, _ []driver.NamedValue, send func() (driver.Rows, error)) (driver.Rows, error) {
	if err := h.fault.ask(text); err != nil {
		return nil, err
	}
	return send()
}
