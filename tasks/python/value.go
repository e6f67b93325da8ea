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
