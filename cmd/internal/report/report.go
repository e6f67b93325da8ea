// Package report writes what became of a run as one HTML page: no script, nothing loaded from elsewhere, light and dark as the reader's
// system is. It knows no repository: it shows what it is given, and escapes all of it.
//
// The size of a page does not depend on the number of quanta: failures come in groups of which the largest are shown, the rate in at most
// a few hundred bars, long texts are cut.
package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"
)

// Page is what the page shows. Times are UTC; zero ones are left out.
type Page struct {
	Run, Repository, Output string
	// State is that of the run, such as done.
	State          string
	Started, Ended time.Time
	Seconds        float64
	// Made is when the page was made, Version by which valet.
	Made    time.Time
	Version string
	// Notes are sentences on top, such as that records and datasets differ.
	Notes      []string
	Totals     Counts
	Tasks      []Task
	Failures   []Failure
	Minutes    []Minute
	Slowest    []Quantum
	Executions []Execution
	// Commands to type next.
	Commands []Command
}

// Counts are numbers of quanta.
type Counts struct{ Planned, Succeeded, NoWork, Failed, Blocked, Skipped, Running int }

// Left is the number of quanta of which nothing is known.
func (c Counts) Left() int {
	return max(0, c.Planned-c.Succeeded-c.NoWork-c.Failed-c.Blocked-c.Skipped)
}

// Parts are the shares of the states in percent, for a bar.
func (c Counts) Parts() (out []Part) {
	if c.Planned <= 0 {
		return nil
	}
	x := 0.0
	for _, p := range []Part{{Class: "ok", N: c.Succeeded, Name: "succeeded"}, {Class: "none", N: c.NoWork, Name: "no work"}, {Class: "skip", N: c.Skipped, Name: "skipped"},
		{Class: "fail", N: c.Failed, Name: "failed"}, {Class: "block", N: c.Blocked, Name: "blocked"}} {
		if p.N == 0 {
			continue
		}
		p.X, p.Width = x, 100*float64(p.N)/float64(c.Planned)
		x += p.Width
		out = append(out, p)
	}
	return out
}

// Part is a piece of a bar.
type Part struct {
	Class, Name string
	N           int
	X, Width    float64
}

// Task is a task with its counts.
type Task struct {
	Label, Class string
	Counts
}

// Failure is a group of failures.
type Failure struct {
	Count          int
	Tasks          string
	Class, Message string
	// First is the data ID of the first quantum, Log the file of its log, Rerun the command that runs the group again.
	First, Log, Rerun string
}

// Quantum is a quantum that took long.
type Quantum struct {
	Task, DataID, State string
	Started             time.Time
	Duration            time.Duration
}

// Execution is one start of the program.
type Execution struct {
	State, Process, Version, Command, Error string
	Started, Ended                          time.Time
	Workers                                 int
}

// Command is a command line and what it is for.
type Command struct{ For, Line string }

// How much is shown at most.
const (
	maxFailures   = 200
	maxExecutions = 50
	maxText       = 2000
)

//go:embed page.html
var pageText string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"n": thousands, "time": instant, "cut": cut, "seconds": seconds, "x": func(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) },
}).Parse(pageText))

// Write writes the page.
func Write(w io.Writer, p *Page) error {
	shown := struct {
		*Page
		Style                     template.CSS
		Chart                     *chart
		MoreFailures, MoreGroups  int
		MoreExecutions, Remaining int
	}{Page: p, Style: template.CSS(style), Chart: newChart(p.Minutes), Remaining: p.Totals.Left()}
	copied := *p
	shown.Page = &copied
	if n := len(p.Failures) - maxFailures; n > 0 {
		shown.MoreGroups = n
		for _, f := range p.Failures[maxFailures:] {
			shown.MoreFailures += f.Count
		}
		copied.Failures = p.Failures[:maxFailures]
	}
	if n := len(p.Executions) - maxExecutions; n > 0 {
		shown.MoreExecutions = n
		copied.Executions = p.Executions[n:]
	}
	if err := page.Execute(w, &shown); err != nil {
		return fmt.Errorf("write report of run %q: %w", p.Run, err)
	}
	return nil
}

// thousands is a number in groups of three digits.
func thousands(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return sign + s
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) + " s" }

// cut shortens a long text.
func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + " …"
}
