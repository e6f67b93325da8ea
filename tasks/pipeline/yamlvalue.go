package pipeline

import (
	"encoding/base64"
	"strings"

	"go.yaml.in/yaml/v3"

	"valet/tasks"
	"valet/tasks/python"
)

// scalar is the value of a scalar node.
func (d *document) scalar(n *yaml.Node) (tasks.Value, error) {
	tag := n.ShortTag()
	tagged := n.Style&yaml.TaggedStyle != 0
	if n.Style&^yaml.TaggedStyle != 0 && !tagged {
		return n.Value, nil
	}
	if !tagged {
		v, fault := plainScalar(n.Value)
		if fault != nil {
			return nil, d.fault(n, fault.class, "%s", fault.message)
		}
		return v, nil
	}
	wrong := func(kind string) error { return d.fault(n, constructorError, "%q is no %s", n.Value, kind) }
	v, fault := plainScalar(n.Value)
	if fault != nil {
		v = nil
	}
	switch tag {
	case "!!str", "!":
		return n.Value, nil
	case "!!null":
		return nil, nil
	case "!!bool":
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, wrong("bool")
	case "!!int":
		if _, ok := v.(int64); ok || intScalar.MatchString(n.Value) && fault == nil {
			return v, nil
		}
		return nil, wrong("integer")
	case "!!float":
		switch v := v.(type) {
		case float64:
			return v, nil
		case int64:
			return float64(v), nil
		}
		return nil, wrong("number")
	case "!!timestamp":
		if o, ok := v.(tasks.Object); ok {
			return o, nil
		}
		return nil, wrong("date or time")
	case "!!set", "!!omap", "!!pairs", "!!seq", "!!map":
		return nil, wrong("collection")
	case "!!binary":
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Value), ""))
		if err != nil {
			return nil, wrong("base64 text")
		}
		return python.Bytes(b), nil
	}
	return nil, d.tag(n)
}

func (d *document) tag(n *yaml.Node) error {
	return d.fault(n, constructorError, "tag %s has no meaning in a pipeline", n.Tag)
}

// value reads any node.
func (d *document) value(n *yaml.Node) (tasks.Value, error) { return d.valueAt(n, 0) }

func (d *document) valueAt(n *yaml.Node, depth int) (tasks.Value, error) {
	if depth > maxDepth {
		return nil, d.fault(n, "RecursionError", "values lie more than %d deep in each other", maxDepth)
	}
	if err := d.count(n); err != nil {
		return nil, err
	}
	if n.Kind == yaml.AliasNode {
		target := n.Alias
		if d.inside[target] {
			return nil, d.fault(n, constructorError, "alias *%s stands for what it is a part of", n.Value)
		}
		d.inside[target] = true
		defer delete(d.inside, target)
		n = target
	}
	tagged := n.Style&yaml.TaggedStyle != 0
	switch n.Kind {
	case yaml.ScalarNode:
		return d.scalar(n)
	case yaml.SequenceNode:
		if tagged && n.ShortTag() != "!!seq" {
			return nil, d.tag(n)
		}
		list := make([]tasks.Value, len(n.Content))
		for i, c := range n.Content {
			v, err := d.valueAt(c, depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	}
	if tagged && n.ShortTag() != "!!map" {
		return nil, d.tag(n)
	}
	return d.dict(n, depth)
}

func (d *document) dict(n *yaml.Node, depth int) (tasks.Value, error) {
	entries, err := d.mapping(n)
	if err != nil {
		return nil, err
	}
	m := &tasks.Mapping{}
	for _, e := range entries {
		key, err := d.scalar(follow(e.at))
		if err != nil {
			return nil, err
		}
		v, err := d.valueAt(e.value, depth+1)
		if err != nil {
			return nil, err
		}
		m.Pairs = append(m.Pairs, python.Pair{Key: key, Value: v})
	}
	return m, nil
}
