package python

// AppendRepr appends the Python repr of v.
func AppendRepr(dst []byte, v Value) []byte { panic("seam") }

// Repr is the Python repr of v, for example 'text', 1e-05, ['a', True, None].
func Repr(v Value) string { return string(AppendRepr(nil, v)) }

// TypeName is the name of the Python type of v, for example NoneType, int, str.
func TypeName(v Value) string { panic("seam") }
