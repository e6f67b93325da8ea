package pipeline

import (
	"go.yaml.in/yaml/v3"

	"valet/tasks/python"
)

// definition is one pipeline file as written, before its imports are merged into it.
type definition struct {
	pipeline *Pipeline
	imports  []importRule
	pos      Pos
}

// decoder fills the definition from the nodes of a file (pipelines.md 1.2).
type decoder struct {
	*document
	def *definition
}

// decode reads a file without loading its imports.
func decode(file string, text []byte) (*definition, error) {
	doc, root, err := readYAML(file, text)
	if err != nil {
		return nil, err
	}
	def := &definition{pipeline: &Pipeline{}, pos: Pos{File: file}}
	d := &decoder{document: doc, def: def}
	if root.Kind != yaml.MappingNode {
		return nil, d.fault(root, "ValueError", "a pipeline is a mapping with a description and tasks, this is %s", kindOf(root))
	}
	entries, err := d.mapping(root)
	if err != nil {
		return nil, err
	}
	section := map[string]entry{}
	for _, e := range entries {
		if e.text {
			section[e.key] = e
		}
	}
	return def, d.sections(section)
}

// sections reads the known keys. Their order here is that of upstream's checks, so that the first fault is the same.
func (d *decoder) sections(section map[string]entry) error {
	at := func(key string) (*yaml.Node, bool) { e, ok := section[key]; return e.value, ok }
	description, ok := at("description")
	if !ok {
		return &Error{Class: "ValueError", Pos: d.def.pos, Message: "a pipeline must be declared with a description", Advice: "add a line `description: …`"}
	}
	if err := d.description(description); err != nil {
		return err
	}
	if n, ok := at("inherits"); ok && !isNull(n) {
		e := d.fault(section["inherits"].at, "ValueError", "the 'inherits' key is not supported")
		e.Advice = "use the key 'imports'"
		return e
	}
	if e, ok := section["subset"]; ok {
		fault := d.fault(e.at, "ValueError", "top level key should be subsets and not subset")
		fault.Advice = "add an s"
		return fault
	}
	_, hasTasks := section["tasks"]
	_, hasImports := section["imports"]
	if !hasTasks && !hasImports {
		return &Error{Class: "ValueError", Pos: d.def.pos, Message: "a pipeline must be declared with one or more tasks", Advice: "add a mapping `tasks:`, or `imports:`"}
	}
	for _, s := range []struct {
		key  string
		read func(*yaml.Node) error
	}{
		{"instrument", d.instrument}, {"parameters", d.parameters}, {"tasks", d.tasks}, {"contracts", d.contracts},
		{"subsets", d.subsets}, {"imports", d.imports}, {"steps", d.steps},
	} {
		if n, ok := at(s.key); ok {
			if err := s.read(n); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *decoder) description(n *yaml.Node) error {
	v, err := d.value(n)
	if err != nil {
		return err
	}
	if v != nil {
		d.def.pipeline.Description = python.Str(v)
	}
	return nil
}

func (d *decoder) instrument(n *yaml.Node) error {
	if follow(n).Kind == yaml.SequenceNode {
		return d.fault(n, "ValueError", "only one top level instrument can be defined in a pipeline")
	}
	name, err := d.optionalText(n, "instrument")
	if name == "None" {
		name = ""
	}
	d.def.pipeline.Instrument, d.def.pipeline.InstrumentPos = name, d.pos(n)
	return err
}

func (d *decoder) parameters(n *yaml.Node) error {
	if n = follow(n); n.Kind != yaml.MappingNode {
		return d.fault(n, "ValueError", "the parameters section must be a mapping, this is %s", kindOf(n))
	}
	entries, err := d.mapping(n)
	if err != nil {
		return err
	}
	for _, e := range entries {
		v, err := d.value(e.value)
		if err != nil {
			return err
		}
		d.def.pipeline.parameters.set(e.key, Parameter{Name: e.key, Value: v, Pos: d.pos(e.at)})
	}
	return nil
}

func (d *decoder) contracts(n *yaml.Node) error {
	items, err := d.list(n, "contracts")
	if err != nil {
		return err
	}
	for _, item := range items {
		c := Contract{Pos: d.pos(item)}
		if m := follow(item); m.Kind == yaml.MappingNode {
			err = d.fields(item, "contract", map[string]func(*yaml.Node) error{
				"contract": d.textInto(&c.Expression, "contract"),
				"msg":      d.textInto(&c.Message, "msg"),
			}, "contract")
		} else {
			c.Expression, err = d.text(item, "contract")
		}
		if err != nil {
			return err
		}
		d.def.pipeline.Contracts = append(d.def.pipeline.Contracts, c)
	}
	return nil
}
