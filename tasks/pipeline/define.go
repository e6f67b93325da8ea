package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"valet/registry/dimension"
)

// group expands declared dimensions, or is nil without a universe.
func (o *Options) group(names []string) (*dimension.Group, error) {
	if o.Universe == nil {
		return nil, nil
	}
	g, err := o.Universe.Group(names...)
	if err != nil {
		return nil, &Error{Class: "KeyError", Cause: err}
	}
	return g, nil
}

// sameDimensions compares declared dimensions: expanded with a universe, else as sets of names.
func (o *Options) sameDimensions(a, b []string) (bool, error) {
	if o.Universe == nil {
		return slices.Equal(sortedSet(a), sortedSet(b)), nil
	}
	x, err := o.group(a)
	if err != nil {
		return false, err
	}
	y, err := o.group(b)
	return x == y, err
}

func sortedSet(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }

// show is a definition as upstream prints it.
func (o *Options) show(name string, dimensions []string, storageClass string) string {
	set := "{" + strings.Join(sortedSet(dimensions), ", ") + "}"
	if g, err := o.group(dimensions); err == nil && g != nil {
		set = g.String()
	}
	return fmt.Sprintf("DatasetType('%s', %s, %s)", name, set, storageClass)
}

// define gives every dataset type its definition and checks what each task declares against it (pipelines.md 3.2).
func (r *Resolved) define(opts *Options) error {
	for _, t := range r.Tasks {
		var err error
		if t.Dimensions, err = opts.group(t.Connections.Dimensions); err != nil {
			return at(err, t)
		}
	}
	for _, d := range r.DatasetTypes {
		if err := d.define(opts); err != nil {
			return err
		}
	}
	return nil
}

// at says which task an error belongs to.
func at(err error, t *TaskNode) error {
	var e *Error
	if errors.As(err, &e) {
		if e.Pos.IsZero() {
			e.Pos = t.pos
		}
		if e.Task == "" {
			e.Task = t.Label
		}
	}
	return err
}

// define takes the definition of the repository, else of the producer, else of the consumers, who then must agree.
func (d *DatasetType) define(opts *Options) error {
	produced := Edge{Type: d, StorageClass: d.StorageClass, dimensions: d.Declared}
	source := "packages"
	var first *Edge
	if d.Producer != nil {
		source = fmt.Sprintf("producing task '%s'", d.Producer.Label)
	} else if len(d.Consumers) > 0 {
		first = d.Consumers[0].input(d)
		source = fmt.Sprintf("consuming task(s) ['%s']", d.Consumers[0].Label)
		d.StorageClass, d.Declared = first.StorageClass, first.dimensions
	}
	if opts.Registered != nil {
		known, ok, err := opts.Registered(d.Name)
		if err != nil {
			return &Error{Class: className(err, "RuntimeError"), Message: fmt.Sprintf("look up dataset type %q", d.Name), Cause: err}
		}
		if ok {
			d.Registered, first = true, nil
			d.StorageClass, d.Declared = known.StorageClass, known.Dimensions
			source = "data repository"
			if d.Producer != nil || d.Init {
				if err := d.checkOutput(&produced, known, opts); err != nil {
					return err
				}
			}
		}
	}
	for _, c := range d.Consumers {
		for i := range c.Inputs {
			if e := &c.Inputs[i]; e.Type == d {
				if err := d.checkInput(c, e, first, source, opts); err != nil {
					return at(err, c)
				}
			}
		}
	}
	var err error
	if d.Dimensions, err = opts.group(d.Declared); err != nil && d.Producer != nil {
		return at(err, d.Producer)
	}
	return err
}

// input is the first edge by which the task reads the type.
func (t *TaskNode) input(d *DatasetType) *Edge {
	return &t.Inputs[slices.IndexFunc(t.Inputs, func(e Edge) bool { return e.Type == d })]
}

// checkOutput compares what is written with the registered definition.
func (d *DatasetType) checkOutput(e *Edge, known *Definition, opts *Options) error {
	where, pos, label := "every run", Pos{}, ""
	if d.Producer != nil {
		where, pos, label = fmt.Sprintf("task '%s'", d.Producer.Label), d.Producer.pos, d.Producer.Label
	}
	same, err := opts.sameDimensions(e.dimensions, known.Dimensions)
	if err != nil {
		return err
	}
	if same && opts.convertible(known.StorageClass, e.StorageClass) && !known.Calibration {
		return nil
	}
	return &Error{Class: incompatibleType, Pos: pos, Task: label, Message: fmt.Sprintf(
		"Incompatible definition for output dataset type '%s': %s has %s, but data repository has %s", d.Name, where,
		opts.show(d.Name, e.dimensions, e.StorageClass), opts.show(d.Name, known.Dimensions, known.StorageClass)),
		Advice: "choose another dataset type name: a label, or connections.package and connections.metric, that the repository does not have"}
}

// checkInput compares what a task reads with the definition from source. first is the edge that the definition is of, if it is merely
// that of a consumer.
func (d *DatasetType) checkInput(t *TaskNode, e, first *Edge, source string, opts *Options) error {
	same, err := opts.sameDimensions(e.dimensions, d.Declared)
	if err != nil {
		return err
	}
	wanted := d.StorageClass
	if e.Component != "" {
		if first != nil {
			return &Error{Class: missingType, Message: fmt.Sprintf(
				"Dataset type '%s' is not registered and not produced by this pipeline, but it is used by task '%s', via component '%s'",
				d.Name, t.Label, e.Component), Advice: "register the parent dataset type"}
		}
		ok := false
		if opts.Component != nil {
			wanted, ok = opts.Component(d.StorageClass, e.Component)
		}
		if !ok {
			return &Error{Class: incompatibleType, Message: fmt.Sprintf(
				"Dataset type '%s' has storage class '%s' (from %s), which does not include component '%s' as requested by task '%s'",
				d.Name, d.StorageClass, source, e.Component, t.Label)}
		}
	}
	if first != nil && e != first && (!same || e.StorageClass != first.StorageClass) {
		return &Error{Class: missingType, Message: fmt.Sprintf("Definitions differ for input dataset type '%s'; task '%s' has %s, but the definition from %s is %s",
			d.Name, t.Label, opts.show(d.Name, e.dimensions, e.StorageClass), source, opts.show(d.Name, d.Declared, d.StorageClass)),
			Advice: "if the storage classes are compatible but different, register the dataset type in the repository in advance"}
	}
	if same && opts.convertible(wanted, e.StorageClass) {
		return nil
	}
	return &Error{Class: incompatibleType, Message: fmt.Sprintf("Incompatible definition for input dataset type '%s'; task '%s' has %s, but the definition from %s is %s",
		d.Name, t.Label, opts.show(d.Name, e.dimensions, e.StorageClass), source, opts.show(d.Name, d.Declared, d.StorageClass)),
		Advice: "check connections.labelName and metadataDimensions of the task"}
}
