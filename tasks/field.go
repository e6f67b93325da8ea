package tasks

import (
	"fmt"
	"math"
	"math/big"
	"strings"

	"valet/tasks/python"
)

// upstream is the name of the field class in upstream's messages.
func (k FieldKind) upstream() string {
	switch k {
	case StringListField:
		return "ListField"
	case TemplateField:
		return "TemplateField"
	}
	return "Field"
}

// problem is what is wrong with a value, with the upstream error class where it is not the usual one.
type problem struct{ text, class string }

// coerce is the value that a field keeps when it is set to v.
func (f *Field) coerce(v Value) (Value, *problem) {
	if v == nil && f.Kind != TemplateField {
		return nil, nil
	}
	switch f.Kind {
	case BoolField:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, wrongType(v, "bool")
	case IntField:
		switch v := v.(type) {
		case bool:
			if v {
				return int64(1), nil
			}
			return int64(0), nil
		case int64, *big.Int:
			return v, nil
		}
		return nil, wrongType(v, "int")
	case FloatField:
		return coerceFloat(v)
	case StringField:
		if s, ok := v.(string); ok {
			return s, nil
		}
		return nil, wrongType(v, "str")
	case StringListField:
		return coerceList(v)
	case TemplateField:
		switch v.(type) {
		case nil, bool, int64, *big.Int, float64, complex128, string:
			return python.Str(v), nil
		}
		// Upstream's TemplateField raises a plain TypeError.
		return nil, &problem{wrongType(v, "str or a number").text, "TypeError"}
	}
	return nil, &problem{text: fmt.Sprintf("unknown kind of field %d", f.Kind)}
}

func coerceFloat(v Value) (Value, *problem) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1.0, nil
		}
		return 0.0, nil
	case int64:
		return float64(v), nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		if math.IsInf(f, 0) {
			return nil, &problem{"int too large to convert to float", "OverflowError"}
		}
		return f, nil
	case float64:
		return v, nil
	}
	return nil, wrongType(v, "float")
}

// coerceList copies what can be looped over. Items are texts or None.
func coerceList(v Value) (Value, *problem) {
	items, ok := python.Iterate(v)
	if !ok {
		return nil, wrongValue(v, "Sequence type expected")
	}
	list := make([]Value, len(items))
	for i, item := range items {
		switch item.(type) {
		case nil, string:
			list[i] = item
		default:
			return nil, &problem{text: fmt.Sprintf("Item at position %d with value %s is of incorrect type %s. Expected str",
				i, python.Str(item), python.TypeName(item))}
		}
	}
	return list, nil
}

func wrongType(v Value, expected string) *problem { return wrongValue(v, "Expected type "+expected) }

func wrongValue(v Value, expectation string) *problem {
	return &problem{text: fmt.Sprintf("Value %s is of incorrect type %s. %s", python.Str(v), python.TypeName(v), expectation)}
}

// owner is what a wrong name is looked up in: the config, a group of its fields, or a field.
type owner struct {
	class string
	field *Field
}

func (o owner) short() string { return o.class[strings.LastIndexByte(o.class, '.')+1:] }

// owner finds the last part of a dotted name that exists, and what is left of the name there.
func (c *ConfigClass) owner(name string) (o owner, attribute string) {
	o, attribute = owner{class: c.Name}, name
	for at := 0; at < len(name); at++ {
		if name[at] != '.' {
			continue
		}
		before, after := name[:at], name[at+1:]
		if i := c.index(before); i >= 0 {
			return owner{field: &c.Fields[i]}, after
		}
		if c.isGroup(before) {
			o, attribute = owner{class: c.groupClass(before)}, after
		}
	}
	return o, attribute
}

// isGroup reports whether name is what comes before the last period of a field's name, such as connections.
func (c *ConfigClass) isGroup(name string) bool { return c.firstOf(name) != "" }

// firstOf is the first field of a group, or empty.
func (c *ConfigClass) firstOf(group string) string {
	for i := range c.Fields {
		if rest, ok := strings.CutPrefix(c.Fields[i].Name, group); ok && strings.HasPrefix(rest, ".") {
			return c.Fields[i].Name
		}
	}
	return ""
}

// groupClass is the class that upstream makes for the connections of a config class.
func (c *ConfigClass) groupClass(group string) string {
	short := c.Name[strings.LastIndexByte(c.Name, '.')+1:]
	return "lsst.pipe.base.config." + short + strings.ToUpper(group[:1]) + group[1:]
}
