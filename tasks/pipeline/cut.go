package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// expand resolves task labels and subset names to task labels that exist. Unknown are the names that are neither.
func (p *Pipeline) expand(names []string) (labels map[string]bool, unknown []string) {
	labels = map[string]bool{}
	for _, name := range names {
		if s := p.Subset(name); s != nil {
			for _, label := range s.Labels {
				if p.tasks.has(label) {
					labels[label] = true
				}
			}
		} else if p.tasks.has(name) {
			labels[name] = true
		} else {
			unknown = append(unknown, name)
		}
	}
	return labels, unknown
}

// keep removes all other tasks, the contracts that name a removed one, and from the subsets what they lost: the label if edit, else
// the whole subset and its step. Without edit empty subsets go as well.
func (p *Pipeline) keep(wanted func(label string) bool, edit bool) {
	var removed []string
	p.tasks.keep(func(label string, _ *Task) bool {
		if wanted(label) {
			return true
		}
		removed = append(removed, label)
		return false
	})
	p.Contracts = slices.DeleteFunc(p.Contracts, func(c Contract) bool {
		return slices.ContainsFunc(removed, func(label string) bool { return mentions(c.Expression, label) })
	})
	p.subsets.keep(func(_ string, s *Subset) bool {
		kept := slices.DeleteFunc(slices.Clone(s.Labels), func(label string) bool { return !p.tasks.has(label) })
		if !edit {
			return len(kept) == len(s.Labels) && len(kept) > 0
		}
		s.Labels = kept
		return true
	})
	p.steps.keep(func(label string, _ *Step) bool { return p.subsets.has(label) })
}

// mentions reports whether an expression has the label followed by a period, at the start of a word.
func mentions(expression, label string) bool {
	for at := 0; ; {
		i := strings.Index(expression[at:], label+".")
		if i < 0 {
			return false
		}
		if i += at; i == 0 || !wordByte(expression[i-1]) {
			return true
		}
		at = i + 1
	}
}

func wordByte(c byte) bool {
	return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// selectLabels cuts the pipeline down to a selector (pipelines.md 1.7).
func (l *Loader) selectLabels(p *Pipeline, selector string, pos Pos) error {
	if selector == "" {
		return nil
	}
	names := strings.Split(selector, ",")
	if strings.Contains(selector, "..") {
		if len(names) > 1 {
			return &Error{Class: "ValueError", Pos: pos, Message: "selector " + selector + " has a list of labels and a range",
				Advice: "give either a list of labels or a range"}
		}
		return l.selectRange(p, selector, pos)
	}
	labels, unknown := p.expand(names)
	if len(unknown) > 0 {
		err := &Error{Class: "ValueError", Pos: pos, Message: fmt.Sprintf(
			"not all selected labels are tasks or subsets of the pipeline, extra labels: %s", quoteAll(unknown))}
		return withNearest(err, append(p.Labels(), p.subsets.keys()...), unknown[0])
	}
	p.keep(func(label string) bool { return labels[label] }, false)
	return nil
}

// selectRange keeps what is downstream of the begin and upstream of the end, both included.
func (l *Loader) selectRange(p *Pipeline, selector string, pos Pos) error {
	begin, end, _ := strings.Cut(selector, "..")
	if strings.Contains(end, "..") {
		return &Error{Class: "ValueError", Pos: pos, Message: "selector " + selector + " has more than one range"}
	}
	for _, side := range []struct{ what, label string }{{"beginning", begin}, {"end", end}} {
		if side.label != "" && p.Task(side.label) == nil {
			err := &Error{Class: "ValueError", Pos: pos, Message: fmt.Sprintf("%s of range, %s, is not a task of the pipeline", side.what, side.label)}
			return withNearest(err, p.Labels(), side.label)
		}
	}
	if begin == "" && end == "" {
		return nil
	}
	r, err := p.link(l.Table, Options{Read: l.Read, Getenv: l.Getenv, IgnoreContracts: true, Warn: func(string) {}})
	if err != nil {
		return err
	}
	after, before := map[string]bool{}, map[string]bool{}
	if begin != "" {
		r.reach(after, r.byLabel[begin], (*TaskNode).downstream)
	}
	if end != "" {
		r.reach(before, r.byLabel[end], (*TaskNode).upstream)
	}
	p.keep(func(label string) bool {
		return (begin == "" || after[label]) && (end == "" || before[label])
	}, false)
	return nil
}

// quoteAll lists names for a message.
func quoteAll(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(out, ", ")
}
