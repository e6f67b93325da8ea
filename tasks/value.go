package tasks

import "valet/tasks/python"

// Value is the value of a config field or of a Python expression: nil (None, unset), bool, int64, float64, string, []Value (list),
// Tuple, *Mapping, or Object (a name that stands for a Python object); and of expressions only, *big.Int, complex128, python.Bytes,
// python.Set and python.Ellipsis, which no field takes.
type Value = python.Value

// Tuple is a Python tuple.
type Tuple = python.Tuple

// Mapping is a Python dict.
type Mapping = python.Mapping

// Object stands for a Python object by name.
type Object = python.Object
