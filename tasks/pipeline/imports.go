package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// importRule is one entry of imports (pipelines.md 1.4).
type importRule struct {
	pos      Pos
	location string
	include  []string
	exclude  []string
	// hasInclude and hasExclude tell an empty list from none.
	hasInclude, hasExclude bool
	rename                 ordered[string]
	dropContracts          bool
	dropSteps              bool
	// edit takes lost labels out of subsets; otherwise subsets that lost one are dropped.
	edit bool
	// instrument replaces that of the imported pipeline if hasInstrument.
	instrument    string
	hasInstrument bool
}

func (d *decoder) imports(n *yaml.Node) error {
	if isNull(n) {
		return nil
	}
	items, err := d.list(n, "imports")
	if err != nil {
		return err
	}
	for _, item := range items {
		rule := importRule{pos: d.pos(item)}
		if m := follow(item); m.Kind == yaml.ScalarNode {
			if rule.location, err = d.text(item, "import"); err != nil {
				return err
			}
		} else if err := d.importRule(&rule, item); err != nil {
			return err
		}
		d.def.imports = append(d.def.imports, rule)
	}
	return nil
}

func (d *decoder) importRule(rule *importRule, n *yaml.Node) error {
	names := func(dst *[]string, given *bool, what string) func(*yaml.Node) error {
		return func(v *yaml.Node) (err error) {
			*given = !isNull(v)
			if s, e := d.optionalText(v, what); e == nil && s == "" && *given {
				*given = false // an empty text is no list, as upstream has it
			} else if *given {
				*dst, err = d.texts(v, what)
			}
			return err
		}
	}
	truth := func(dst *bool, what string) func(*yaml.Node) error {
		return func(v *yaml.Node) error {
			value, err := d.value(v)
			if err != nil {
				return err
			}
			b, ok := value.(bool)
			if !ok {
				fault := d.fault(v, "TypeError", "%s must be true or false, this is %s", what, kindOf(v))
				return fault
			}
			*dst = !b
			return nil
		}
	}
	err := d.fields(n, "import", map[string]func(*yaml.Node) error{
		"location":        func(v *yaml.Node) (err error) { rule.location, err = d.text(v, "location"); return },
		"include":         names(&rule.include, &rule.hasInclude, "include"),
		"exclude":         names(&rule.exclude, &rule.hasExclude, "exclude"),
		"importContracts": truth(&rule.dropContracts, "importContracts"),
		"importSteps":     truth(&rule.dropSteps, "importSteps"),
		"rename":          func(v *yaml.Node) error { return d.renames(rule, v) },
		"labeledSubsetModifyMode": func(v *yaml.Node) error {
			mode, err := d.optionalText(v, "labeledSubsetModifyMode")
			if err == nil && mode != "DROP" && mode != "EDIT" {
				fault := d.fault(v, "ValueError", "%s is not a valid mode for labeledSubsetModifyMode", follow(v).Value)
				fault.Advice = "use DROP or EDIT"
				return fault
			}
			rule.edit = mode == "EDIT"
			return err
		},
		"instrument": func(v *yaml.Node) (err error) {
			rule.hasInstrument = true
			if rule.instrument, err = d.optionalText(v, "instrument"); rule.instrument == "None" {
				rule.instrument = ""
			}
			return err
		},
	}, "location")
	if err == nil && rule.hasInclude && rule.hasExclude {
		err = d.fault(n, "ValueError", "an include list and an exclude list cannot both be specified when declaring a pipeline import")
	}
	return err
}

func (d *decoder) renames(rule *importRule, n *yaml.Node) error {
	m := follow(n)
	if m.Kind != yaml.MappingNode {
		return d.fault(n, "AttributeError", "rename must be a mapping of old to new labels, this is %s", kindOf(m))
	}
	entries, err := d.mapping(m)
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for _, e := range entries {
		from, err := d.key(e, "label to rename")
		if err != nil {
			return err
		}
		to, err := d.text(e.value, "new label")
		if err != nil {
			return err
		}
		if used[to] {
			return d.fault(e.at, "ValueError", "two tasks cannot both be renamed to %q", to)
		}
		if err := checkReserved(to, d.pos(e.value)); err != nil {
			return err
		}
		used[to] = true
		rule.rename.set(from, to)
	}
	for _, e := range entries {
		if used[e.key] {
			return d.fault(e.at, "ValueError", "%q is both renamed and a new label: the two must not intersect", e.key)
		}
	}
	return nil
}

// apply cuts an imported pipeline down to what the rule imports. As upstream has it: with include, only labels that include names
// itself are renamed, and if there is one, the others are not imported; unknown names are ignored.
func (r *importRule) apply(p *Pipeline, warn func(string)) error {
	rename := r.rename
	if r.hasInclude {
		rename.keep(func(from, _ string) bool { return slices.Contains(r.include, from) })
		if lost := without(r.include, rename.keys()); rename.len() > 0 && len(lost) > 0 {
			warn(fmt.Sprintf("%s: import of %s: rename together with include keeps only renamed tasks, not %s",
				r.pos, r.location, strings.Join(lost, ", ")))
		}
	}
	if r.hasExclude {
		rename.keep(func(from, _ string) bool { return !slices.Contains(r.exclude, from) })
	}
	// Names are looked up before renaming: they go by the old labels.
	wanted := func(string) bool { return true }
	switch {
	case r.hasInclude && rename.len() > 0:
		wanted = func(label string) bool { return slices.Contains(rename.values(), label) }
	case r.hasInclude:
		names, _ := p.expand(r.include)
		wanted = func(label string) bool { return names[label] }
	case r.hasExclude && len(r.exclude) == 0:
		wanted = func(string) bool { return false } // upstream takes the empty list for an empty include
	case r.hasExclude:
		names, _ := p.expand(r.exclude)
		wanted = func(label string) bool { return !names[label] }
	}
	if err := r.renameTasks(p, rename); err != nil {
		return err
	}
	p.keep(wanted, r.edit)
	if r.dropContracts {
		p.Contracts = nil
	}
	if r.dropSteps {
		p.steps = ordered[*Step]{}
	}
	if r.hasInstrument {
		p.Instrument, p.InstrumentPos = r.instrument, r.pos
	}
	return nil
}

// renameTasks moves renamed tasks to the end. Subsets and contracts keep the old labels.
func (r *importRule) renameTasks(p *Pipeline, rename ordered[string]) error {
	for _, from := range rename.keys() {
		to, _ := rename.get(from)
		t := p.Task(from)
		switch {
		case t == nil:
			continue
		case p.Task(to) != nil:
			return &Error{Class: "ValueError", Pos: r.pos, Message: fmt.Sprintf("cannot rename %q to %q: there is a task of this label", from, to)}
		case p.Subset(to) != nil:
			return &Error{Class: "ValueError", Pos: r.pos, Message: fmt.Sprintf("cannot rename %q to %q: there is a subset of this name", from, to)}
		}
		p.tasks.keep(func(label string, _ *Task) bool { return label != from })
		t.Label = to
		p.tasks.set(to, t)
	}
	return nil
}

// without is list less the items that are in other.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}
