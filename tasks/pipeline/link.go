package pipeline

import (
	"cmp"
	"container/heap"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"valet/tasks"
)

// The storage classes of what every task writes, and the type that a run writes for all of them.
const (
	configClass   = "Config"
	metadataClass = "TaskMetadata"
	logClass      = "ButlerLogRecords"
	packagesName  = "packages"
	packagesClass = "Packages"
)

// linker builds the graph of tasks and dataset types.
type linker struct {
	resolved *Resolved
	pipeline *Pipeline
}

var typeName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*(\.[a-zA-Z_][a-zA-Z0-9_]*)*$`)

// add adds a task with the types that it reads and writes.
func (b *linker) add(c *configured) error {
	n := &TaskNode{Label: c.task.Label, Class: c.class, Config: c.config, Connections: c.connections, pos: c.task.Pos}
	b.resolved.Tasks = append(b.resolved.Tasks, n)
	b.resolved.byLabel[n.Label] = n
	var err error
	// The order is that of upstream's checks.
	if n.ConfigType, err = b.output(n, n.Label+"_config", configClass, nil); err != nil {
		return err
	}
	n.ConfigType.Init = true
	for _, connection := range c.connections.Inputs {
		if err := b.input(n, connection); err != nil {
			return err
		}
	}
	for _, connection := range c.connections.Outputs {
		t, err := b.output(n, connection.DatasetType, connection.StorageClass, connection.Dimensions)
		if err != nil {
			return err
		}
		n.Outputs = append(n.Outputs, Edge{Connection: connection.Name, Type: t, StorageClass: connection.StorageClass, dimensions: connection.Dimensions})
	}
	if enabled(c.config, "saveMetadata") {
		if n.MetadataType, err = b.output(n, n.Label+"_metadata", metadataClass, c.connections.Dimensions); err != nil {
			return err
		}
	}
	if enabled(c.config, "saveLogOutput") {
		n.LogType, err = b.output(n, n.Label+"_log", logClass, c.connections.Dimensions)
	}
	return err
}

// enabled is a bool of a config, true if the config does not have it.
func enabled(c *tasks.Config, field string) bool {
	v, err := c.Lookup(field)
	b, ok := v.(bool)
	return err != nil || !ok || b
}

// datasetType is the type of a name, made if it is new.
func (b *linker) datasetType(name string) *DatasetType {
	t := b.resolved.byName[name]
	if t == nil {
		t = &DatasetType{Name: name}
		b.resolved.byName[name] = t
	}
	return t
}

// output adds a type that the task writes.
func (b *linker) output(n *TaskNode, name, storageClass string, dimensions []string) (*DatasetType, error) {
	if err := b.checkName(n, name); err != nil {
		return nil, err
	}
	if strings.Contains(name, ".") {
		e := &Error{Class: "ValueError", Pos: n.pos, Message: fmt.Sprintf("illegal output component dataset %q", name)}
		if strings.HasPrefix(name, n.Label+"_") {
			e.Advice = "a task label may not have a period"
		}
		return nil, e
	}
	t := b.datasetType(name)
	if t.Producer != nil {
		return nil, &DuplicateOutputError{DatasetType: name, Tasks: [2]string{t.Producer.Label, n.Label}, Pos: n.pos}
	}
	t.Producer, t.StorageClass, t.Declared = n, storageClass, dimensions
	return t, nil
}

// input adds a type that the task reads.
func (b *linker) input(n *TaskNode, c tasks.Connection) error {
	if err := b.checkName(n, c.DatasetType); err != nil {
		return err
	}
	parent, component, _ := strings.Cut(c.DatasetType, ".")
	t := b.datasetType(parent)
	if !slices.Contains(t.Consumers, n) {
		t.Consumers = append(t.Consumers, n)
	}
	n.Inputs = append(n.Inputs, Edge{Connection: c.Name, Type: t, Component: component, StorageClass: c.StorageClass, dimensions: c.Dimensions})
	return nil
}

func (b *linker) checkName(n *TaskNode, name string) error {
	if typeName.MatchString(name) {
		return nil
	}
	e := &Error{Class: "ValueError", Pos: n.pos, Message: fmt.Sprintf("%q does not look like a valid dataset type name", name),
		Advice: "use letters, digits and underscores, beginning with no digit"}
	if strings.HasPrefix(name, n.Label+"_") {
		e.Advice = "the task label begins the names of dataset types: " + e.Advice
	}
	return e
}

// finish orders the graph.
func (b *linker) finish(noVersions bool) (*Resolved, error) {
	r := b.resolved
	if err := r.order(); err != nil {
		return nil, err
	}
	if !noVersions {
		t := b.datasetType(packagesName)
		if t.Producer == nil && len(t.Consumers) == 0 {
			t.StorageClass, t.Init = packagesClass, true
		} else {
			return nil, &Error{Class: incompatibleType, Message: fmt.Sprintf("dataset type %q is written by every run, a task cannot read or write it", packagesName)}
		}
	}
	r.listTypes()
	return r, nil
}

// listTypes makes the sorted list of types, and brings their consumers in order.
func (r *Resolved) listTypes() {
	r.DatasetTypes = r.DatasetTypes[:0]
	for _, t := range r.byName {
		slices.SortFunc(t.Consumers, func(a, b *TaskNode) int { return cmp.Compare(a.Index, b.Index) })
		r.DatasetTypes = append(r.DatasetTypes, t)
	}
	slices.SortFunc(r.DatasetTypes, func(a, b *DatasetType) int { return cmp.Compare(a.Name, b.Name) })
}

// readyTasks is the heap of tasks whose producers are all placed.
type readyTasks struct {
	tasks []*TaskNode
	step  map[string]int
}

func (h *readyTasks) Len() int { return len(h.tasks) }
func (h *readyTasks) Less(i, j int) bool {
	a, b := h.tasks[i].Label, h.tasks[j].Label
	return cmp.Or(cmp.Compare(h.step[a], h.step[b]), cmp.Compare(a, b)) < 0
}
func (h *readyTasks) Swap(i, j int) { h.tasks[i], h.tasks[j] = h.tasks[j], h.tasks[i] }
func (h *readyTasks) Push(x any)    { h.tasks = append(h.tasks, x.(*TaskNode)) }
func (h *readyTasks) Pop() any {
	last := h.tasks[len(h.tasks)-1]
	h.tasks = h.tasks[:len(h.tasks)-1]
	return last
}

// order brings the tasks in topological order: of those that could be next, the one of the earliest step, then of the first label.
func (r *Resolved) order() error {
	h := &readyTasks{step: r.Pipeline.stepOf()}
	missing := make(map[*TaskNode]int, len(r.Tasks))
	for _, t := range r.Tasks {
		if missing[t] = len(t.upstream()); missing[t] == 0 {
			h.tasks = append(h.tasks, t)
		}
	}
	heap.Init(h)
	ordered := make([]*TaskNode, 0, len(r.Tasks))
	for h.Len() > 0 {
		t := heap.Pop(h).(*TaskNode)
		t.Index = len(ordered)
		ordered = append(ordered, t)
		for _, next := range t.readers() {
			if missing[next]--; missing[next] == 0 {
				heap.Push(h, next)
			}
		}
	}
	if len(ordered) < len(r.Tasks) {
		return r.cycle(missing)
	}
	r.Tasks = ordered
	return nil
}

// readers are the tasks that read what the task writes, once for every input that does: the mirror of upstream.
func (t *TaskNode) readers() []*TaskNode {
	var out []*TaskNode
	for _, d := range append(t.written(), t.ConfigType) {
		for _, c := range d.Consumers {
			for _, e := range c.Inputs {
				if e.Type == d {
					out = append(out, c)
				}
			}
		}
	}
	return out
}
