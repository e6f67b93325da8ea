package pipeline

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"valet/tasks"
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

// list is the items of a list; a single text or mapping is a list of one.
func (d *decoder) list(n *yaml.Node, what string) ([]*yaml.Node, error) {
	switch m := follow(n); {
	case m.Kind == yaml.SequenceNode:
		return m.Content, nil
	case isNull(m):
		return nil, d.fault(n, "TypeError", "%s is empty: give a list, or leave it out", what)
	}
	return []*yaml.Node{n}, nil
}

// fields reads a mapping that may have the given keys only, and must have those required.
func (d *decoder) fields(n *yaml.Node, what string, read map[string]func(*yaml.Node) error, required ...string) error {
	m := follow(n)
	if m.Kind != yaml.MappingNode {
		return d.fault(n, "TypeError", "%s must be a mapping, this is %s", what, kindOf(m))
	}
	entries, err := d.mapping(m)
	if err != nil {
		return err
	}
	found := map[string]bool{}
	for _, e := range entries {
		f, ok := read[e.key]
		if !ok {
			fault := d.fault(e.at, "TypeError", "%s has no key %q", what, e.key)
			var known []string
			for k := range read {
				known = append(known, k)
			}
			return withNearest(fault, known, e.key)
		}
		if err := f(e.value); err != nil {
			return err
		}
		found[e.key] = true
	}
	for _, k := range required {
		if !found[k] {
			return d.fault(n, "TypeError", "%s has no key %q, which it needs", what, k)
		}
	}
	return nil
}

// text is a node that must be a text.
func (d *decoder) text(n *yaml.Node, what string) (string, error) {
	m := follow(n)
	if m.Kind == yaml.ScalarNode {
		v, err := d.scalar(m)
		if err != nil {
			return "", err
		}
		if s, ok := v.(string); ok {
			return s, nil
		}
	}
	fault := d.fault(n, "TypeError", "%s must be a text, this is %s", what, kindOf(m))
	if m.Kind == yaml.ScalarNode && !isNull(m) {
		fault.Advice = fmt.Sprintf("put quotes around it: '%s'", m.Value)
	}
	return "", fault
}

func (d *decoder) textInto(dst *string, what string) func(*yaml.Node) error {
	return func(n *yaml.Node) (err error) { *dst, err = d.optionalText(n, what); return }
}

// optionalText is a text, or empty for null.
func (d *decoder) optionalText(n *yaml.Node, what string) (string, error) {
	if isNull(n) {
		return "", nil
	}
	return d.text(n, what)
}

// texts is a text or a list of texts. Null is an empty list.
func (d *decoder) texts(n *yaml.Node, what string) ([]string, error) {
	if isNull(n) {
		return nil, nil
	}
	items, err := d.list(n, what)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(items))
	for i, item := range items {
		if out[i], err = d.text(item, what); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// key is the name that an entry gives: a text, for 1 and on are none.
func (d *decoder) key(e entry, what string) (string, error) {
	if !e.text {
		fault := d.fault(e.at, "TypeError", "%s must be a text, YAML reads %s as another value", what, e.key)
		fault.Advice = fmt.Sprintf("put quotes around it: '%s'", e.key)
		return "", fault
	}
	return e.key, nil
}

func isNull(n *yaml.Node) bool {
	n = follow(n)
	if n.Kind != yaml.ScalarNode || n.Style&^yaml.TaggedStyle != 0 {
		return false
	}
	if n.Style&yaml.TaggedStyle != 0 {
		return n.ShortTag() == "!!null"
	}
	v, fault := plainScalar(n.Value)
	return v == nil && fault == nil
}

// kindOf names what a node is, for messages.
func kindOf(n *yaml.Node) string {
	switch n = follow(n); n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	}
	if n.Style == 0 {
		switch v, _ := plainScalar(n.Value); v.(type) {
		case nil:
			return "empty"
		case bool:
			return "the bool " + n.Value
		case string:
		case tasks.Object:
			return "the date " + n.Value
		default:
			return "the number " + shorten(n.Value)
		}
	}
	return "the text " + shorten(n.Value)
}

// shorten keeps messages readable.
func shorten(s string) string {
	const limit = 60
	s, _, cut := strings.Cut(s, "\n")
	if len(s) > limit {
		s, cut = strings.ToValidUTF8(s[:limit], ""), true
	}
	if cut {
		s += "…"
	}
	return s
}
