package query

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"valet/registry/dimension"
)

// The texts of bound nodes are for messages and tests. They show what was understood, with names qualified.

func (x *DimensionKey) String() string { return x.Dimension.Name }
func (x *Field) String() string        { return x.Element.Name + "." + x.Column.Name }
func (x *DatasetField) String() string { return x.DatasetType + "." + x.Name }
func (x *ExtraColumn) String() string  { return x.Name }

func (x *TimespanBound) String() string {
	if x.End {
		return x.Of.String() + ".end"
	}
	return x.Of.String() + ".begin"
}

func (x *Literal) String() string {
	switch v := x.Value.(type) {
	case string:
		return "'" + v + "'"
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(s, ".eIN") {
			s += ".0"
		}
		return s
	case []byte:
		return "0x" + hex.EncodeToString(v)
	case Time:
		return fmt.Sprintf("time(%d)", v)
	case dimension.Timespan:
		return fmt.Sprintf("timespan(%d, %d)", v.Begin, v.End)
	}
	if x.Of == Region {
		return "region"
	}
	return fmt.Sprint(x.Value)
}

func (x *Negative) String() string { return "-" + x.X.String() }
func (x *Arithmetic) String() string {
	return "(" + x.X.String() + " " + string(x.Op) + " " + x.Y.String() + ")"
}

func joined(operands []Predicate, word string) string {
	texts := make([]string, len(operands))
	for i, p := range operands {
		texts[i] = p.String()
	}
	return "(" + strings.Join(texts, word) + ")"
}

func (p *And) String() string { return joined(p.Operands, " AND ") }
func (p *Or) String() string  { return joined(p.Operands, " OR ") }
func (p *Not) String() string { return "NOT " + p.X.String() }

func (p Constant) String() string {
	if p {
		return "TRUE"
	}
	return "FALSE"
}

func (p *Compare) String() string { return p.X.String() + " " + p.Op.String() + " " + p.Y.String() }
func (p *IsNull) String() string  { return p.X.String() + " = NULL" }
func (p *InList) String() string {
	texts := make([]string, len(p.Values))
	for i := range p.Values {
		texts[i] = p.Values[i].String()
	}
	return p.X.String() + " IN (" + strings.Join(texts, ", ") + ")"
}

func (p *InRange) String() string {
	stride := p.Stride
	if stride == 1 {
		stride = 0
	}
	return p.X.String() + " IN (" + rangeText(p.Start, p.Stop, stride) + ")"
}

func (p *Glob) String() string       { return "GLOB(" + p.X.String() + ", '" + p.Pattern + "')" }
func (p *BoolColumn) String() string { return p.X.String() }
func (p *Overlaps) String() string   { return p.X.String() + " OVERLAPS " + p.Y.String() }
