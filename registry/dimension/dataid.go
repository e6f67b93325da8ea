package dimension

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Value is the value of one dimension: an integer or a string, by the type of the dimension's key. The zero Value is none.
type Value struct {
	text string
	num  int64
	kind ColumnType
}

// IntValue and StringValue make values.
func IntValue(n int64) Value     { return Value{num: n, kind: Int} }
func StringValue(s string) Value { return Value{text: s, kind: String} }

// IsZero reports whether v is no value.
func (v Value) IsZero() bool { return v.kind == 0 }

// IsInt reports whether v is an integer.
func (v Value) IsInt() bool { return v.kind == Int }

// Int is the integer, 0 if v is none.
func (v Value) Int() int64 { return v.num }

// Text is the string, or the decimal digits of an integer.
func (v Value) Text() string {
	if v.kind == Int {
		return strconv.FormatInt(v.num, 10)
	}
	return v.text
}

// Any is the value as int64 or string for SQL and JSON, nil if v is none.
func (v Value) Any() any {
	switch v.kind {
	case Int:
		return v.num
	case String:
		return v.text
	}
	return nil
}

// String shows the value as upstream does: strings quoted, integers bare.
func (v Value) String() string {
	if v.kind == String {
		return Quote(v.text)
	}
	return v.Text()
}

// Compare orders values: integers by number, strings by code point, none first.
func (v Value) Compare(w Value) int {
	if v.kind != w.kind {
		return cmp.Compare(v.kind, w.kind)
	}
	if v.kind == Int {
		return cmp.Compare(v.num, w.num)
	}
	return strings.Compare(v.text, w.text)
}

// ValueError says that a value does not fit its dimension.
type ValueError struct {
	Dimension string
	Value     any
	Reason    string
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("value %v for dimension %q %s", e.Value, e.Dimension, e.Reason)
}

// ClassName is upstream's exception.
func (e *ValueError) ClassName() string { return "lsst.daf.butler._exceptions.DimensionValueError" }

// ConvertValue makes a value of the dimension's type of x: an integer, a string, or for integer dimensions a string of digits
// (repository.md 4.4). The error is a *ValueError.
func (e *Element) ConvertValue(x any) (Value, error) {
	switch t := x.(type) {
	case Value:
		return e.ConvertValue(t.Any())
	case int:
		return e.ConvertValue(int64(t))
	case int64:
		if e.KeyType() == Int {
			return IntValue(t), nil
		}
		return Value{}, &ValueError{e.Name, x, "is a number; the dimension takes strings"}
	case string:
		if e.KeyType() == String {
			return StringValue(t), nil
		}
		n, err := strconv.ParseInt(t, 10, 64)
		if err != nil {
			return Value{}, &ValueError{e.Name, Quote(t), "is no integer"}
		}
		return IntValue(n), nil
	case []byte:
		return e.ConvertValue(string(t))
	}
	return Value{}, &ValueError{e.Name, x, fmt.Sprintf("has the unusable type %T", x)}
}

// DataID holds values for the dimensions of a group: either the required ones only, or all of them (then it is full). It is
// immutable; the zero DataID belongs to no group.
type DataID struct {
	group  *Group
	values []Value
}

// NewDataID makes a data ID from values in the group's data ID order: the required ones, or all.
func NewDataID(g *Group, values []Value) DataID {
	if len(values) != len(g.Required) && len(values) != len(g.dataID) {
		panic(fmt.Sprintf("data ID for %s with %d values", g, len(values)))
	}
	return DataID{group: g, values: values}
}

// Group is the group whose dimensions the data ID has values for.
func (d DataID) Group() *Group { return d.group }

// IsZero reports whether d belongs to no group.
func (d DataID) IsZero() bool { return d.group == nil }

// IsFull reports whether implied values are known too.
func (d DataID) IsFull() bool { return d.group != nil && len(d.values) == len(d.group.dataID) }

// Values are the known values in data ID order. The slice must not be changed.
func (d DataID) Values() []Value { return d.values }

// RequiredValues are the values that identify.
func (d DataID) RequiredValues() []Value { return d.values[:len(d.group.Required)] }

// Get returns the value of a dimension, none if it is unknown.
func (d DataID) Get(name string) Value {
	if d.group == nil {
		return Value{}
	}
	if i := d.group.Position(name); i >= 0 && i < len(d.values) {
		return d.values[i]
	}
	return Value{}
}

// Subset is the data ID of a smaller group. It reports false if a required value of the smaller group is unknown. The result is
// full if all its values are known.
func (d DataID) Subset(g *Group) (DataID, bool) {
	if g == d.group {
		return d, true
	}
	values := make([]Value, 0, len(g.dataID))
	for i, e := range g.dataID {
		v := d.Get(e.Name)
		if v.IsZero() {
			if i < len(g.Required) {
				return DataID{}, false
			}
			values = values[:len(g.Required)]
			break
		}
		values = append(values, v)
	}
	return DataID{group: g, values: values}, true
}

// Key is a compact text that two data IDs of one group share if and only if their required values are equal.
func (d DataID) Key() string { return Key(d.RequiredValues()) }

// Key is a compact text that two lists of values share if and only if they are equal.
func Key(values []Value) string {
	var room [96]byte
	return string(AppendKey(room[:0], values))
}

// AppendKey appends Key to dst.
func AppendKey(dst []byte, values []Value) []byte {
	for _, v := range values {
		if v.kind == Int {
			dst = strconv.AppendInt(dst, v.num, 36)
		} else {
			dst = strconv.AppendInt(dst, int64(len(v.text)), 10)
			dst = append(dst, ':')
			dst = append(dst, v.text...)
		}
		dst = append(dst, ',')
	}
	return dst
}

// Compare orders data IDs of one group by their required values.
func (d DataID) Compare(o DataID) int {
	a, b := d.RequiredValues(), o.RequiredValues()
	for i := range min(len(a), len(b)) {
		if c := a[i].Compare(b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// String shows the data ID as upstream does (repository.md 4.3): {instrument: 'TestCam', detector: 0, visit: 42}.
func (d DataID) String() string { return string(d.Append(nil)) }

// Append appends String to dst.
func (d DataID) Append(dst []byte) []byte {
	dst = append(dst, '{')
	for i, v := range d.values {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, d.group.dataID[i].Name...)
		dst = append(dst, ": "...)
		if v.kind == Int {
			dst = strconv.AppendInt(dst, v.num, 10)
		} else {
			dst = append(dst, Quote(v.text)...)
		}
	}
	return append(dst, '}')
}
