package pipeline

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// subsets reads the labeled subsets. Whether their labels exist is known only after the imports.
func (d *decoder) subsets(n *yaml.Node) error {
	m := follow(n)
	if m.Kind != yaml.MappingNode {
		return d.fault(n, "AttributeError", "subsets must be a mapping of names to lists of labels, this is %s", kindOf(m))
	}
	entries, err := d.mapping(m)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, err := d.key(e, "subset name")
		if err != nil {
			return err
		}
		s := &Subset{Name: name, Pos: d.pos(e.at)}
		if err := d.subset(s, e.value); err != nil {
			return err
		}
		d.def.pipeline.subsets.set(name, s)
	}
	return nil
}

func (d *decoder) subset(s *Subset, n *yaml.Node) error {
	labels := n
	if m := follow(n); m.Kind == yaml.MappingNode {
		labels = nil
		entries, err := d.mapping(m)
		if err != nil {
			return err
		}
		for _, e := range entries {
			switch e.key {
			case "subset":
				labels = e.value
			case "description":
				v, err := d.value(e.value)
				if err != nil {
					return err
				}
				s.Description = describe(v)
			}
		}
		if labels == nil || isNull(labels) {
			return d.fault(n, "ValueError", "subset %q is a mapping, so it must contain the key 'subset'", s.Name)
		}
	}
	if isNull(labels) {
		fault := d.fault(n, "ValueError", "subset %q is empty", s.Name)
		fault.Advice = "give a list of labels, or a mapping with the keys subset and description"
		return fault
	}
	texts, err := d.texts(labels, "label in subset "+s.Name)
	if err != nil {
		return reclass(err, "ValueError")
	}
	for _, label := range texts {
		if !slices.Contains(s.Labels, label) {
			s.Labels = append(s.Labels, label)
		}
	}
	return nil
}

func (d *decoder) steps(n *yaml.Node) error {
	items, err := d.list(n, "steps")
	if err != nil {
		return err
	}
	for _, item := range items {
		s := &Step{Pos: d.pos(item)}
		err := d.fields(item, "step", map[string]func(*yaml.Node) error{
			"label": func(v *yaml.Node) (err error) { s.Label, err = d.text(v, "step label"); return },
			"dimensions": func(v *yaml.Node) (err error) {
				if follow(v).Kind != yaml.SequenceNode {
					return d.fault(v, "TypeError", "dimensions of a step must be a list, this is %s", kindOf(v))
				}
				s.Dimensions, err = d.texts(v, "dimension")
				return err
			},
		}, "label", "dimensions")
		if err != nil {
			return err
		}
		if d.def.pipeline.steps.has(s.Label) {
			return d.fault(item, "ValueError", "step %q is declared twice", s.Label)
		}
		d.def.pipeline.steps.set(s.Label, s)
	}
	return nil
}
