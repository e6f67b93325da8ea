package tasks

import (
	"fmt"
	"math"
	"strings"

	"valet/tasks/python"
)

// AppendSaved appends the text of the <label>_config dataset (pipelines.md 2.2): two lines that name the class, the imports, and for
// each field its doc as a comment, its value, and an empty line.
func (c *Config) AppendSaved(dst []byte) []byte {
	name := c.class.Name
	module := name[:max(0, strings.LastIndexByte(name, '.'))]
	dst = append(dst, "import "+module+"\nassert type(config) is "+name...)
	dst = append(dst, `, f"config is of type {type(config).__module__}.{type(config).__name__} instead of `+name+"\"\n\n"...)
	for _, module := range c.class.Imports {
		dst = append(dst, "import "+module+"\n"...)
	}
	for i := range c.class.Fields {
		f := &c.class.Fields[i]
		if f.Unsaved {
			continue
		}
		if f.Doc != "" {
			dst = append(dst, "# "+strings.ReplaceAll(f.Doc, "\n", "\n# ")+"\n"...)
		}
		dst = append(dst, "config."+f.Name+"="...)
		dst = append(appendSavedValue(dst, c.values[i]), "\n\n"...)
	}
	return dst
}

// appendSavedValue appends a repr that Python reads back: infinity and NaN have no literal.
func appendSavedValue(dst []byte, v Value) []byte {
	if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return append(python.AppendFloat(append(dst, "float('"...), f), "')"...)
	}
	return python.AppendRepr(dst, v)
}

// SavedError says that the saved text of a config cannot be read: it is of another class, holds a field that the class does not have,
// or a statement that needs Python. Such a config cannot be compared.
type SavedError struct {
	// Config is the full class path of the config that was expected.
	Config string
	Cause  error
}

func (e *SavedError) Error() string { return fmt.Sprintf("read saved %s: %v", e.Config, e.Cause) }

func (e *SavedError) Unwrap() error { return e.Cause }

// Hint says how to go on with another config.
func (e *SavedError) Hint() string {
	return "the config in the run cannot be compared with the present one; write to a new run, or continue with the Python tools"
}

// ParseSaved reads the text of a <label>_config dataset of the class (pipelines.md 2.3), written by upstream or by valet. Fields that the
// text does not set have their defaults. The error is a *SavedError.
func ParseSaved(class *ConfigClass, text []byte) (*Config, error) {
	c := NewConfig(class)
	if err := c.Exec("", 1, string(text), python.Env{}); err != nil {
		return nil, &SavedError{class.Name, err}
	}
	return c, nil
}

// Differences lists the fields in which c and old differ, as upstream prints them (pipelines.md 2.3): "target: 'new' != 'old'".
// Unsaved fields are not compared.
func (c *Config) Differences(old *Config) []string {
	if c.class.Name != old.class.Name {
		return []string{fmt.Sprintf("config: config types do not match; %s != %s.", c.class.Name, old.class.Name)}
	}
	var all []string
	for i := range c.class.Fields {
		f := &c.class.Fields[i]
		// The classes have one name, but might be declared apart.
		at := old.class.index(f.Name)
		if f.Unsaved || at < 0 {
			continue
		}
		all = appendDifferences(all, f.Name, c.values[i], old.values[at])
	}
	return all
}

func appendDifferences(all []string, name string, a, b Value) []string {
	x, isList := a.([]Value)
	y, both := b.([]Value)
	if !isList || !both {
		if same(a, b) {
			return all
		}
		return append(all, name+": "+python.Repr(a)+" != "+python.Repr(b))
	}
	if len(x) != len(y) {
		return append(all, fmt.Sprintf("%s (len): %d != %d", name, len(x), len(y)))
	}
	for i := range x {
		all = appendDifferences(all, fmt.Sprintf("%s[%d]", name, i), x[i], y[i])
	}
	return all
}

// same compares exactly, but floats with a tolerance, and NaN with itself.
func same(a, b Value) bool {
	x, ok := a.(float64)
	y, both := b.(float64)
	if !ok || !both {
		return python.Equal(a, b)
	}
	const tolerance = 1e-8
	switch {
	case math.IsNaN(x) || math.IsNaN(y):
		return math.IsNaN(x) && math.IsNaN(y)
	case math.IsInf(x, 0) || math.IsInf(y, 0):
		return x == y
	}
	return math.Abs(x-y) <= tolerance+tolerance*math.Abs(y)
}
