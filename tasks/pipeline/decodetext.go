package pipeline

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"valet/tasks"
)

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
