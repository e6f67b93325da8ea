package metadata

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ParsePropertySet reads the YAML in which metadata were stored until January 2022: a PropertySet, or the flat PropertyList
// (metrics.md 6.4). Values become what they would be in a JSON file: one value is a scalar and several are an array. The error
// is a *ParseError. A name with periods leads into children, so that Get finds it.
//
//	!<lsst.daf.base.PropertySet>         !<lsst.daf.base.PropertyList>
//	- - isr                              - - isr.runEndCpuTime
//	  - PropertySet                        - Double
//	  - !<lsst.daf.base.PropertySet>       - 5.5
//	    - [runEndCpuTime, Double, 5.5]     - comment
func ParsePropertySet(text []byte) (*Metadata, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, yamlError(err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, &ParseError{Class: classConstructor, Reason: "the YAML document is empty"}
	}
	r := propertyReader{budget: len(text) + 1000}
	m := new(Metadata)
	if err := r.set(doc.Content[0], m, 0); err != nil {
		return nil, err
	}
	return m, nil
}

const (
	classScanner     = "yaml.scanner.ScannerError"
	classConstructor = "yaml.constructor.ConstructorError"

	propertySetTag  = "lsst.daf.base.PropertySet"
	propertyListTag = "lsst.daf.base.PropertyList"
)

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// yamlError keeps the line that the library names in its text, the only place where it does.
func yamlError(err error) *ParseError {
	e := &ParseError{Class: classScanner, Reason: err.Error()}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		e.Reason = m[2]
		if line, err := strconv.Atoi(m[1]); err == nil {
			e.Line, e.Column = line, 1
		}
	}
	return e
}

// propertyReader reads nested sets. Aliases are followed, so that the number of values read has to be limited.
type propertyReader struct{ budget int }

func refuseYAML(n *yaml.Node, format string, args ...any) error {
	return &ParseError{Class: classConstructor, Line: n.Line, Column: n.Column, Reason: fmt.Sprintf(format, args...)}
}

// visit resolves an alias and charges the budget.
func (r *propertyReader) visit(n *yaml.Node) (*yaml.Node, error) {
	if r.budget--; r.budget < 0 {
		return nil, refuseYAML(n, "aliases repeat too much of the document")
	}
	if n.Kind == yaml.AliasNode {
		return n.Alias, nil
	}
	return n, nil
}

// set adds the items of a PropertySet or PropertyList to m.
func (r *propertyReader) set(n *yaml.Node, m *Metadata, depth int) error {
	n, err := r.visit(n)
	if err != nil {
		return err
	}
	if n.Kind != yaml.SequenceNode || n.Tag != propertySetTag && n.Tag != propertyListTag {
		return refuseYAML(n, "must be a list tagged !<%s> or !<%s>", propertySetTag, propertyListTag)
	}
	if depth > maxDepth/2 {
		return refuseYAML(n, "nested too deeply")
	}
	for _, item := range n.Content {
		if item, err = r.visit(item); err != nil {
			return err
		}
		if item.Kind != yaml.SequenceNode || len(item.Content) < 3 || len(item.Content) > 4 {
			return refuseYAML(item, "must be a list of name, type and value")
		}
		name, kind := item.Content[0], item.Content[1]
		if name.Kind != yaml.ScalarNode || kind.Kind != yaml.ScalarNode {
			return refuseYAML(item, "name and type must be texts")
		}
		node, leaf, err := r.place(name, m, depth)
		if err != nil {
			return err
		}
		if err := r.item(node, leaf, kind.Value, item.Content[2], depth); err != nil {
			return err
		}
	}
	return nil
}

// place makes the children that a dotted name leads through.
func (r *propertyReader) place(name *yaml.Node, m *Metadata, depth int) (node *Metadata, leaf string, err error) {
	leaf = name.Value
	for {
		part, rest, more := strings.Cut(leaf, ".")
		if !more {
			return m, leaf, nil
		}
		if depth++; depth > maxDepth/2 {
			return nil, "", refuseYAML(name, "nested too deeply")
		}
		m, leaf = m.grow(part), rest
	}
}

// grow is the child of the name, made if it is missing.
func (m *Metadata) grow(name string) *Metadata {
	child := m.Child(name)
	if child == nil {
		child = new(Metadata)
		m.children.set(name, child)
	}
	return child
}

func (r *propertyReader) item(m *Metadata, name, kind string, n *yaml.Node, depth int) error {
	n, err := r.visit(n)
	if err != nil {
		return err
	}
	switch {
	case kind == "PropertySet" || kind == "PropertyList":
		if n.Kind != yaml.SequenceNode || n.Tag == propertySetTag || n.Tag == propertyListTag {
			return r.set(n, m.grow(name), depth+1)
		}
		return refuseYAML(n, "several sets of the name %q", name)
	case n.Kind == yaml.SequenceNode:
		list := make([]Value, 0, len(n.Content))
		for _, element := range n.Content {
			v, err := r.value(kind, element)
			if err != nil {
				return err
			}
			list = append(list, v)
		}
		m.arrays.set(name, sameKind(list))
		return nil
	}
	v, err := r.value(kind, n)
	if err != nil {
		return err
	}
	if f, ok := ParseFloat(v.Text); v.Kind == Text && ok {
		v = NumberValue(f)
	}
	m.scalars.set(name, v)
	return nil
}

// sameKind makes numbers of texts if all texts of a list are some, as for the lists of a JSON file.
func sameKind(list []Value) []Value {
	numbers := make([]Value, len(list))
	for i, v := range list {
		numbers[i] = v
		if v.Kind != Text {
			continue
		}
		f, ok := ParseFloat(v.Text)
		if !ok {
			return list
		}
		numbers[i] = NumberValue(f)
	}
	return numbers
}

// value reads one value of a type; texts are left as they are.
func (r *propertyReader) value(kind string, n *yaml.Node) (Value, error) {
	n, err := r.visit(n)
	if err != nil {
		return Value{}, err
	}
	if n.Kind != yaml.ScalarNode {
		return Value{}, refuseYAML(n, "must be a value of type %s", kind)
	}
	if n.Tag == "!!null" && kind != "Undef" {
		return Value{}, refuseYAML(n, "null is no value of type %s", kind)
	}
	switch kind {
	case "String", "DateTime":
		return TextValue(n.Value), nil
	case "Bool":
		switch strings.ToLower(n.Value) {
		case "true", "yes", "on":
			return NumberValue(1), nil
		case "false", "no", "off":
			return NumberValue(0), nil
		}
	case "Short", "Int", "Long", "LongLong", "UnsignedLongLong":
		if i, ok := ParseInt(n.Value); ok {
			if f, _ := i.Float64(); !math.IsInf(f, 0) {
				return NumberValue(f), nil
			}
		}
	case "Float", "Double":
		// YAML writes .inf and .nan.
		number := n.Value
		if i := strings.IndexByte(number, '.'); i >= 0 && len(number) > i+1 && (number[i+1]|0x20 == 'i' || number[i+1]|0x20 == 'n') {
			number = number[:i] + number[i+1:]
		}
		if f, ok := ParseFloat(number); ok {
			return NumberValue(f), nil
		}
	case "Undef":
		return nan, nil
	default:
		return Value{}, refuseYAML(n, "unknown type %q of a value", kind)
	}
	return Value{}, refuseYAML(n, "%q is no value of type %s", n.Value, kind)
}
