package tasks

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"valet/tasks/python"
)

// Config holds values for the fields of its class. A new one has the defaults. Validate freezes it; until then it is not safe for
// concurrent use.
type Config struct {
	class  *ConfigClass
	values []Value
	frozen bool
}

// NewConfig returns a config of the class with default values.
func NewConfig(class *ConfigClass) *Config {
	c := &Config{class: class, values: make([]Value, len(class.Fields))}
	for i := range class.Fields {
		f := &class.Fields[i]
		v, problem := f.coerce(f.Default)
		if problem != nil {
			panic(fmt.Sprintf("default of %s in %s: %s", f.Name, class.Name, problem.text))
		}
		c.values[i] = v
	}
	return c
}

// Class is the class of the config.
func (c *Config) Class() *ConfigClass { return c.class }

// index is the place of a field, or -1.
func (c *ConfigClass) index(field string) int {
	return slices.IndexFunc(c.Fields, func(f Field) bool { return f.Name == field })
}

// Get returns a field's value by dotted name, nil if unset; a list is a []Value and must not be changed. It panics on a name that the
// class does not have.
func (c *Config) Get(field string) Value {
	i := c.class.index(field)
	if i < 0 {
		panic(c.class.Name + " has no field " + field)
	}
	return c.values[i]
}

// Lookup is Get for a name that may be wrong: the error is a *FieldError (AttributeError). The part of a config that fields have in
// common, such as connections, is an Object.
func (c *Config) Lookup(field string) (Value, error) {
	if i := c.class.index(field); i >= 0 {
		return c.values[i], nil
	}
	if field == "" || c.class.isGroup(field) {
		return Object{Name: strings.TrimSuffix("config."+field, ".")}, nil
	}
	return nil, c.missing(field)
}

// Set sets a field to a typed value. Errors are *FieldError (wrong type, frozen config, unknown field with a near name).
func (c *Config) Set(field string, v Value) error {
	i := c.class.index(field)
	if i < 0 {
		return c.unassignable(field, v)
	}
	f := &c.class.Fields[i]
	if c.frozen {
		return c.invalid(f, "Cannot modify a frozen Config")
	}
	v, problem := f.coerce(v)
	if problem != nil {
		err := c.invalid(f, problem.text)
		if problem.class != "" {
			err.Class = problem.class
		}
		return err
	}
	c.values[i] = v
	return nil
}

// SetText converts text as pipetask converts the strings of config pairs (pipelines.md 1.5), then sets the field.
func (c *Config) SetText(field, text string) error {
	v := c.class.convert(text)
	err := c.Set(field, v)
	var f *FieldError
	if _, isText := v.(string); !isText && errors.As(err, &f) && f.Near == "" && f.Advice == "" {
		f.Advice = fmt.Sprintf("%s is read as Python; to set the text itself, put it in quotes within the quotes", python.Repr(text))
	}
	return err
}

// SetPair sets a field as pipetask does by a config pair of a pipeline: texts are converted, as are the texts in a list and the values
// of a mapping, but nothing deeper; anything else is set as it is.
func (c *Config) SetPair(field string, v Value) error {
	switch pair := v.(type) {
	case string:
		return c.SetText(field, pair)
	case []Value:
		list := slices.Clone(pair)
		for i, item := range list {
			if text, ok := item.(string); ok {
				list[i] = c.class.convert(text)
			}
		}
		v = list
	case *Mapping:
		m := &Mapping{Pairs: slices.Clone(pair.Pairs)}
		for i, p := range m.Pairs {
			if text, ok := p.Value.(string); ok {
				m.Pairs[i].Value = c.class.convert(text)
			}
		}
		v = m
	}
	return c.Set(field, v)
}

// convert evaluates a text, or leaves it as it is.
func (c *ConfigClass) convert(text string) Value {
	v, err := python.Expression(text, func(name string) (Value, bool) {
		// Beside the names of the class's module pipetask lends these two.
		if name == "config" || name == "parameters" || slices.Contains(c.Objects, name) {
			return Object{Name: name}, true
		}
		return nil, false
	})
	if err != nil {
		return text
	}
	return v
}

// Exec executes the statements of a config file or python block on the config, as python.Exec does; the classes of env are filled in
// here. Errors are *python.ExecError.
func (c *Config) Exec(file string, line int, text string, env python.Env) error {
	env.Classes = append([]string{c.class.Name}, c.class.Aliases...)
	return python.Exec(file, line, text, execTarget{c}, env)
}

// execTarget is a config as statements see it: reading a wrong name is no panic.
type execTarget struct{ *Config }

func (t execTarget) Get(field string) (Value, error) { return t.Lookup(field) }

// Validate checks that required fields are set, then runs the class's Check. A valid config is frozen: it cannot be set any more.
func (c *Config) Validate() error {
	for i := range c.class.Fields {
		f := &c.class.Fields[i]
		if c.values[i] == nil && !f.Optional {
			err := c.invalid(f, "Required value cannot be None")
			err.Advice = fmt.Sprintf("set %s in the config of the task", f.Name)
			return err
		}
	}
	if c.class.Check != nil {
		if err := c.class.Check(c); err != nil {
			return err
		}
	}
	c.frozen = true
	return nil
}
