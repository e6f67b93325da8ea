package pipeline

import (
	"fmt"
	"slices"
)

// merger merges imported pipelines in order, then the importing file over them (pipelines.md 1.4).
type merger struct {
	own     *Pipeline
	imports Pipeline
}

// add merges one more import.
func (m *merger) add(p *Pipeline, pos Pos) error {
	into := &m.imports
	var twice []string
	for _, t := range p.Tasks() {
		if into.tasks.has(t.Label) {
			twice = append(twice, t.Label)
		}
	}
	if len(twice) > 0 {
		return &Error{Class: "ValueError", Pos: pos,
			Message: fmt.Sprintf("task labels of imported pipelines must be unique, these appear more than once: %s", quoteAll(twice)),
			Advice:  "use exclude or rename in one of the imports"}
	}
	for _, s := range p.Subsets() {
		if into.subsets.has(s.Name) || into.tasks.has(s.Name) {
			twice = append(twice, s.Name)
		}
	}
	for _, t := range p.Tasks() {
		if into.subsets.has(t.Label) {
			twice = append(twice, t.Label)
		}
	}
	if len(twice) > 0 {
		return &Error{Class: "ValueError", Pos: pos,
			Message: fmt.Sprintf("subset names of imports must be unique among their labels and subsets, these are not: %s", quoteAll(twice))}
	}
	for _, t := range p.Tasks() {
		into.tasks.set(t.Label, t)
	}
	for _, s := range p.Subsets() {
		into.subsets.set(s.Name, s)
	}
	for _, v := range p.Parameters() {
		into.parameters.set(v.Name, v)
	}
	into.Contracts = append(into.Contracts, p.Contracts...)
	if err := into.addSteps(p.Steps()); err != nil {
		return err
	}
	return into.addInstrument(p, pos)
}

func (p *Pipeline) addSteps(steps []*Step) error {
	for _, s := range steps {
		if old, ok := p.steps.get(s.Label); ok && !slices.Equal(old.Dimensions, s.Dimensions) {
			return &Error{Class: "ValueError", Pos: s.Pos,
				Message: fmt.Sprintf("step %q has dimensions %v here and %v at %s", s.Label, s.Dimensions, old.Dimensions, old.Pos)}
		} else if !ok {
			p.steps.set(s.Label, s)
		}
	}
	return nil
}

func (p *Pipeline) addInstrument(from *Pipeline, pos Pos) error {
	switch {
	case from.Instrument == "":
	case p.Instrument == "":
		p.Instrument, p.InstrumentPos = from.Instrument, from.InstrumentPos
	case p.Instrument != from.Instrument:
		return &Error{Class: "ValueError", Pos: pos, Message: fmt.Sprintf(
			"only one instrument can be declared in a pipeline and its imports, here are %s (%s) and %s (%s)",
			p.Instrument, p.InstrumentPos, from.Instrument, from.InstrumentPos), Advice: "give the import an `instrument:` of its own, None for none"}
	}
	return nil
}

// merge lays the importing file over its imports.
func (m *merger) merge() (*Pipeline, error) {
	p, own := &m.imports, m.own
	p.Description = own.Description
	for _, t := range own.Tasks() {
		if old := p.Task(t.Label); old != nil && old.Class == t.Class {
			old.Entries = append(old.Entries, t.Entries...)
			continue
		}
		p.tasks.set(t.Label, t)
	}
	for _, s := range own.Subsets() {
		p.subsets.set(s.Name, s)
	}
	for _, v := range own.Parameters() {
		p.parameters.set(v.Name, v)
	}
	p.Contracts = append(own.Contracts, p.Contracts...)
	if err := p.addSteps(own.Steps()); err != nil {
		return nil, err
	}
	return p, p.addInstrument(own, own.InstrumentPos)
}

// checkNames checks what can be known only of a merged pipeline: that the labels of subsets and steps exist and mean one thing.
func (p *Pipeline) checkNames() error {
	for _, s := range p.Subsets() {
		if p.tasks.has(s.Name) {
			return &Error{Class: "ValueError", Pos: s.Pos, Message: fmt.Sprintf("subset %q has the label of a task", s.Name), Advice: "rename the subset"}
		}
		for _, label := range s.Labels {
			if !p.tasks.has(label) {
				return withNearest(&Error{Class: "ValueError", Pos: s.Pos,
					Message: fmt.Sprintf("label %q of subset %q was not found in the pipeline", label, s.Name)}, p.Labels(), label)
			}
		}
	}
	for _, s := range p.Steps() {
		if !p.subsets.has(s.Label) {
			return withNearest(&Error{Class: "ValueError", Pos: s.Pos,
				Message: fmt.Sprintf("%s was declared to be a step, but was not declared to be a labeled subset", s.Label)}, p.subsets.keys(), s.Label)
		}
	}
	return nil
}
