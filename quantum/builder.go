package quantum

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"valet/registry/dimension"
	"valet/registry/query"
	"valet/tasks/pipeline"
)

// Options of Build.
type Options struct {
	Collections *Collections
	// Where is the -d expression, nil for none.
	Where query.Expr
	Binds query.Binds
	// DataID gives further equality constraints, such as the pipeline's instrument.
	DataID map[string]any
	// Retained are the dataset types that were kept of what succeeded before; quanta that wrote others run again where these are needed.
	// nil says that all were kept.
	Retained map[string]bool
	// Clobber lets quanta replace what an earlier attempt left in the run.
	Clobber bool
	// Constraint says which inputs restrict the data IDs.
	Constraint Constraint
	// Choice restricts the graph to some quanta; nil does not.
	Choice *Choice
	// Now is the time of which quantum IDs are made.
	Now time.Time
	// Progress is told the number of rows read so far, from the building goroutine; nil is not.
	Progress func(rows int)
	// Phase is told of each part of the work when it is done, from the building goroutine; nil is not, and then nothing is measured.
	Phase func(Phase)
}

// Build builds the quantum graph of a resolved pipeline (pipelines.md 4.2-4.6). It only reads. Errors are those of the source,
// *ScalarError, *UnusedConstraintError and *OutputExistsError. An empty graph is no error: its notes say why.
func Build(ctx context.Context, src Source, p *pipeline.Resolved, o Options) (*Graph, error) {
	g := &Graph{Pipeline: p, Collections: o.Collections, Inputs: map[string]*Datasets{}, strings: &Strings{}}
	b := &builder{graph: g, src: src, opts: o, rowsOf: map[string]*rowFinder{}, byLabel: map[string]*Quanta{}, phases: newPhases(o.Phase)}
	for i, nodes := range p.Subgraphs() {
		if !b.chosen(nodes) {
			continue
		}
		b.note("", false, "Processing pipeline subgraph %d of %d with %d task(s).", i+1, len(p.Subgraphs()), len(nodes))
		if err := b.subgraph(ctx, nodes); err != nil {
			return nil, err
		}
	}
	for _, node := range p.Tasks {
		if q := b.byLabel[node.Label]; q != nil && q.Len() > 0 {
			g.Tasks = append(g.Tasks, q)
		} else {
			g.Dropped = append(g.Dropped, node.Label)
		}
	}
	if err := b.skipAndClobber(ctx); err != nil {
		return nil, err
	}
	b.findNoWork()
	b.summarize()
	b.phases.done("deciding", g.Len())
	return g, nil
}

type builder struct {
	graph   *Graph
	src     Source
	opts    Options
	rowsOf  map[string]*rowFinder // by dataset type
	byLabel map[string]*Quanta
	rows    int
	scratch []byte
	phases  phases
}

func (b *builder) note(task string, warning bool, format string, args ...any) {
	b.graph.Notes = append(b.graph.Notes, Note{task, warning, fmt.Sprintf(format, args...)})
}

// taskBuild is the state of one task while the rows of its subgraph are read.
type taskBuild struct {
	q         *Quanta
	positions []int            // of the task's dimensions in a row
	index     map[string]int32 // key of required values -> quantum; nil if every row is a new quantum
	inputs    []inputBuild
	outputs   []outputBuild
	// several are quanta that would write several datasets for one connection, if they have work.
	several map[int32]*ScalarError
}

type inputBuild struct {
	search    int    // index into Row.Datasets, or -1
	loose     *loose // where the input is looked for afterwards, or nil
	more      map[int32][]int32
	producer  *taskBuild // of an output of the same subgraph, or nil
	positions []int      // of the producer's dimensions in a row
}

type outputBuild struct {
	own       bool // the output's dimensions are the task's
	positions []int
}

// subgraph reads the rows of one independent part of the pipeline and projects each onto quanta and datasets.
func (b *builder) subgraph(ctx context.Context, nodes []*pipeline.TaskNode) error {
	s := Search{Collections: b.opts.Collections.Inputs, Where: b.opts.Where, Binds: b.opts.Binds, DataID: b.opts.DataID}
	var groups []*dimension.Group
	searchOf, looseOf, typeOf := map[string]int{}, map[string]*pipeline.DatasetType{}, map[string]*pipeline.DatasetType{}
	for _, n := range nodes {
		groups = append(groups, n.Dimensions)
		for _, e := range append(slices.Clone(n.Inputs), n.Outputs...) {
			groups = append(groups, e.Type.Dimensions)
		}
		for _, e := range n.Inputs {
			_, ok := searchOf[e.Type.Name]
			switch {
			case ok || e.Type.Producer != nil:
			case !b.opts.Constraint.holds(e.Type.Name):
				looseOf[e.Type.Name] = e.Type
			default:
				searchOf[e.Type.Name], typeOf[e.Type.Name] = len(s.Types), e.Type
				s.Types = append(s.Types, e.Type.Name)
			}
		}
	}
	if len(b.opts.Constraint.Types) > 0 && len(s.Types) == 0 {
		e := &UnusedConstraintError{Inputs: slices.Sorted(maps.Keys(looseOf))}
		for _, n := range nodes {
			e.Tasks = append(e.Tasks, n.Label)
		}
		return e
	}
	s.Dimensions = groups[0].Union(groups[1:]...)
	s.Where = and(s.Where, b.opts.Choice.near(nodes))
	looseInputs := map[string]*loose{}
	for name, t := range looseOf {
		looseInputs[name] = b.newLoose(t, s.Dimensions)
	}
	builds, err := b.prepare(nodes, s.Dimensions, searchOf, looseInputs)
	if err != nil {
		return err
	}
	b.note("", false, "Iterating over data ID query results.")
	found := make([]int32, len(s.Types))
	finders := make([]*rowFinder, len(s.Types))
	for i, name := range s.Types {
		finders[i] = b.rowsOf[name]
		finders[i].start(typeOf[name].Dimensions == s.Dimensions)
	}
	count := 0
	for row, err := range b.phases.search(ctx, b.src, s) {
		if err != nil {
			return err
		}
		for i := range row.Datasets {
			found[i] = finders[i].row(&row.Datasets[i])
		}
		for _, t := range builds {
			if err := b.project(t, row.DataID, found); err != nil {
				return err
			}
		}
		count++
		if b.rows++; b.opts.Progress != nil && b.rows%8192 == 0 {
			b.opts.Progress(b.rows)
		}
	}
	b.phases.searched("input query: "+strings.Join(s.Types, ", "), "joining")
	if count == 0 {
		err := b.explainEmpty(ctx, s, nodes)
		b.phases.done("explaining why there is nothing", 0)
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(looseInputs)) {
		if err := looseInputs[name].find(ctx, b); err != nil {
			return err
		}
	}
	for _, t := range builds {
		if err := t.settle(); err != nil {
			return err
		}
	}
	sortAll(builds)
	quanta := 0
	for _, t := range builds {
		t.q.findTaken()
		quanta += t.q.Len()
	}
	b.phases.done("sorting", quanta)
	return nil
}

func (b *builder) prepare(nodes []*pipeline.TaskNode, all *dimension.Group, searchOf map[string]int, looseInputs map[string]*loose) ([]*taskBuild, error) {
	var builds []*taskBuild
	byLabel := map[string]*taskBuild{}
	for _, n := range nodes {
		q := &Quanta{Task: n, DataIDs: newDataIDs(n.Dimensions, b.graph.strings), ids: newIDBlock(b.opts.Now)}
		t := &taskBuild{q: q, positions: project(all, n.Dimensions)}
		if n.Dimensions != all {
			t.index = map[string]int32{}
		}
		for i := range n.Inputs {
			e := &n.Inputs[i]
			in, col := inputBuild{search: -1}, InputColumn{Edge: e}
			if k, ok := searchOf[e.Type.Name]; ok {
				in.search, col.Existing = k, b.datasets(e.Type.Name)
			} else if l := looseInputs[e.Type.Name]; l != nil {
				in.loose, in.more, col.Existing = l, map[int32][]int32{}, b.datasets(e.Type.Name)
			} else {
				// Nodes are in topological order: the producer was prepared before.
				in.producer = byLabel[e.Type.Producer.Label]
				in.positions = project(all, e.Type.Producer.Dimensions)
				col.Producer = in.producer.q
				if in.producer.index == nil {
					in.producer.index = map[string]int32{}
				}
			}
			t.inputs, q.Inputs = append(t.inputs, in), append(q.Inputs, col)
		}
		for i := range n.Outputs {
			e := &n.Outputs[i]
			out, col := outputBuild{own: e.Type.Dimensions == n.Dimensions}, OutputColumn{Edge: e, DataIDs: q.DataIDs}
			if !out.own {
				out.positions = project(all, e.Type.Dimensions)
				col.DataIDs = newDataIDs(e.Type.Dimensions, b.graph.strings)
			}
			t.outputs, q.Outputs = append(t.outputs, out), append(q.Outputs, col)
		}
		builds, byLabel[n.Label], b.byLabel[n.Label] = append(builds, t), t, q
	}
	return builds, nil
}

func (b *builder) datasets(name string) *Datasets {
	d := b.graph.Inputs[name]
	if d == nil {
		d = &Datasets{Type: name, strings: b.graph.strings}
		b.graph.Inputs[name], b.rowsOf[name] = d, &rowFinder{table: d}
	}
	return d
}

// project adds what one row says about one task: its quantum, unless it is known, and the datasets seen with it.
func (b *builder) project(t *taskBuild, id dimension.DataID, found []int32) error {
	q := t.q
	i := int32(len(q.States))
	isNew := true
	if t.index != nil {
		b.scratch = q.DataIDs.key(b.scratch[:0], id, t.positions)
		if known, ok := t.index[string(b.scratch)]; ok {
			i, isNew = known, false
		} else {
			t.index[string(b.scratch)] = i
		}
	}
	if isNew {
		q.DataIDs.add(id, t.positions)
		q.States = append(q.States, Planned)
	}
	for c := range t.inputs {
		in, col := &t.inputs[c], &q.Inputs[c]
		row := int32(-1)
		switch {
		case in.search >= 0:
			row = found[in.search]
		case in.loose != nil:
			row, b.scratch = in.loose.place(id, b.scratch)
		default:
			b.scratch = in.producer.q.DataIDs.key(b.scratch[:0], id, in.positions)
			if k, ok := in.producer.index[string(b.scratch)]; ok {
				row = k
			}
		}
		switch {
		case isNew:
			col.Rows = append(col.Rows, row)
		case col.Rows[i] == row:
		case in.loose == nil:
			return t.scalar(col.Edge, i, false)
		case !slices.Contains(in.more[i], row):
			in.more[i] = append(in.more[i], row)
		}
	}
	for c := range t.outputs {
		out, col := &t.outputs[c], &q.Outputs[c]
		switch {
		case out.own:
		case isNew:
			col.DataIDs.add(id, out.positions)
		case col.DataIDs.same(int(i), id, out.positions):
		case !t.isLoose():
			return t.scalar(col.Edge, i, true)
		case t.several[i] == nil:
			if t.several == nil {
				t.several = map[int32]*ScalarError{}
			}
			t.several[i] = t.scalar(col.Edge, i, true)
		}
	}
	return nil
}
