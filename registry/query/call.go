package query

import (
	"encoding/hex"
	"fmt"
	"strings"

	"valet/registry/dataset"
)

// check tests number and kind of the arguments of a known function (queries.md 1.3). UUID becomes a literal.
func (n *Call) check() (Expr, error) {
	want := func(ok bool, usage string) error {
		if ok {
			return nil
		}
		return &Error{Kind: BadArgument, At: n.At, Reason: fmt.Sprintf("%s has the wrong number of arguments: %d", strings.ToUpper(n.Name), len(n.Args)),
			Remedy: "write " + usage}
	}
	switch strings.ToUpper(n.Name) {
	case "POINT":
		return n, want(len(n.Args) == 2, "POINT(ra, dec) in degrees")
	case "CIRCLE":
		if err := want(len(n.Args) == 3, "CIRCLE(ra, dec, radius) in degrees"); err != nil {
			return nil, err
		}
		return n, n.checkNumbers()
	case "BOX":
		if err := want(len(n.Args) == 4, "BOX(ra, dec, width, height) in degrees"); err != nil {
			return nil, err
		}
		return n, n.checkNumbers()
	case "POLYGON":
		if err := want(len(n.Args) >= 6 && len(n.Args)%2 == 0, "POLYGON(ra1, dec1, ra2, dec2, ra3, dec3, ...) in degrees"); err != nil {
			return nil, err
		}
		return n, n.checkNumbers()
	case "REGION":
		if err := want(len(n.Args) == 1, "REGION('CIRCLE ra dec radius') or another IVOA POS text"); err != nil {
			return nil, err
		}
		switch n.Args[0].(type) {
		case *Text, *BindName, *Identifier:
			return n, nil
		}
		return nil, n.badArgument(n.Args[0], "REGION takes a string or a bind name")
	case "GLOB":
		return n.checkGlob(want)
	case "UUID":
		return n.checkUUID(want)
	}
	return n, nil
}

func (n *Call) badArgument(arg Expr, reason string) error {
	return &Error{Kind: BadArgument, At: arg.Span(), Reason: reason}
}

func (n *Call) checkNumbers() error {
	for _, arg := range n.Args {
		switch arg.(type) {
		case *Number, *BindName, *Identifier, *Unary, *Binary, *Logical:
			// Logic is refused when it is bound, as upstream does.
		default:
			return n.badArgument(arg, fmt.Sprintf("%s takes numbers and bind names, without parentheses, not %s", strings.ToUpper(n.Name), arg))
		}
	}
	return nil
}

func withoutParens(e Expr) Expr {
	for {
		p, ok := e.(*Parens)
		if !ok {
			return e
		}
		e = p.X
	}
}

func (n *Call) checkGlob(want func(bool, string) error) (Expr, error) {
	if err := want(len(n.Args) == 2, "GLOB(column, 'pattern')"); err != nil {
		return nil, err
	}
	column, pattern := withoutParens(n.Args[0]), withoutParens(n.Args[1])
	if _, ok := column.(*Identifier); !ok {
		return nil, &Error{Kind: BadItem, At: column.Span(), Reason: "the first argument of GLOB must be a column", Remedy: "write GLOB(column, 'pattern')"}
	}
	switch pattern.(type) {
	case *Text, *BindName:
	default:
		return nil, &Error{Kind: BadItem, At: pattern.Span(), Reason: "the second argument of GLOB must be a string or a bind name with its colon",
			Remedy: "write GLOB(column, 'pattern')"}
	}
	n.Args = []Expr{column, pattern}
	return n, nil
}

func (n *Call) checkUUID(want func(bool, string) error) (Expr, error) {
	if err := want(len(n.Args) == 1, "UUID('text')"); err != nil {
		return nil, err
	}
	text, ok := withoutParens(n.Args[0]).(*Text)
	if !ok {
		return nil, &Error{Kind: BadItem, At: n.Args[0].Span(), Reason: "UUID takes a string literal", Remedy: "give other UUIDs as bind values"}
	}
	// The forms that Python's uuid.UUID takes: an optional urn:uuid: prefix, braces, dashes anywhere.
	digits := strings.NewReplacer("urn:", "", "uuid:", "").Replace(text.Value)
	digits = strings.ReplaceAll(strings.Trim(digits, "{}"), "-", "")
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw) != len(dataset.ID{}) {
		return nil, &Error{Kind: BadArgument, At: text.At, Reason: fmt.Sprintf("%s is no UUID", text), Remedy: "a UUID has 32 hexadecimal digits"}
	}
	return &UUIDLiteral{Value: dataset.ID(raw), At: n.At}, nil
}
