package query

// Parse reads a where text. Blank text gives nil. The error is an *Error.
func Parse(text string) (Expr, error) { panic("seam") }
