package cli

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"valet/quantum"
	"valet/quantum/executor"
)

// writeJUnit writes a test suite per task and a test case per quantum, as CI systems read it.
func (t *tally) writeJUnit(w io.Writer) error {
	out := bufio.NewWriter(w)
	out.WriteString(xml.Header + "<testsuites>\n")
	for _, q := range t.inOrder() {
		fmt.Fprintf(out, "<testsuite name=%s tests=\"%d\" failures=\"%d\" skipped=\"%d\">\n", attribute(q.Task.Label),
			q.Len(), q.Count(quantum.Failed), q.Count(quantum.Blocked)+q.Count(quantum.Skipped)+q.Count(quantum.Planned)+withoutInput(q))
		for i, state := range q.States {
			fmt.Fprintf(out, "<testcase classname=%s name=%s", attribute(q.Task.Label), attribute(q.DataID(i).String()))
			switch state {
			case quantum.Failed:
				f := t.failures[executor.Item{Task: q, Row: i}]
				if f == nil {
					f = &executor.Failure{}
				}
				fmt.Fprintf(out, "><failure type=%s message=%s/></testcase>\n", attribute(f.Class), attribute(f.Message))
			case quantum.Blocked, quantum.Skipped, quantum.Planned, quantum.NoWork:
				if state == quantum.NoWork && (q.WithoutInput == nil || !q.WithoutInput[i]) {
					out.WriteString("/>\n")
					continue
				}
				fmt.Fprintf(out, "><skipped message=%s/></testcase>\n", attribute(state.String()))
			default:
				out.WriteString("/>\n")
			}
		}
		out.WriteString("</testsuite>\n")
	}
	out.WriteString("</testsuites>\n")
	return out.Flush()
}

// withoutInput is the number of quanta that had no work when the graph was built.
func withoutInput(q *quantum.Quanta) (n int) {
	for _, without := range q.WithoutInput {
		if without {
			n++
		}
	}
	return n
}

// attribute is a text as a quoted XML attribute.
func attribute(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	xml.EscapeText(&b, []byte(s)) // a strings.Builder does not fail
	b.WriteByte('"')
	return b.String()
}

// writeProm writes the counts of a run as Prometheus text, for a textfile collector.
func writeProm(w io.Writer, g *quantum.Graph, r *executor.Result) error {
	out := bufio.NewWriter(w)
	out.WriteString("# HELP valet_run_quanta Quanta of the newest run by task and state.\n# TYPE valet_run_quanta gauge\n")
	for _, q := range g.Tasks {
		for s := quantum.Planned; s <= quantum.Skipped; s++ {
			fmt.Fprintf(out, "valet_run_quanta{task=%q,state=%q} %d\n", q.Task.Label, s, q.Count(s))
		}
	}
	fmt.Fprintf(out, "# HELP valet_run_datasets Datasets that the newest run wrote.\n# TYPE valet_run_datasets gauge\nvalet_run_datasets %d\n", r.Datasets)
	fmt.Fprintf(out, "# HELP valet_run_seconds Duration of the newest run.\n# TYPE valet_run_seconds gauge\nvalet_run_seconds %g\n", r.Seconds)
	return out.Flush()
}
