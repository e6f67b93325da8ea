package python

// Value is the value of an expression: nil (None), bool, int64, *big.Int (an int that int64 cannot hold), float64, complex128,
// string, Bytes, []Value (list), Tuple, Set, *Mapping (dict), Ellipsis or Object.
type Value = any

// Tuple is a Python tuple.
type Tuple []Value

// Set is a Python set: no two elements are equal, in the order written.
type Set []Value

// Bytes is a Python bytes object.
type Bytes string

// Ellipsis is the value of "...".
type Ellipsis struct{}

// Object stands for a Python object that has no value here, such as a class or a module, by the name it is known by.
type Object struct{ Name string }

// Pair is a key and its value in a Mapping.
type Pair struct{ Key, Value Value }

// Mapping is a Python dict: keys are in the order of their first insertion, no two are equal.
type Mapping struct{ Pairs []Pair }

// fieldList is the list of a config field. Unlike a list it equals everything that gives equal items, and has no order.
type fieldList []Value

// fieldValue is a value as statements and contracts see it in a config.
func fieldValue(v Value) Value {
	if list, ok := v.([]Value); ok {
		return fieldList(list)
	}
	return v
}

// plainValue is a value as a config takes it.
func plainValue(v Value) Value {
	if list, ok := v.(fieldList); ok {
		return []Value(list)
	}
	return v
}

// Iterate returns the items that a Python loop over v gives: the characters of a string, the keys of a dict. It reports whether v can
// be looped over.
func Iterate(v Value) ([]Value, bool) {
	switch v := v.(type) {
	case string:
		items := make([]Value, 0, len(v))
		for _, r := range v {
			items = append(items, string(r))
		}
		return items, true
	case Bytes:
		items := make([]Value, len(v))
		for i := range len(v) {
			items[i] = int64(v[i])
		}
		return items, true
	case []Value:
		return v, true
	case fieldList:
		return v, true
	case Tuple:
		return v, true
	case Set:
		return v, true
	case *Mapping:
		items := make([]Value, len(v.Pairs))
		for i, p := range v.Pairs {
			items[i] = p.Key
		}
		return items, true
	}
	return nil, false
}
