// Package trace records which statements a registry sends to its database, for people who wonder what a command costs: the text with its
// parameters, the rows that came back, and the time that the database took for them.
//
// A Trace is a layer around connections, as the fault layer of tests is: nothing is recorded, and nothing costs time, where none is put
// around them. It owns no policy: who takes the statements decides what they belong to.
//
// Weak spot: it keeps all statements until they are taken, with their parameters.
package trace

import (
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"valet/registry/internal/layer"
)

// Statement is a statement that was sent.
type Statement struct {
	SQL string
	// Parameters are nil, int64, float64, bool, string, []byte or time.Time.
	Parameters []driver.Value
	// Rows is the number of rows that were read of its result.
	Rows int
	// Took is the time that the driver needed to start it and to give its rows, without what was done between them.
	Took time.Duration
	// Err is why it failed, or nil.
	Err error
}

// Trace records statements. It is safe for concurrent use.
type Trace struct {
	off  atomic.Bool
	mu   sync.Mutex
	sent []*Statement
}

// Take returns the statements that ended since the last call, that is whose rows were closed, but not those that begin, end or configure
// transactions and connections.
func (t *Trace) Take() []*Statement {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.sent
	t.sent = nil
	return out
}

// Stop ends the recording for ever.
func (t *Trace) Stop() {
	t.off.Store(true)
	t.Take()
}

// begin makes the record of a statement; it is nil if there is to be none.
func (t *Trace) begin(text string, args []driver.NamedValue) *Statement {
	if t.off.Load() || isFrame(text) {
		return nil
	}
	s := &Statement{SQL: text, Parameters: make([]driver.Value, len(args))}
	for i := range args {
		s.Parameters[i] = args[i].Value
		if b, ok := args[i].Value.([]byte); ok {
			s.Parameters[i] = append([]byte{}, b...) // the sender may use it again
		}
	}
	return s
}

// end records that a statement has ended: nobody changes it any more.
func (t *Trace) end(s *Statement) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.off.Load() {
		t.sent = append(t.sent, s)
	}
}

// isFrame reports whether a statement only frames others.
func isFrame(text string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	switch strings.ToUpper(strings.TrimSuffix(word, ";")) {
	case "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA":
		return true
	}
	return false
}

// Layer puts the trace around a connection.
func (t *Trace) Layer(under driver.Conn) driver.Conn { return layer.Around(under, hooks{t}) }

// hooks record what goes through a layer.
type hooks struct{ trace *Trace }

// Exec records a statement without rows.
func (h hooks) Exec(text string, args []driver.NamedValue, send func() (driver.Result, error)) (driver.Result, error) {
	s := h.trace.begin(text, args)
	if s == nil {
		return send()
	}
	start := time.Now()
	result, err := send()
	s.Took, s.Err = time.Since(start), err
	h.trace.end(s)
	return result, err
}

// Query records a statement, and its rows as they are read.
func (h hooks) Query(text string, args []driver.NamedValue, send func() (driver.Rows, error)) (driver.Rows, error) {
	s := h.trace.begin(text, args)
	if s == nil {
		return send()
	}
	start := time.Now()
	under, err := send()
	s.Took, s.Err = time.Since(start), err
	if err != nil {
		h.trace.end(s)
		return nil, err
	}
	return &rows{Rows: under, trace: h.trace, of: s}, nil
}

type rows struct {
	driver.Rows
	trace  *Trace
	of     *Statement
	closed bool
}

// Close ends the statement.
func (r *rows) Close() error {
	start := time.Now()
	err := r.Rows.Close()
	if !r.closed {
		r.closed = true
		r.of.Took += time.Since(start)
		r.trace.end(r.of)
	}
	return err
}

// Next reads a row.
func (r *rows) Next(dst []driver.Value) error {
	start := time.Now()
	err := r.Rows.Next(dst)
	r.of.Took += time.Since(start)
	switch {
	case err == nil:
		r.of.Rows++
	case !errors.Is(err, io.EOF):
		r.of.Err = err
	}
	return err
}
