package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"valet/quantum/ledger"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// quantumArgument is a quantum as a command line names it: a task and DIMENSION=VALUE words.
type quantumArgument struct {
	label string
	given map[string]any
}

// parseQuantum reads TASK DIMENSION=VALUE...
func parseQuantum(cmd *cobra.Command, args []string) (*quantumArgument, error) {
	q := &quantumArgument{label: args[0], given: map[string]any{}}
	for _, pair := range args[1:] {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			e := usagef(cmd, "%q is not DIMENSION=VALUE", pair)
			e.Advice = "a data ID is given as visit=42 detector=3"
			return nil, e
		}
		if _, twice := q.given[key]; twice {
			return nil, usagef(cmd, "%s is given twice", key)
		}
		q.given[key] = value
	}
	return q, nil
}

// taskGroup are the dimensions of a task of the run. The error of an unknown one names the task that may be meant.
func (r *recordedRun) taskGroup(ctx context.Context, label string) (*dimension.Group, error) {
	groups := map[string][]string{}
	if r.derived {
		labels, err := ledger.Labels(ctx, r.Registry, r.name)
		if err != nil {
			return nil, err
		}
		for _, known := range labels {
			groups[known] = nil
		}
		if _, ok := groups[label]; ok {
			for _, suffix := range []string{"_metadata", "_log"} {
				if t, err := r.Registry.DatasetType(ctx, label+suffix); err == nil {
					groups[label] = t.Dimensions.Names()
					break
				}
			}
		}
	} else {
		s, err := r.ledger.Status(ctx, r.name)
		if err != nil {
			return nil, err
		}
		for _, t := range s.Tasks {
			groups[t.Label] = t.Dimensions
		}
	}
	names, ok := groups[label]
	if !ok {
		e := &classError{class: "KeyError", reason: fmt.Sprintf("run %s has no task %q", r.name, label)}
		labels := slices.Sorted(maps.Keys(groups))
		if near := nearest(label, labels); near != "" {
			e.hint = fmt.Sprintf("did you mean %s?", near)
		} else if len(labels) > 0 {
			e.hint = "its tasks are " + quoteList(labels)
		} else {
			e.hint = "it has no tasks"
		}
		return nil, e
	}
	return r.Registry.Universe().Group(names...)
}

// dataID finds the data ID of a quantum: keys may be those of 'valet get', and an instrument that is the only one need not be given.
func (r *recordedRun) dataID(ctx context.Context, q *quantumArgument) (dimension.DataID, error) {
	g, err := r.taskGroup(ctx, q.label)
	if err != nil {
		return dimension.DataID{}, err
	}
	given := maps.Clone(q.given)
	u := r.Registry.Universe()
	for key, text := range given {
		d := u.Dimension(key)
		given[key] = typedValue(u, key, text.(string))
		if d != nil && !g.Has(key) {
			return dimension.DataID{}, &dataIDError{Task: q.label, Group: g, Reason: fmt.Sprintf("%q is no dimension of task %s", key, q.label)}
		}
	}
	if err := r.onlyGovernors(ctx, g, given); err != nil {
		return dimension.DataID{}, err
	}
	values, err := r.Registry.ResolveDataID(ctx, &dataset.Type{Name: q.label, Dimensions: g}, given)
	if err != nil {
		return dimension.DataID{}, &dataIDError{Task: q.label, Group: g, Reason: err.Error(), Err: err}
	}
	required := make([]dimension.Value, len(g.Required))
	for i, d := range g.Required {
		x, ok := values[d.Name]
		if !ok {
			return dimension.DataID{}, &dataIDError{Task: q.label, Group: g, Reason: "the data ID has no " + d.Name}
		}
		if required[i], err = d.ConvertValue(x); err != nil {
			return dimension.DataID{}, &dataIDError{Task: q.label, Group: g, Reason: err.Error(), Err: err}
		}
	}
	return dimension.NewDataID(g, required), nil
}

// onlyGovernors adds the values of governor dimensions that have but one: in the run or, if that has no datasets yet, in the repository.
func (r *recordedRun) onlyGovernors(ctx context.Context, g *dimension.Group, given map[string]any) error {
	for _, d := range g.Governors() {
		if given[d.Name] != nil {
			continue
		}
		var values []string
		if held, err := r.Registry.Governors(ctx, r.name); err == nil {
			values = held[d.Name]
		}
		if len(values) == 0 {
			for row, err := range r.Registry.Select(ctx, registry.Query{Dimensions: d.Group(), Limit: 2}) {
				if err != nil {
					return err
				}
				values = append(values, row.DataID.Get(d.Name).Text())
			}
		}
		if len(values) == 1 {
			given[d.Name] = values[0]
		}
	}
	return nil
}

// dataIDError says that a data ID is not one of a task.
type dataIDError struct {
	Task   string
	Group  *dimension.Group
	Reason string
	Err    error
}

func (e *dataIDError) Error() string { return e.Reason }

func (e *dataIDError) Unwrap() error { return e.Err }

// ClassName is upstream's exception.
func (e *dataIDError) ClassName() string {
	if e.Err != nil {
		if name := className(e.Err); name != "" {
			return name
		}
	}
	return "lsst.daf.butler._exceptions.DimensionNameError"
}

// Hint shows the form of the task's data IDs.
func (e *dataIDError) Hint() string {
	var words []string
	for _, d := range e.Group.Required {
		words = append(words, d.Name+"=VALUE")
	}
	return fmt.Sprintf("a quantum of %s is given as %s", e.Task, strings.Join(words, " "))
}

// attempts are those at a quantum, the oldest first.
func (r *recordedRun) attempts(ctx context.Context, label string, id dimension.DataID) ([]*ledger.Attempt, error) {
	if r.derived {
		return ledger.DeriveQuantum(ctx, r.Butler, r.name, label, id)
	}
	return r.ledger.Attempts(ctx, r.name, label, id)
}
