package python

// Contract is a parsed contract of a pipeline. It is immutable.
type Contract struct{ text string }

// Reference is a name in a contract. With neither Field nor Connection it is the bare label.
type Reference struct {
	Label string
	// Field is the dotted field of the config of the label, for example connections.package.
	Field string
	// Connection is the connection whose dataset type name is meant, as in
	// label.connections.ConnectionsClass(config=label).connection.name.
	Connection string
}

// ParseContract parses a contract (pipelines.md 1.10): comparisons, in, is, and, or, not, parentheses, literals, and fields of labels.
// The error is a *SyntaxError, or an *UnsupportedError for what only Python can evaluate.
func ParseContract(text string) (*Contract, error) { panic("seam") }

// References lists what the contract refers to, in the order of the text, duplicates included.
func (c *Contract) References() []Reference { panic("seam") }

// Eval tells whether the contract holds. Errors of lookup stop it and are returned as they are; only what Python would evaluate is
// looked up. Comparing values that have no order is an *OrderError (TypeError).
func (c *Contract) Eval(lookup func(Reference) (Value, error)) (bool, error) { panic("seam") }
