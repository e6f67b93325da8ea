package pipeline

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"strings"
)

// nodes lists the tasks in order, each with the types around it that were not listed before.
func (r *Resolved) nodes(task func(*TaskNode), datasetType func(*DatasetType), link func(from, to string)) {
	seen := map[*DatasetType]bool{}
	once := func(d *DatasetType) {
		if !seen[d] {
			seen[d] = true
			datasetType(d)
		}
	}
	for _, t := range r.Tasks {
		for _, e := range t.Inputs {
			once(e.Type)
		}
		task(t)
		for _, d := range t.drawn() {
			once(d)
		}
	}
	for _, t := range r.Tasks {
		linked := map[*DatasetType]bool{}
		for _, e := range t.Inputs {
			if !linked[e.Type] {
				linked[e.Type] = true
				link(e.Type.Name+":type", t.Label+":task")
			}
		}
		for _, d := range t.drawn() {
			link(t.Label+":task", d.Name+":type")
		}
	}
}

// WriteDot writes the pipeline graph in Graphviz form.
func (r *Resolved) WriteDot(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "digraph pipeline {\n\tnode [shape=box, fontname=monospace]\n")
	label := func(head string, lines ...string) string {
		out := "<<b>" + html.EscapeString(head) + "</b>"
		for _, l := range lines {
			out += `<br align="left"/>` + html.EscapeString(l)
		}
		return out + `<br align="left"/>>`
	}
	r.nodes(func(t *TaskNode) {
		fmt.Fprintf(b, "\t%q [style=filled, fillcolor=lightblue, label=%s]\n", t.Label+":task",
			label(t.Label, t.Class.Name, "dimensions: "+t.setKey()))
	}, func(d *DatasetType) {
		fmt.Fprintf(b, "\t%q [style=rounded, label=%s]\n", d.Name+":type",
			label(d.Name, "dimensions: "+shortSet(d.Dimensions, d.Declared), "storage class: "+d.StorageClass))
	}, func(from, to string) {
		fmt.Fprintf(b, "\t%q -> %q\n", from, to)
	})
	fmt.Fprint(b, "}\n")
	return b.Flush()
}

// WriteMermaid writes the pipeline graph as a Mermaid flow chart.
func (r *Resolved) WriteMermaid(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "flowchart TD\n")
	label := func(head string, lines ...string) string {
		out := "<b>" + html.EscapeString(head) + "</b>"
		for _, l := range lines {
			out += "<br>" + html.EscapeString(l)
		}
		return out
	}
	id := func(name string) string { return strings.ReplaceAll(name, ":", "__") }
	r.nodes(func(t *TaskNode) {
		fmt.Fprintf(b, "\t%s[\"%s\"]:::task\n", id(t.Label+":task"), label(t.Label, t.Class.Name, "dimensions: "+t.setKey()))
	}, func(d *DatasetType) {
		fmt.Fprintf(b, "\t%s(\"%s\"):::type\n", id(d.Name+":type"),
			label(d.Name, "dimensions: "+shortSet(d.Dimensions, d.Declared), "storage class: "+d.StorageClass))
	}, func(from, to string) {
		fmt.Fprintf(b, "\t%s --> %s\n", id(from), id(to))
	})
	fmt.Fprint(b, "\tclassDef task fill:#cfe8ff,stroke:#333,text-align:left\n\tclassDef type fill:#fff,stroke:#3a7,text-align:left\n")
	return b.Flush()
}
