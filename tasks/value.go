package tasks

// Value is the value of a config field or of a Python expression: nil (None, unset), bool, int64, float64, string, []Value (list),
// Tuple, *Mapping, or Object (a name that stands for a Python object).
type Value = any
