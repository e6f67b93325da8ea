package query

import "strings"

func print(e Expr) string {
	var b strings.Builder
	printTo(&b, e)
	return b.String()
}

// printTo writes e. Signs are set off by a blank before a range, because -1..5 is one token and - 1..5 two.
func printTo(b *strings.Builder, e Expr) {
	list := func(items []Expr, separator string) {
		for i, x := range items {
			if i > 0 {
				b.WriteString(separator)
			}
			printTo(b, x)
		}
	}
	switch n := e.(type) {
	case *Unary:
		b.WriteString(n.Op)
		if _, isRange := n.X.(*RangeLiteral); isRange || n.Op == "NOT" {
			b.WriteByte(' ')
		}
		printTo(b, n.X)
	case *Binary:
		list([]Expr{n.X, n.Y}, " "+n.Op+" ")
	case *Logical:
		list(n.Operands, " "+n.Op+" ")
	case *Membership:
		printTo(b, n.X)
		if n.Not {
			b.WriteString(" NOT")
		}
		b.WriteString(" IN (")
		list(n.Items, ", ")
		b.WriteByte(')')
	case *Parens:
		b.WriteByte('(')
		printTo(b, n.X)
		b.WriteByte(')')
	case *Tuple:
		b.WriteByte('(')
		list([]Expr{n.Begin, n.End}, ", ")
		b.WriteByte(')')
	case *Call:
		b.WriteString(n.Name)
		b.WriteByte('(')
		list(n.Args, ", ")
		b.WriteByte(')')
	default:
		b.WriteString(e.String())
	}
}
