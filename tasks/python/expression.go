package python

// Expression evaluates text as pipetask evaluates the strings of config pairs (pipelines.md 1.5). names gives the object of a bare
// name; a name that it does not know, or any name if it is nil, is its own text. On an error the caller keeps the original text,
// as pipetask does; the error is a *SyntaxError or an *UnsupportedError.
func Expression(text string, names func(name string) (Value, bool)) (Value, error) { panic("seam") }
