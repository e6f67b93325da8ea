package formatter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"valet/tasks/metric"
)

// YAMLError says why a file is not plain YAML.
type YAMLError struct {
	// Line is 0 if the reason tells, or if the whole file is meant.
	Line   int
	Reason string
}

func (e *YAMLError) Error() string {
	if e.Line == 0 {
		return "YAML file: " + e.Reason
	}
	return fmt.Sprintf("YAML file: line %d: %s", e.Line, e.Reason)
}

// ClassName is upstream's name of the error.
func (e *YAMLError) ClassName() string { return "yaml.error.YAMLError" }

// parseNode reads the one document of a text; nil stands for an empty one.
func parseNode(text []byte) (node *yaml.Node, err error) {
	defer func() {
		// The reader panics on some texts that are not YAML.
		if p := recover(); p != nil {
			node, err = nil, fmt.Errorf("cannot be parsed: %v", p)
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(text))
	var document yaml.Node
	if err := d.Decode(&document); err != nil {
		if err == io.EOF {
			return nil, nil
		}
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := d.Decode(&yaml.Node{}); err != io.EOF {
		return nil, errors.New("has more than one document")
	}
	if len(document.Content) != 1 {
		return nil, nil
	}
	return document.Content[0], nil
}

// yamlReader makes values of nodes. Aliases are followed, up to a number of values in all that no honest file has.
type yamlReader struct{ left int }

// maxValues bounds what aliases can blow a small file up to.
const maxValues = 10_000_000

// ParseYAML reads a plain YAML 1.1 file such as a StructuredDataDict (repository.md 10.2). An empty file is nil. Tags of Python
// objects are refused. The error is a *YAMLError.
func ParseYAML(text []byte) (Value, error) {
	root, err := parseNode(text)
	if err != nil {
		return nil, &YAMLError{Reason: err.Error()}
	}
	if root == nil {
		return nil, nil
	}
	r := yamlReader{left: min(maxValues, 1000+len(text)*100)}
	return r.value(root, 0)
}

func (r *yamlReader) value(n *yaml.Node, depth int) (Value, error) {
	bad := func(format string, args ...any) (Value, error) {
		return nil, &YAMLError{n.Line, fmt.Sprintf(format, args...)}
	}
	if r.left--; r.left < 0 {
		return bad("aliases make the file too large")
	}
	if depth > maxDepth {
		return bad("nested more than %d deep", maxDepth)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		if n.Tag != "!!seq" {
			return bad("unknown tag %s", n.Tag)
		}
		out := make([]Value, 0, len(n.Content))
		for _, c := range n.Content {
			v, err := r.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case yaml.MappingNode:
		return r.mapping(n, depth)
	}
	return r.scalar(n)
}

func (r *yamlReader) mapping(n *yaml.Node, depth int) (Value, error) {
	if n.Tag != "!!map" {
		return nil, &YAMLError{n.Line, "unknown tag " + n.Tag}
	}
	out, index := Mapping{}, map[string]int{}
	var own map[string]bool // scalar keys, needed only beside merges
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, err := r.value(n.Content[i], depth+1)
		if err != nil {
			return nil, err
		}
		v, err := r.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if n.Content[i].Tag == "!!merge" {
			// Keys of the mapping itself win over merged ones, wherever they stand.
			if own == nil {
				own = scalarKeys(n)
			}
			for _, m := range mergeSources(v) {
				for _, e := range m {
					if _, have := index[e.Key]; !have && !own[e.Key] {
						out = out.set(index, e.Key, e.Value)
					}
				}
			}
			continue
		}
		key, err := keyText(k)
		if err != nil {
			return nil, &YAMLError{n.Content[i].Line, err.Error()}
		}
		out = out.set(index, key, v)
	}
	return out, nil
}

func mergeSources(v Value) []Mapping {
	switch v := v.(type) {
	case Mapping:
		return []Mapping{v}
	case []Value:
		var out []Mapping
		for _, x := range v {
			if m, ok := x.(Mapping); ok {
				out = append(out, m)
			}
		}
		return out
	}
	return nil
}

func scalarKeys(n *yaml.Node) map[string]bool {
	out := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode {
			out[n.Content[i].Value] = true
		}
	}
	return out
}

func keyText(k Value) (string, error) {
	switch k := k.(type) {
	case string:
		return k, nil
	case nil:
		return "None", nil
	case bool:
		return map[bool]string{true: "True", false: "False"}[k], nil
	case int64:
		return strconv.FormatInt(k, 10), nil
	case float64:
		return string(metric.AppendFloatRepr(nil, k)), nil
	}
	return "", errors.New("a key is no scalar")
}

func (r *yamlReader) scalar(n *yaml.Node) (Value, error) {
	var v Value
	var err error
	switch plain := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0; {
	case n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!str":
		// Explicit tags of YAML itself say what the text is anyway.
		if !strings.HasPrefix(n.Tag, "!!") || strings.Contains(n.Tag, "/") {
			return nil, &YAMLError{n.Line, "unknown tag " + n.Tag}
		}
		v, err = resolvePlain(n.Value)
		if i, whole := v.(int64); whole && n.Tag == "!!float" {
			v = float64(i)
		}
	case plain && n.Style&yaml.TaggedStyle == 0:
		v, err = resolvePlain(n.Value)
	default:
		v = n.Value
	}
	if err != nil {
		return nil, &YAMLError{n.Line, err.Error()}
	}
	return v, nil
}
