package pipeline

import "strings"

// find is the set that the name at hand stands for under the operator, which may be empty.
func (e *expression) find(operator string) (map[string]bool, error) {
	if e.dry {
		return map[string]bool{}, nil
	}
	kind, name := "", e.token
	if k, n, ok := strings.Cut(e.token, ":"); ok {
		kind, name = k, n
	}
	r := e.graph
	set := map[string]bool{}
	task, subset, dataset := r.byLabel[name], r.Pipeline.Subset(name), r.byName[name]
	if name == packagesName {
		dataset = nil
	}
	switch {
	case task != nil && (kind == "" || kind == "T"):
		switch {
		case operator == "":
			set[name] = true
		case operator[0] == '<':
			r.reach(set, task, (*TaskNode).upstream)
		default:
			r.reach(set, task, (*TaskNode).downstream)
		}
		if operator == "<" || operator == ">" {
			delete(set, name)
		}
	case subset != nil && (kind == "" || kind == "S"):
		if operator != "" {
			return nil, e.fault("subset %q cannot be the start of %s, which needs a task or dataset type", name, operator)
		}
		for _, label := range subset.Labels {
			set[label] = true
		}
	case dataset != nil && (kind == "" || kind == "D"):
		if dataset.Init {
			return nil, e.fault("%q is written once a run and cannot be used in an expression", name)
		}
		e.around(set, dataset, operator)
	default:
		what := map[string]string{"": "task, subset or dataset type", "T": "task", "S": "subset", "D": "dataset type"}[kind]
		return nil, withNearest(e.fault("there is no %s %q", what, name), e.names(kind), name)
	}
	return set, nil
}

// around is the producer of a dataset type, what is before it, or what is after it.
func (e *expression) around(set map[string]bool, d *DatasetType, operator string) {
	r := e.graph
	switch {
	case strings.HasPrefix(operator, "<") && d.Producer != nil:
		r.reach(set, d.Producer, (*TaskNode).upstream)
		if operator == "<" {
			delete(set, d.Producer.Label)
		}
	case strings.HasPrefix(operator, ">"):
		for _, c := range d.Consumers {
			r.reach(set, c, (*TaskNode).downstream)
		}
	}
	if d.Producer != nil && operator != "<" && operator != ">" {
		set[d.Producer.Label] = true
	}
}

// names are the names that could have been meant.
func (e *expression) names(kind string) []string {
	var out []string
	if kind == "" || kind == "T" {
		for _, t := range e.graph.Tasks {
			out = append(out, t.Label)
		}
	}
	if kind == "" || kind == "S" {
		out = append(out, e.graph.Pipeline.subsets.keys()...)
	}
	if kind == "" || kind == "D" {
		for _, d := range e.graph.DatasetTypes {
			out = append(out, d.Name)
		}
	}
	return out
}
