package metadata

import (
	"fmt"
	"strconv"
)

// Parse reads the JSON of a TaskMetadata file. The error is a *ParseError that carries the upstream class.
//
// Missing parts of a node are empty, unknown ones are ignored, and of repeated names the last wins, but all are checked.
// Nesting is limited to upstream's 201 levels.
func Parse(text []byte) (*Metadata, error) {
	v, err := parseJSON(text)
	if err != nil {
		return nil, err
	}
	var c converter
	m := c.node(&v, "")
	if c.err != nil {
		return nil, c.err
	}
	return m, nil
}

// converter makes the tree. Upstream collects its ValidationErrors until the end, while a TypeError or an OverflowError ends it
// at once and hides them: so the walk goes on after the first kind of error and stops at the second.
type converter struct {
	err *ParseError
	// stopped says that err is of the second kind.
	stopped bool
}

func (c *converter) refuse(path, reason string) {
	if c.err == nil {
		c.err = &ParseError{Class: classValidation, Path: orTop(path), Reason: reason}
	}
}

func (c *converter) stop(class, path, reason string) {
	if !c.stopped {
		c.stopped = true
		c.err = &ParseError{Class: class, Path: orTop(path), Reason: reason}
	}
}

func orTop(path string) string {
	if path == "" {
		return "the top level"
	}
	return path
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// node converts an object with scalars, arrays and metadata, in this order, whatever their order in the file.
func (c *converter) node(v *jsonValue, path string) *Metadata {
	m := new(Metadata)
	if v.kind != jsonObject {
		c.refuse(path, "must be an object")
		return m
	}
	if part := c.part(v, path, "scalars"); part != nil {
		for i, name := range part.names {
			m.scalars.set(name, c.scalar(&part.items[i], path, "scalars", name))
		}
	}
	if part := c.part(v, path, "arrays"); part != nil {
		for i, name := range part.names {
			m.arrays.set(name, c.array(&part.items[i], path, name))
		}
	}
	if part := c.part(v, path, "metadata"); part != nil {
		for i, name := range part.names {
			if c.stopped {
				break
			}
			m.children.set(name, c.node(&part.items[i], join(join(path, "metadata"), name)))
		}
	}
	return m
}

// part is the last item of the name, nil if it is missing or no object.
func (c *converter) part(v *jsonValue, path, name string) *jsonList {
	for i := len(v.list.names) - 1; i >= 0; i-- {
		if v.list.names[i] != name {
			continue
		}
		if v.list.items[i].kind != jsonObject {
			c.refuse(join(path, name), "must be an object")
			return nil
		}
		return v.list.items[i].list
	}
	return nil
}

// number is what Python's float() makes of a value. A text that is no number is not ok; anything else that is none ends the walk.
func (c *converter) number(v *jsonValue, where func() string) (f float64, ok bool) {
	switch v.kind {
	case jsonArray:
		c.stop(classType, where(), "must be a number or a text, not a list")
	case jsonObject:
		c.stop(classType, where(), "must be a number or a text, not an object")
	case jsonTooLarge:
		c.stop(classOverflow, where(), "the whole number is too large for a float")
	case jsonString:
		return ParseFloat(v.text)
	}
	return v.number, true
}

func (c *converter) scalar(v *jsonValue, path, part, name string) Value {
	f, ok := c.number(v, func() string { return join(join(path, part), name) })
	if !ok {
		return Value{Kind: Text, Text: v.text}
	}
	return NumberValue(f)
}

// array converts a list: numbers if all elements are or look like some, texts if all are texts.
func (c *converter) array(v *jsonValue, path, name string) []Value {
	where := func() string { return join(join(path, "arrays"), name) }
	if v.kind != jsonArray {
		c.refuse(where(), "must be a list")
		return nil
	}
	items := v.list.items
	list := make([]Value, len(items))
	numbers, texts := true, true
	for i := range items {
		item := &items[i]
		f, ok := c.number(item, func() string { return where() + "[" + strconv.Itoa(i) + "]" })
		list[i] = NumberValue(f)
		numbers = numbers && ok
		texts = texts && item.kind == jsonString
	}
	switch {
	case c.stopped || numbers:
	case texts:
		for i := range items {
			list[i] = TextValue(items[i].text)
		}
	default:
		c.refuse(where(), fmt.Sprintf("the list of %d mixes texts that are no numbers with other values", len(list)))
	}
	return list
}
