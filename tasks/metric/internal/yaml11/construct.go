package yaml11

import "fmt"

// A TagFunc builds the value of a node with an application's tag.
type TagFunc func(c *Constructor, n *Node) (any, error)

// Constructor builds values from nodes. Each node is built once, so that aliases share their value.
type Constructor struct {
	Tags map[string]TagFunc // by full tag

	built  map[*Node]any
	merged int
}

// maxMerged bounds what merge keys may add to a document; real ones add hundreds.
const maxMerged = 1 << 20

// Construct builds the value of a node.
func (c *Constructor) Construct(n *Node) (any, error) {
	if n.Kind == ScalarNode && n.Tag == TagString {
		return n.Value, nil
	}
	if v, ok := c.built[n]; ok {
		return v, nil
	}
	if n.open {
		return nil, n.Fail("ConstructorError", "the collection contains itself")
	}
	n.open = true
	v, err := c.build(n)
	n.open = false
	if err != nil {
		return nil, err
	}
	if c.built == nil {
		c.built = map[*Node]any{}
	}
	c.built[n] = v
	return v, nil
}

func (c *Constructor) build(n *Node) (any, error) {
	if f := c.Tags[n.Tag]; f != nil {
		return f(c, n)
	}
	switch n.Tag {
	case TagSequence:
		return c.sequence(n)
	case TagMapping:
		return c.Mapping(n)
	case TagSet:
		m, err := c.Mapping(n)
		if err != nil {
			return nil, err
		}
		return &Set{m.Keys}, nil
	case TagOmap, TagPairs:
		return c.pairs(n)
	case TagNull, TagBool, TagInt, TagFloat, TagString, TagBinary, TagTimestamp:
		s, err := c.scalar(n)
		if err != nil {
			return nil, err
		}
		v, class := scalarValue(n.Tag, s)
		if class != "" {
			return nil, n.Fail(class, "%q is not a value of type %s", clip(s), n.Tag[len(tagPrefix):])
		}
		return v, nil
	}
	return nil, n.Fail("ConstructorError", "unknown tag %q", n.Tag)
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}

// scalar gives a scalar's text. A mapping stands for the text under its '=' key.
func (c *Constructor) scalar(n *Node) (string, error) {
	at := n
search:
	for range MaxDepth { // more only in a mapping that contains itself
		if n.Kind != MappingNode {
			break
		}
		for i := 0; i < len(n.Items); i += 2 {
			if n.Items[i].Tag == TagValue {
				n = n.Items[i+1]
				continue search
			}
		}
		break
	}
	if n.Kind != ScalarNode {
		return "", at.Fail("ConstructorError", "a scalar is needed, not %s", n.Kind)
	}
	return n.Value, nil
}

func (c *Constructor) sequence(n *Node) (*Sequence, error) {
	if n.Kind != SequenceNode {
		return nil, n.Fail("ConstructorError", "a sequence is needed, not %s", n.Kind)
	}
	out := &Sequence{Items: make([]any, len(n.Items))}
	for i, item := range n.Items {
		v, err := c.Construct(item)
		if err != nil {
			return nil, err
		}
		out.Items[i] = v
	}
	return out, nil
}

// Mapping builds a mapping, whatever its tag: merge keys are resolved, and of equal keys the last value counts.
func (c *Constructor) Mapping(n *Node) (*Mapping, error) {
	if n.Kind != MappingNode {
		return nil, n.Fail("ConstructorError", "a mapping is needed, not %s", n.Kind)
	}
	if err := c.merge(n); err != nil {
		return nil, err
	}
	m := &Mapping{Keys: make([]any, 0, len(n.Items)/2), Values: make([]any, 0, len(n.Items)/2)}
	for i := 0; i < len(n.Items); i += 2 {
		k, err := c.Construct(n.Items[i])
		if err != nil {
			return nil, err
		}
		if !hashable(k) {
			return nil, n.Items[i].Fail("ConstructorError", "%s cannot be a key", n.Items[i].Kind)
		}
		v, err := c.Construct(n.Items[i+1])
		if err != nil {
			return nil, err
		}
		m.Set(k, v)
	}
	return m, nil
}

// merge puts the entries of merged mappings before a mapping's own.
func (c *Constructor) merge(n *Node) error {
	if n.merged {
		return nil
	}
	n.merged = true
	var front []*Node
	var own []*Node
	for i := 0; i < len(n.Items); i += 2 {
		key, value := n.Items[i], n.Items[i+1]
		switch key.Tag {
		case TagValue:
			key.Tag = TagString
		case TagMerge:
			if own == nil {
				own = append(make([]*Node, 0, len(n.Items)), n.Items[:i]...)
			}
			from := []*Node{value}
			if value.Kind == SequenceNode {
				from = from[:0]
				for j := len(value.Items) - 1; j >= 0; j-- { // the first one named wins
					from = append(from, value.Items[j])
				}
			}
			for _, f := range from {
				if f.Kind != MappingNode {
					return f.Fail("ConstructorError", "a mapping is needed to merge, not %s", f.Kind)
				}
			}
			if value.Kind == SequenceNode { // upstream resolves them in the order written
				for _, f := range value.Items {
					if err := c.merge(f); err != nil {
						return err
					}
				}
			} else if err := c.merge(value); err != nil {
				return err
			}
			for _, f := range from {
				if c.merged += len(f.Items); c.merged > maxMerged {
					return n.Fail("MemoryError", "merge keys add more than %d entries", maxMerged/2)
				}
				front = append(front, f.Items...)
			}
			continue
		}
		if own != nil {
			own = append(own, key, value)
		}
	}
	if own != nil {
		n.Items = append(front, own...)
	}
	return nil
}

func (c *Constructor) pairs(n *Node) (any, error) {
	if n.Kind != SequenceNode {
		return nil, n.Fail("ConstructorError", "a sequence of pairs is needed, not %s", n.Kind)
	}
	out := &Sequence{}
	for _, item := range n.Items {
		if item.Kind != MappingNode || len(item.Items) != 2 {
			return nil, item.Fail("ConstructorError", "a mapping of one entry is needed")
		}
		k, err := c.Construct(item.Items[0])
		if err != nil {
			return nil, err
		}
		v, err := c.Construct(item.Items[1])
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, &Tuple{[]any{k, v}})
	}
	return out, nil
}

// Load reads a text with YAML's own tags only.
func Load(text []byte) (any, error) {
	n, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	if n == nil {
		return nil, nil
	}
	v, err := new(Constructor).Construct(n)
	if err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	return v, nil
}
