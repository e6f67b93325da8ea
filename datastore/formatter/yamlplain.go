package formatter

// ResolvePlain is the value of a plain scalar of YAML 1.1, as Python reads it: nil, bool, int64, float64 or the text itself, as which times
// stay.
func ResolvePlain(s string) (Value, error) { return resolvePlain(s) }

// AppendYAMLText appends a text as a scalar on one line that Python reads as this text.
func AppendYAMLText(dst []byte, s string) []byte { return appendYAMLText(dst, s) }
