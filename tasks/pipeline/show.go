package pipeline

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"valet/tasks"
)

// Show writes the --show items that need no resolution: pipeline and subsets. It reports false for all others.
func (p *Pipeline) Show(w io.Writer, item string) (handled bool, err error) {
	switch item {
	case "pipeline":
		_, err = w.Write(append(p.AppendYAML(nil), '\n'))
	case "subsets":
		err = p.showSubsets(w)
	default:
		return false, nil
	}
	return true, err
}

// Show writes one --show item as pipetask does: pipeline, config[=[task::]pattern[:NOIGNORECASE]], dump-config[=task], tasks,
// subsets, inputs, pipeline-graph[=dot|mermaid], task-graph. It reports false for items that it does not know, such as those of the quantum graph.
func (r *Resolved) Show(w io.Writer, item string) (handled bool, err error) {
	b := bufio.NewWriter(w)
	name, argument, _ := strings.Cut(item, "=")
	switch name {
	case "pipeline":
		if r.selected {
			return true, &Error{Class: "RuntimeError", Message: "--select-tasks cannot be used together with --show pipeline or -s: it works on the graph, not on the YAML",
				Advice: "select by PIPELINE#LABELS"}
		}
		_, err = r.Pipeline.Show(b, item)
	case "config":
		err = r.showConfig(b, argument)
	case "dump-config":
		err = r.dumpConfig(b, argument)
	case "tasks":
		for _, t := range r.Tasks {
			fmt.Fprintf(b, "### Subtasks for task `%s'\n", t.Class.Name)
		}
	case "subsets":
		err = r.Pipeline.showSubsets(b)
	case "inputs":
		for _, d := range r.OverallInputs() {
			fmt.Fprintf(b, "%s %s %s\n", d.Name, setOf(d.Dimensions, d.Declared), d.StorageClass)
		}
	case "pipeline-graph":
		switch argument {
		case "":
			err = r.WriteText(b, true)
		case "dot":
			err = r.WriteDot(b)
		case "mermaid":
			err = r.WriteMermaid(b)
		default:
			err = &Error{Class: "ValueError", Message: "--show pipeline-graph=" + argument + ": unknown form", Advice: "forms are dot and mermaid; none is text"}
		}
	case "task-graph":
		err = r.WriteText(b, false)
	default:
		return false, nil
	}
	if flushErr := b.Flush(); err == nil {
		err = flushErr
	}
	return true, err
}

func (p *Pipeline) showSubsets(w io.Writer) error {
	var b strings.Builder
	for _, s := range p.Subsets() {
		fmt.Fprintf(&b, "%s:\n", s.Name)
		for _, label := range slices.Sorted(slices.Values(s.Labels)) {
			fmt.Fprintf(&b, "  - %s\n", label)
		}
	}
	if b.Len() == 0 {
		b.WriteByte('\n') // as pipetask does
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// named are the tasks that a label asks for: one, or all for no label.
func (r *Resolved) named(label string) ([]*TaskNode, error) {
	if label == "" {
		return r.Tasks, nil
	}
	t := r.byLabel[label]
	if t == nil {
		labels := make([]string, len(r.Tasks))
		for i, t := range r.Tasks {
			labels[i] = t.Label
		}
		return nil, withNearest(&Error{Class: "ValueError", Message: fmt.Sprintf("pipeline has no tasks named %q", label)}, labels, label)
	}
	return []*TaskNode{t}, nil
}

func (r *Resolved) dumpConfig(w io.Writer, label string) error {
	all, err := r.named(label)
	for _, t := range all {
		fmt.Fprintf(w, "### Configuration for task `%s'\n%s", t.Label, t.Config.AppendSaved(nil))
	}
	return err
}

// showConfig prints the fields whose dotted name matches a shell pattern.
func (r *Resolved) showConfig(w io.Writer, argument string) error {
	label, pattern, ok := strings.Cut(argument, "::")
	if !ok {
		label, pattern = "", argument
	}
	fold := true
	if exact, ok := strings.CutSuffix(pattern, ":NOIGNORECASE"); ok {
		pattern, fold = exact, false
	}
	pattern = strings.TrimPrefix(pattern, "config.")
	if pattern == "" {
		pattern = "*"
	}
	all, err := r.named(label)
	if err != nil {
		return err
	}
	if fold && strings.ToLower(pattern) != pattern {
		fmt.Fprintf(w, "Matching %q without regard to case (append :NOIGNORECASE to prevent this)\n", pattern)
	}
	for _, t := range all {
		fmt.Fprintf(w, "### Configuration for task `%s'\n", t.Label)
		for _, block := range savedFields(t.Config) {
			name := block.name
			if fold {
				name, pattern = strings.ToLower(name), strings.ToLower(pattern)
			}
			if match(pattern, name) {
				fmt.Fprint(w, block.text)
			}
		}
	}
	return nil
}

// savedField is the part of a saved config that sets one field: comments, value, empty line.
type savedField struct{ name, text string }

// savedFields cuts the saved form of a config into its fields.
func savedFields(c *tasks.Config) []savedField {
	class := c.Class()
	rest := string(c.AppendSaved(nil))
	var out []savedField
	for i := range class.Fields {
		f := &class.Fields[i]
		if f.Unsaved {
			continue
		}
		at := strings.Index(rest, "\nconfig."+f.Name+"=")
		end := strings.Index(rest[at+1:], "\n\n")
		if at < 0 || end < 0 {
			continue
		}
		end += at + 3
		start := at + 1
		for start > 0 {
			// Take the comment lines before it.
			line := strings.LastIndexByte(rest[:start-1], '\n') + 1
			if !strings.HasPrefix(rest[line:], "#") {
				break
			}
			start = line
		}
		out = append(out, savedField{f.Name, rest[start:end]})
		rest = rest[end-1:]
	}
	return out
}

// match reports whether a text matches a shell pattern with *, ? and [sets] over all its length. Unlike a path, a period is nothing
// special. It takes time of the product of both lengths at most.
func match(pattern, s string) bool {
	star, from := -1, 0
	p, i := 0, 0
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			star, from = p, i
			p++
			continue
		}
		if n := matchOne(pattern[p:], s[i]); n > 0 {
			p, i = p+n, i+1
			continue
		}
		if star < 0 {
			return false
		}
		from++
		p, i = star+1, from
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchOne is the length of the element of the pattern that the byte matches, or 0.
func matchOne(pattern string, c byte) int {
	if pattern == "" {
		return 0
	}
	switch pattern[0] {
	case '?':
		return 1
	case '[':
		if n, ok := matchSet(pattern, c); n > 0 {
			if ok {
				return n
			}
			return 0
		}
	}
	if pattern[0] == c {
		return 1
	}
	return 0
}

// matchSet reads a set such as [a-z_] or [!0-9]. Its length is 0 if it does not end: the bracket is then a character.
func matchSet(pattern string, c byte) (length int, ok bool) {
	set := pattern[1:]
	negated := strings.HasPrefix(set, "!")
	if negated {
		set = set[1:]
	}
	end := strings.IndexByte(set[min(1, len(set)):], ']') + 1
	if end <= 0 {
		return 0, false
	}
	length = len(pattern) - len(set) + end + 1
	set = set[:end]
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' {
			ok = ok || set[i] <= c && c <= set[i+2]
			i += 2
		} else {
			ok = ok || set[i] == c
		}
	}
	return length, ok != negated
}
