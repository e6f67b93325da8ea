package cli

import (
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"valet/cmd/internal/ui"
	"valet/quantum"
	"valet/registry/trace"
)

// explained is what --explain tells of the cost of a graph: the phases of building it, each with the statements that were sent in it. It
// is nil if nobody asked; then nothing is recorded.
type explained struct {
	trace *trace.Trace
	since time.Time
	list  []costOf
}

// costOf is an entry: a statement of a phase or, without one, what else was done in the phase.
type costOf struct {
	phase     string
	statement *trace.Statement
	rows      int
	took      time.Duration
}

// explain begins to record, if asked to.
func (a *App) explain(asked bool) {
	if asked {
		a.explained = &explained{trace: &trace.Trace{}, since: time.Now()}
	}
}

// layer puts the recording around the connections of a repository.
func (x *explained) layer(under func(driver.Conn) driver.Conn) func(driver.Conn) driver.Conn {
	if x == nil {
		return under
	}
	return func(c driver.Conn) driver.Conn {
		if under != nil {
			c = under(c)
		}
		return x.trace.Layer(c)
	}
}

// done ends a phase that began with the end of the one before.
func (x *explained) done(phase string, rows int) {
	if x == nil {
		return
	}
	x.add(quantum.Phase{Name: phase, Rows: rows, Took: time.Since(x.since)})
}

// add adds a phase of a graph. What its statements did not take is an entry of its own.
func (x *explained) add(p quantum.Phase) {
	rest := p.Took
	for _, s := range x.trace.Take() {
		x.list = append(x.list, costOf{p.Name, s, s.Rows, s.Took})
		rest -= s.Took
	}
	x.list = append(x.list, costOf{p.Name, nil, p.Rows, max(rest, 0)})
	x.since = time.Now()
}

// observer is for quantum.Options.
func (x *explained) observer() func(quantum.Phase) {
	if x == nil {
		return nil
	}
	return x.add
}

// end ends the recording: what comes now is not the graph any more.
func (x *explained) end() {
	if x != nil {
		x.trace.Stop()
	}
}

// MarshalJSON makes the list that programs read.
func (x *explained) MarshalJSON() ([]byte, error) {
	type entry struct {
		Phase      string   `json:"phase"`
		SQL        *string  `json:"sql"`
		Parameters []any    `json:"parameters"`
		Rows       int      `json:"rows"`
		Seconds    *float64 `json:"seconds"`
	}
	out := make([]entry, len(x.list))
	for i, c := range x.list {
		seconds := c.took.Seconds()
		out[i] = entry{Phase: c.phase, Parameters: []any{}, Rows: c.rows, Seconds: &seconds}
		if c.statement == nil {
			continue
		}
		out[i].SQL = &c.statement.SQL
		for _, v := range c.statement.Parameters {
			if b, ok := v.([]byte); ok {
				v = hex.EncodeToString(b)
			}
			out[i].Parameters = append(out[i].Parameters, v)
		}
	}
	text, err := indentedJSON(out, "")
	return append(text, '\n'), err
}

// phaseColumns are the totals of the phases.
var phaseColumns = []ui.Column{{Name: "Statements", Kind: ui.Int}, {Name: "Rows", Kind: ui.Int}, {Name: "Seconds", Kind: ui.Text}, {Name: "Phase", Kind: ui.Text, Left: true}}

// mostParameters of a statement are shown to people.
const mostParameters = 40

// print writes the phases as a table, then their statements.
func (x *explained) print(w io.Writer) error {
	rows, err := ui.NewRows(w, ui.TableFormat, "", phaseColumns)
	if err != nil {
		return err
	}
	statements, took, all := 0, time.Duration(0), time.Duration(0)
	for _, c := range x.list {
		all += c.took
		if took += c.took; c.statement != nil {
			statements++
			continue
		}
		if err := rows.Row(ui.IntCell(int64(statements)), ui.IntCell(int64(c.rows)), ui.TextCell(seconds(took)), ui.TextCell(c.phase)); err != nil {
			return err
		}
		statements, took = 0, 0
	}
	if err := rows.Close(); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s s in all\n", seconds(all))
	n := 0
	for _, c := range x.list {
		if c.statement == nil {
			continue
		}
		n++
		fmt.Fprintf(w, "\nstatement %d, %s: %d rows, %s s\n", n, ui.OneLine(c.phase), c.rows, seconds(c.took))
		for line := range strings.SplitSeq(strings.TrimSpace(c.statement.SQL), "\n") {
			fmt.Fprintf(w, "  %s\n", ui.OneLine(line))
		}
		if len(c.statement.Parameters) > 0 {
			fmt.Fprintf(w, "  with %s\n", parameters(c.statement.Parameters))
		}
		if c.statement.Err != nil {
			fmt.Fprintf(w, "  failed: %s\n", ui.OneLine(c.statement.Err.Error()))
		}
	}
	return nil
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 6, 64) }

// parameters writes values as SQL does.
func parameters(list []driver.Value) string {
	var parts []string
	for i, v := range list {
		if i == mostParameters {
			parts = append(parts, fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		switch v := v.(type) {
		case nil:
			parts = append(parts, "NULL")
		case string:
			parts = append(parts, "'"+strings.ReplaceAll(ui.OneLine(v), "'", "''")+"'")
		case []byte:
			if utf8.Valid(v) && len(v) != 16 { // not that of an ID
				parts = append(parts, "'"+strings.ReplaceAll(ui.OneLine(string(v)), "'", "''")+"'")
			} else {
				parts = append(parts, "x'"+hex.EncodeToString(v)+"'")
			}
		case time.Time:
			parts = append(parts, v.Format(time.RFC3339Nano))
		default:
			parts = append(parts, fmt.Sprint(v))
		}
	}
	return strings.Join(parts, ", ")
}

// explainGraph logs what was decided while building and, if asked to, every quantum's state with its reason.
func (a *App) explainGraph(g *quantum.Graph, each bool) {
	log := a.Log("quantum")
	for _, n := range g.Notes {
		e := log.Info()
		if n.Warning {
			e = log.Warn()
		}
		if n.Task != "" {
			e = e.Str("task", n.Task)
		}
		e.Msg(n.Message)
	}
	if !each {
		return
	}
	for _, q := range g.Explained() {
		for i, state := range q.States {
			log.Info().Str("task", q.Task.Label).Str("quantum", q.DataID(i).String()).Msg(reasonOf(g, state))
		}
	}
}

// reasonOf says why a quantum of a new graph has its state.
func reasonOf(g *quantum.Graph, state quantum.State) string {
	switch state {
	case quantum.Skipped:
		return "skipped: its metadata exists in " + quoteList(g.Collections.SkipIn)
	case quantum.NoWork:
		return "no work: an input is never going to exist"
	}
	return "runs: its inputs exist, its outputs do not"
}

// explainCost writes what building the graph cost to stderr, if asked to.
func (a *App) explainCost() error {
	if a.explained == nil {
		return nil
	}
	return a.explained.print(a.Stderr)
}
