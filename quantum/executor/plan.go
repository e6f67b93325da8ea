package executor

import (
	"math"

	"valet/quantum"
)

// Item is one quantum of a graph.
type Item struct {
	Task *quantum.Quanta
	Row  int
}

// Plan says which quanta are ready, in which order. It is pure: no goroutine, no I/O; its caller owns it.
//
// Tasks stand on levels: a task that reads what another one writes stands above it. A level starts when the one below is
// finished. On a level, tasks that read the same input datasets are taken together, data ID by data ID, so that an input is read
// once for all of them; with small inputs a few tasks at a time. The order of data IDs is quantum.RunOrder.
type Plan struct {
	levels  [][]*group
	level   int
	group   int
	running int
	left    int
	stopped bool
}

// An index of the registry begins with dataset type and detector. The more tasks are taken together, the fewer rows of a commit lie side
// by side in it, which costs more than reading a small file again: thirty tasks over files of 5 kB, five at a time, take a tenth
// less processor time than all together.
const (
	fewTogether = 5
	// smallInput is the size in bytes below which that holds.
	smallInput = 32 << 10
)

// together is the number of tasks over a table of inputs that are taken together at most.
func together(inputs *quantum.Datasets) int {
	if inputs.MeanSize() < smallInput {
		return fewTogether
	}
	return math.MaxInt
}

// group is a set of tasks that share their first input table.
type group struct {
	order quantum.RunOrder
	tasks []cursor
	// room is the number of tasks that may still join.
	room int
}

// cursor goes over the planned quanta of a task.
type cursor struct {
	*quantum.Quanta
	rows []int32
}

func newCursor(q *quantum.Quanta, o quantum.RunOrder) cursor { return cursor{q, o.Planned(q)} }

// NewPlan plans the quanta of a graph that are planned.
func NewPlan(g *quantum.Graph) *Plan {
	p := &Plan{left: g.Len()}
	levelOf := map[*quantum.Quanta]int{}
	byInput := map[*quantum.Datasets]*group{}
	for _, q := range g.Tasks {
		level := 0
		for _, in := range q.Inputs {
			if below, ok := levelOf[in.Producer]; ok {
				level = max(level, below+1)
			}
		}
		levelOf[q] = level
		for len(p.levels) <= level {
			p.levels = append(p.levels, nil)
		}
		var table *quantum.Datasets
		if level == 0 && len(q.Inputs) > 0 {
			table = q.Inputs[0].Existing
		}
		if have := byInput[table]; have != nil && have.room > 0 && have.tasks[0].DataIDs.Group() == q.DataIDs.Group() {
			have.tasks = append(have.tasks, newCursor(q, have.order))
			have.room--
			continue
		}
		order := quantum.NewRunOrder(q.DataIDs.Group())
		gr := &group{order: order, tasks: []cursor{newCursor(q, order)}}
		p.levels[level] = append(p.levels[level], gr)
		if table != nil {
			gr.room = together(table) - 1
			byInput[table] = gr
		}
	}
	return p
}

// Next appends up to max quanta to dst, the ready ones, which are marked running, and to blocked those whose input will never be
// written, which are marked blocked. Quanta of one data ID that share their input come together, so that a few more than max may
// come. None of either means that nothing is ready: because the plan is done, or until running quanta finish.
func (p *Plan) Next(dst []Item, max int) (ready, blocked []Item) {
	ready = dst
	for len(ready)-len(dst)+len(blocked) < max && !p.stopped && p.level < len(p.levels) {
		groups := p.levels[p.level]
		if p.group == len(groups) {
			if p.running > 0 {
				break
			}
			p.level, p.group = p.level+1, 0
			continue
		}
		first := groups[p.group].first()
		if first < 0 {
			p.group++
			continue
		}
		g := groups[p.group]
		leader, row := g.tasks[first].Quanta, int(g.tasks[first].rows[0])
		for i := range g.tasks {
			c := &g.tasks[i]
			if len(c.rows) == 0 || g.order.Compare(c.Quanta, int(c.rows[0]), leader, row) != 0 {
				continue
			}
			it := Item{c.Quanta, int(c.rows[0])}
			c.rows = c.rows[1:]
			if p.isBlocked(it) {
				c.States[it.Row] = quantum.Blocked
				p.left--
				blocked = append(blocked, it)
				continue
			}
			c.States[it.Row] = quantum.Running
			p.running++
			ready = append(ready, it)
		}
	}
	return ready, blocked
}

// first is the task whose next quantum is the first in the order, or -1.
func (g *group) first() int {
	best := -1
	for i, c := range g.tasks {
		if len(c.rows) > 0 && (best < 0 || g.order.Compare(c.Quanta, int(c.rows[0]), g.tasks[best].Quanta, int(g.tasks[best].rows[0])) < 0) {
			best = i
		}
	}
	return best
}

func (p *Plan) isBlocked(it Item) bool {
	for _, in := range it.Task.Inputs {
		if in.Producer == nil || in.Rows[it.Row] < 0 {
			continue
		}
		if s := in.Producer.States[in.Rows[it.Row]]; s == quantum.Failed || s == quantum.Blocked {
			return true
		}
	}
	return false
}

// Finish records how a running quantum ended.
func (p *Plan) Finish(it Item, s quantum.State) {
	it.Task.States[it.Row] = s
	p.running--
	p.left--
}

// Release takes running quanta back that were not finished.
func (p *Plan) Release(it Item) {
	it.Task.States[it.Row] = quantum.Planned
	p.running--
}

// Stop lets no further quantum become ready.
func (p *Plan) Stop() { p.stopped = true }

// Running is the number of quanta that were handed out and are not finished; Left is the number of all that are not finished.
func (p *Plan) Running() int { return p.running }

// Left is the number of quanta that have neither finished nor been blocked.
func (p *Plan) Left() int { return p.left }
