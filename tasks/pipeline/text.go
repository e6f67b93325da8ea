package pipeline

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"valet/registry/dimension"
)

// The symbols of the text drawing: a task, several alike tasks, a dataset type, several alike ones.
const (
	taskSymbol  = "■"
	tasksSymbol = "▥"
	typeSymbol  = "○"
	typesSymbol = "◍"
)

// setOf shows all dimensions of a group, or the declared ones without a universe.
func setOf(g *dimension.Group, declared []string) string {
	if g != nil {
		return g.String()
	}
	return "{" + strings.Join(sortedSet(declared), ", ") + "}"
}

// shortSet shows the fewest dimensions that the others follow from.
func shortSet(g *dimension.Group, declared []string) string {
	if g == nil {
		return setOf(nil, declared)
	}
	implied := map[string]bool{}
	for _, e := range g.Dimensions() {
		for _, other := range append(slices.Clone(e.Required), e.Implied...) {
			if other != e {
				implied[other.Name] = true
			}
		}
	}
	var names []string
	for _, name := range g.Names() {
		if !implied[name] {
			names = append(names, name)
		}
	}
	return "{" + strings.Join(names, ", ") + "}"
}

// WriteText draws the pipeline graph as lines and labels, downwards, with or without dataset types. Tasks that read the same types
// and whose outputs nothing reads are drawn as one.
func (r *Resolved) WriteText(w io.Writer, datasetTypes bool) error {
	if datasetTypes {
		return draw(w, r.typeRows())
	}
	return draw(w, r.taskRows())
}

// group is tasks that are drawn as one.
type group []*TaskNode

func (g group) label() string {
	labels := make([]string, len(g))
	for i, t := range g {
		labels[i] = t.Label
	}
	return fmt.Sprintf("%s: %s", strings.Join(labels, ", "), shortSet(g[0].Dimensions, g[0].Connections.Dimensions))
}

func (g group) symbol() string {
	if len(g) > 1 {
		return tasksSymbol
	}
	return taskSymbol
}

// groups are the tasks in order, each with those alike that come later.
func (r *Resolved) groups(alike func(t *TaskNode) string) []group {
	index := map[string]int{}
	var out []group
	for _, t := range r.Tasks {
		key := ""
		if len(t.downstream()) == 0 {
			key = alike(t)
		}
		i, ok := index[key]
		if key == "" || !ok {
			i = len(out)
			index[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], t)
	}
	return out
}

func (t *TaskNode) setKey() string { return shortSet(t.Dimensions, t.Connections.Dimensions) }

func (r *Resolved) taskRows() []row {
	groups := r.groups(func(t *TaskNode) string {
		key := t.setKey()
		for _, u := range t.upstream() {
			key += " " + u.Label
		}
		return key
	})
	at := map[*TaskNode]int{}
	rows := make([]row, len(groups))
	for i, g := range groups {
		rows[i] = row{symbol: g.symbol(), label: g.label()}
		for _, t := range g {
			at[t] = i
			for _, u := range t.upstream() {
				rows[i].sources = append(rows[i].sources, at[u])
			}
		}
	}
	return rows
}

func (r *Resolved) typeRows() []row {
	groups := r.groups(func(t *TaskNode) string {
		key := t.setKey()
		for _, e := range t.Inputs {
			key += " " + e.Type.Name
		}
		for _, d := range t.drawn() {
			key += " >" + shortSet(d.Dimensions, d.Declared) + d.StorageClass
		}
		return key
	})
	at := map[*DatasetType]int{}
	var rows []row
	add := func(symbol, label string, sources []int) int {
		rows = append(rows, row{symbol, label, sources})
		return len(rows) - 1
	}
	for _, g := range groups {
		var sources []int
		for _, e := range g[0].Inputs {
			i, ok := at[e.Type]
			if !ok {
				i = add(typeSymbol, e.Type.label(e.Type.Name), nil)
				at[e.Type] = i
			}
			sources = append(sources, i)
		}
		task := add(g.symbol(), g.label(), sources)
		for k, d := range g[0].drawn() {
			symbol, names := typeSymbol, []string{d.Name}
			for _, t := range g[1:] {
				symbol, names = typesSymbol, append(names, t.drawn()[k].Name)
			}
			at[d] = add(symbol, d.label(strings.Join(names, ", ")), []int{task})
		}
	}
	return rows
}

// drawn are the types that a drawing shows below the task: its outputs, and of what every task writes that which is read.
func (t *TaskNode) drawn() []*DatasetType {
	var out []*DatasetType
	for _, e := range t.Outputs {
		out = append(out, e.Type)
	}
	for _, d := range []*DatasetType{t.ConfigType, t.MetadataType, t.LogType} {
		if d != nil && len(d.Consumers) > 0 {
			out = append(out, d)
		}
	}
	return out
}

func (d *DatasetType) label(names string) string {
	return fmt.Sprintf("%s: %s %s", names, shortSet(d.Dimensions, d.Declared), d.StorageClass)
}
