package pipeline

import (
	"fmt"
	"slices"
)

// stepOf is the place among the steps of every task that a step holds.
func (p *Pipeline) stepOf() map[string]int {
	out := map[string]int{}
	for i, s := range p.Steps() {
		for _, label := range p.Subset(s.Label).Labels {
			if _, ok := out[label]; !ok {
				out[label] = i
			}
		}
	}
	return out
}

// checkSteps checks that the steps, if there are any, hold every task once, do not feed earlier ones, and shard along dimensions that
// their tasks have. Runs do not use steps, but upstream refuses a pipeline with wrong ones.
func (r *Resolved) checkSteps(opts *Options) error {
	steps := r.Pipeline.Steps()
	if len(steps) == 0 {
		return nil
	}
	in := map[string]int{}
	for i, s := range steps {
		fault := func(class, format string, args ...any) *Error {
			return &Error{Class: class, Pos: s.Pos, Message: fmt.Sprintf("step %q: ", s.Label) + fmt.Sprintf(format, args...)}
		}
		dimensions, err := opts.group(s.Dimensions)
		if err != nil {
			e := fault("KeyError", "its dimensions")
			e.Cause = err
			return e
		}
		for _, label := range r.Pipeline.Subset(s.Label).Labels {
			if earlier, ok := in[label]; ok {
				return fault(invalidSteps, "it repeats task %s of step %q", label, steps[earlier].Label)
			}
			in[label] = i
			if t := r.byLabel[label]; dimensions != nil && !t.Dimensions.Contains(dimensions) {
				return fault(invalidSteps, "dimensions %s of task %s are not compatible with its sharding dimensions %s", t.Dimensions, label, dimensions)
			}
		}
	}
	for _, t := range r.Tasks {
		step, ok := in[t.Label]
		if !ok {
			return &Error{Class: invalidSteps, Pos: steps[len(steps)-1].Pos, Task: t.Label, Message: "no step contains the task",
				Advice: "add the task to the subset of a step, or remove the steps"}
		}
		for _, d := range append(t.written(), t.ConfigType) {
			if i := slices.IndexFunc(d.Consumers, func(c *TaskNode) bool { return in[c.Label] < step }); i >= 0 {
				return &Error{Class: invalidSteps, Pos: steps[step].Pos, Task: t.Label, Message: fmt.Sprintf(
					"it writes %s in step %q, but task %s reads it in an earlier step", d.Name, steps[step].Label, d.Consumers[i].Label),
					Advice: "change the order of the steps"}
			}
		}
	}
	return nil
}
