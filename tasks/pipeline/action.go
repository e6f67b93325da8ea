package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// ActionKind is the kind of a command-line action on a pipeline.
type ActionKind uint8

// The kinds, each with the text it takes.
const (
	AddTask       ActionKind = iota + 1 // -t CLASS[:LABEL]
	DeleteTask                          // --delete LABEL
	SetConfig                           // -c LABEL:FIELD=VALUE
	ConfigFile                          // -C LABEL:FILE[,LABEL:FILE...]
	SetInstrument                       // --instrument CLASS
)

// option is the option that an action is given by.
func (k ActionKind) option() string {
	switch k {
	case AddTask:
		return "-t"
	case DeleteTask:
		return "--delete"
	case SetConfig:
		return "-c"
	case ConfigFile:
		return "-C"
	case SetInstrument:
		return "--instrument"
	}
	return fmt.Sprintf("action %d", k)
}

// Action is one command-line option that changes the pipeline. All options of a command make one list in command-line order.
type Action struct {
	Kind ActionKind
	Text string
}

// pos is where errors of an action are.
func (a Action) pos() Pos { return Pos{File: a.Kind.option() + " " + a.Text} }

// Apply changes the pipeline by the actions from left to right (pipelines.md 1.8). Errors are *Error.
func (l *Loader) Apply(p *Pipeline, actions []Action) error {
	for _, a := range actions {
		if err := l.apply(p, a); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loader) apply(p *Pipeline, a Action) error {
	switch a.Kind {
	case AddTask:
		return l.addTask(p, a)
	case DeleteTask:
		return p.deleteTask(a)
	case SetConfig:
		return p.setConfig(a)
	case ConfigFile:
		return p.configFiles(a)
	case SetInstrument:
		p.Instrument, p.InstrumentPos = a.Text, a.pos()
		return nil
	}
	return &Error{Class: "ValueError", Pos: a.pos(), Message: "unknown action on a pipeline"}
}

// addTask adds a task, or replaces one with all its config.
func (l *Loader) addTask(p *Pipeline, a Action) error {
	class, label, _ := strings.Cut(a.Text, ":")
	if label == "" {
		c, err := l.Table.Find(class)
		if err != nil {
			return &Error{Class: className(err, "ModuleNotFoundError"), Pos: a.pos(), Cause: err}
		}
		label = c.DefaultLabel
	}
	if err := checkReserved(label, a.pos()); err != nil {
		return err
	}
	if p.Subset(label) != nil {
		return &Error{Class: "ValueError", Pos: a.pos(), Message: fmt.Sprintf("label %q is the name of a subset", label), Advice: "give the task another label"}
	}
	p.tasks.set(label, &Task{Label: label, Class: class, Pos: a.pos()})
	return nil
}

// deleteTask removes a task from the pipeline and from its subsets. A contract that names it stays, and will fail.
func (p *Pipeline) deleteTask(a Action) error {
	if p.Task(a.Text) == nil {
		return p.noTask(a, a.Text, "KeyError")
	}
	p.tasks.keep(func(label string, _ *Task) bool { return label != a.Text })
	for _, s := range p.Subsets() {
		s.Labels = slices.DeleteFunc(s.Labels, func(label string) bool { return label == a.Text })
	}
	return nil
}

func (p *Pipeline) noTask(a Action, label, class string) error {
	err := &Error{Class: class, Pos: a.pos(), Message: fmt.Sprintf("there are no tasks labeled %q in the pipeline", label)}
	return withNearest(err, p.Labels(), label)
}

// setConfig adds LABEL:FIELD=VALUE. Values may hold any character; fields hold no equals sign, and no colon.
func (p *Pipeline) setConfig(a Action) error {
	left, value, _ := strings.Cut(a.Text, "=")
	colon := strings.LastIndexByte(left, ':')
	if colon <= 0 || colon == len(left)-1 || value == "" {
		return &Error{Class: "TypeError", Pos: a.pos(), Message: "unrecognized syntax of a config override", Advice: "write -c LABEL:FIELD=VALUE"}
	}
	label, field := left[:colon], left[colon+1:]
	if label == reserved {
		p.parameters.set(field, Parameter{Name: field, Value: value, Pos: a.pos()})
		return nil
	}
	t := p.Task(label)
	if t == nil {
		return p.noTask(a, label, "LookupError")
	}
	pair := Pair{Field: field, Value: value, Pos: a.pos()}
	// Like upstream, put pairs that do not conflict into one entry.
	if n := len(t.Entries); n > 0 && t.Entries[n-1].takes(field) {
		last := &t.Entries[n-1]
		last.Pairs = append(slices.Clip(last.Pairs), pair)
		return nil
	}
	t.Entries = append(t.Entries, Entry{Pos: a.pos(), Pairs: []Pair{pair}})
	return nil
}

// takes reports whether a pair can join the entry without changing what either means.
func (e *Entry) takes(field string) bool {
	return len(e.Files) == 0 && e.Python == "" && !e.DataID && len(e.Pairs) > 0 &&
		!slices.ContainsFunc(e.Pairs, func(p Pair) bool { return p.Field == field })
}

// configFiles adds files, each to its task.
func (p *Pipeline) configFiles(a Action) error {
	for part := range strings.SplitSeq(a.Text, ",") {
		colon := strings.LastIndexByte(part, ':')
		if colon <= 0 || colon == len(part)-1 {
			return &Error{Class: "TypeError", Pos: a.pos(), Message: fmt.Sprintf("unrecognized syntax of a config file %q", part),
				Advice: "write -C LABEL:FILE[,LABEL:FILE...]"}
		}
		label, file := part[:colon], part[colon+1:]
		if label == reserved {
			return &Error{Class: "ValueError", Pos: a.pos(), Message: "parameters cannot be set by a config file", Advice: "use -c parameters:NAME=VALUE"}
		}
		t := p.Task(label)
		if t == nil {
			return p.noTask(a, label, "LookupError")
		}
		t.Entries = append(t.Entries, Entry{Pos: a.pos(), Files: []FileRef{{Path: file, Pos: a.pos()}}})
	}
	return nil
}
