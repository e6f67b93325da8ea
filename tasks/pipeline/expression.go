package pipeline

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The language of --select-tasks (pipelines.md 1.8):
//
//	union        = intersection { "|" intersection }
//	intersection = term { "&" term }
//	term         = "~" term | "(" union ")" | [ "<" | "<=" | ">" | ">=" ] name
//	name         = [ "T:" | "D:" | "S:" ] identifier
//
// A name stands for a set of tasks: the task T:, the tasks of the subset S:, the producer of the dataset type D:. Without a letter
// it is the first of these that exists. < are the ancestors and > the descendants of a task or dataset type, with = itself too.

// maxNesting bounds parentheses and negations in each other.
const maxNesting = 200

// selectTasks keeps the tasks that the expression selects. Types that only other tasks wrote become overall inputs.
func (r *Resolved) selectTasks(text string) error {
	// Faults of the grammar come before those of names, wherever they are.
	if _, err := (&expression{text: text, graph: &Resolved{}, dry: true}).evaluate(); err != nil {
		return err
	}
	keep, err := (&expression{text: text, graph: r}).evaluate()
	if err != nil {
		return err
	}
	if len(keep) < len(r.Tasks) {
		r.cutTo(keep)
	}
	return nil
}

// cutTo removes all tasks but those of the labels, and the types that are then left alone.
func (r *Resolved) cutTo(keep map[string]bool) {
	r.selected = true
	var tasks []*TaskNode
	for _, t := range r.Tasks {
		if !keep[t.Label] {
			delete(r.byLabel, t.Label)
			continue
		}
		t.Index = len(tasks)
		tasks = append(tasks, t)
	}
	r.Tasks = tasks
	for name, d := range r.byName {
		var consumers []*TaskNode
		for _, c := range d.Consumers {
			if keep[c.Label] {
				consumers = append(consumers, c)
			}
		}
		d.Consumers = consumers
		if d.Producer != nil && !keep[d.Producer.Label] {
			d.Producer, d.StorageClass, d.Declared, d.Init = nil, "", nil, false
		}
		if d.Producer == nil && len(d.Consumers) == 0 && name != packagesName {
			delete(r.byName, name)
		}
	}
	r.listTypes()
}

// expression is the parser and evaluator: sets are small, so it needs no tree.
type expression struct {
	text  string
	graph *Resolved
	// token is the one at hand, at byte start, and empty at the end. name tells that it is a name, bad that it is nothing.
	token      string
	start, end int
	name, bad  bool
	// dry looks up no names: every one is the empty set.
	dry bool
}

func (e *expression) evaluate() (map[string]bool, error) {
	e.next()
	set, err := e.union(0)
	if err == nil && e.token != "" {
		err = e.unexpected()
	}
	return set, err
}

func (e *expression) next() {
	rest := strings.TrimLeftFunc(e.text[e.end:], unicode.IsSpace)
	e.start = len(e.text) - len(rest)
	e.name, e.bad = false, false
	n := 0
	switch {
	case rest == "":
	case strings.HasPrefix(rest, "<=") || strings.HasPrefix(rest, ">="):
		n = 2
	case strings.IndexByte("()|&~<>", rest[0]) >= 0:
		n = 1
	default:
		body := rest
		if len(rest) > 1 && rest[1] == ':' && strings.IndexByte("TDS", rest[0]) >= 0 {
			n, body = 2, rest[2:]
		}
		length := len(body) - len(strings.TrimLeftFunc(body, func(c rune) bool {
			return c == '_' || c == '-' || unicode.IsLetter(c) || unicode.IsDigit(c)
		}))
		n += length
		e.name = true
		if length == 0 {
			_, n = utf8.DecodeRuneInString(rest)
			e.bad, e.name = true, false
		}
	}
	e.token, e.end = rest[:n], e.start+n
}

func (e *expression) fault(format string, args ...any) *Error {
	return &Error{Class: invalidExpression, Pos: Pos{File: "--select-tasks " + shorten(e.text)}, Message: fmt.Sprintf(format, args...)}
}

func (e *expression) unexpected() error {
	column := utf8.RuneCountInString(e.text[:e.start]) + 1
	switch {
	case e.token == "":
		return e.fault("expression ended unexpectedly")
	case e.bad:
		return e.fault("column %d: no expression has %q", column, e.token)
	}
	return e.fault("column %d: syntax error near %q", column, e.token)
}

func (e *expression) union(depth int) (map[string]bool, error) {
	left, err := e.intersection(depth)
	for err == nil && e.token == "|" {
		e.next()
		var right map[string]bool
		if right, err = e.intersection(depth); err == nil {
			for label := range right {
				left[label] = true
			}
		}
	}
	return left, err
}

func (e *expression) intersection(depth int) (map[string]bool, error) {
	left, err := e.term(depth)
	for err == nil && e.token == "&" {
		e.next()
		var right map[string]bool
		if right, err = e.term(depth); err == nil {
			for label := range left {
				if !right[label] {
					delete(left, label)
				}
			}
		}
	}
	return left, err
}

func (e *expression) term(depth int) (map[string]bool, error) {
	if depth > maxNesting {
		return nil, e.fault("more than %d terms lie in each other", maxNesting)
	}
	operator := e.token
	switch operator {
	case "~":
		e.next()
		inner, err := e.term(depth + 1)
		if err != nil {
			return nil, err
		}
		set := map[string]bool{}
		for _, t := range e.graph.Tasks {
			if !inner[t.Label] {
				set[t.Label] = true
			}
		}
		return set, nil
	case "(":
		e.next()
		set, err := e.union(depth + 1)
		if err != nil {
			return nil, err
		}
		if e.token != ")" {
			return nil, e.unexpected()
		}
		e.next()
		return set, nil
	case "<", "<=", ">", ">=":
		e.next()
	default:
		operator = ""
	}
	if !e.name {
		return nil, e.unexpected()
	}
	set, err := e.find(operator)
	e.next()
	return set, err
}
