package pipeline

import "slices"

// cycle finds a cycle among the tasks that could not be ordered.
func (r *Resolved) cycle(missing map[*TaskNode]int) error {
	var path []*TaskNode // each reads what the next writes
	var types []string
	for t := r.Tasks[slices.IndexFunc(r.Tasks, func(t *TaskNode) bool { return missing[t] > 0 })]; ; {
		if i := slices.Index(path, t); i >= 0 {
			path, types = append(path[i:], t), types[i:]
			break
		}
		path = append(path, t)
		// One that could not be ordered has a producer that could not.
		i := slices.IndexFunc(t.Inputs, func(e Edge) bool { return e.Type.Producer != nil && missing[e.Type.Producer] > 0 })
		types = append(types, t.Inputs[i].Type.Name)
		t = t.Inputs[i].Type.Producer
	}
	e := &CycleError{Path: []string{path[len(path)-1].Label}, Pos: path[len(path)-1].pos}
	for i := len(types) - 1; i >= 0; i-- {
		e.Path = append(e.Path, types[i], path[i].Label)
	}
	return e
}
