package sphere

import (
	"encoding/binary"
	"fmt"
	"math"
)

// DecodeError says why bytes are no region.
type DecodeError struct {
	Kind   byte
	Length int
	Reason string
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("a region of type %q and %d bytes %s", e.Kind, e.Length, e.Reason)
}

// Hint says where such bytes come from.
func (e *DecodeError) Hint() string {
	return "the record that holds this region is damaged; upstream cannot read it either"
}

// maxNesting bounds unions within intersections within unions.
const maxNesting = 32

// Decode reads the stored form. A type that is not known gives an *Opaque with the same bytes. The error is a *DecodeError.
func Decode(b []byte) (Region, error) { return decode(b, 0) }

func decode(b []byte, depth int) (Region, error) {
	if len(b) == 0 {
		return nil, &DecodeError{Reason: "has no type"}
	}
	bad := func(reason string) (Region, error) { return nil, &DecodeError{b[0], len(b), reason} }
	body := b[1:]
	number := func(i int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(body[8*i:])) }
	vec := func(i int) Vec { return Vec{number(i), number(i + 1), number(i + 2)} }
	switch b[0] {
	case 'c':
		if len(body) != 8*5 {
			return bad("is no circle, which has 41")
		}
		return &Circle{vec(0), number(3), number(4)}, nil
	case 'b':
		if len(body) != 8*4 {
			return bad("is no box, which has 33")
		}
		return &Box{number(0), number(1), number(2), number(3)}, nil
	case 'p':
		if len(body)%24 != 0 || len(body) < 72 {
			return bad("is no polygon, which has 24 for each of three or more vertices")
		}
		p := &ConvexPolygon{make([]Vec, len(body)/24)}
		for i := range p.Vertices {
			if p.Vertices[i] = vec(3 * i); !p.Vertices[i].isFinite() {
				return bad("has a vertex that is no point")
			}
		}
		return p, nil
	case 'e':
		if len(body) != 8*14 {
			return bad("is no ellipse, which has 113")
		}
		e := &Ellipse{}
		for i := range e.Values {
			e.Values[i] = number(i)
		}
		return e, nil
	case 'u', 'i':
		if depth == maxNesting {
			return bad("is nested too deep")
		}
		var operands []Region
		for len(body) > 0 {
			if len(body) < 8 {
				return bad("ends within an operand")
			}
			n := binary.LittleEndian.Uint64(body)
			body = body[8:]
			if n > uint64(len(body)) {
				return bad("ends within an operand")
			}
			r, err := decode(body[:n:n], depth+1)
			if err != nil {
				return nil, err
			}
			operands, body = append(operands, r), body[n:]
		}
		if b[0] == 'u' {
			return &Union{operands}, nil
		}
		return &Intersection{operands}, nil
	}
	return &Opaque{append([]byte(nil), b...)}, nil
}

func appendNumbers(dst []byte, numbers ...float64) []byte {
	for _, v := range numbers {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
	}
	return dst
}

func appendOperands(dst []byte, operands []Region) []byte {
	for _, r := range operands {
		at := len(dst)
		dst = r.AppendBinary(append(dst, make([]byte, 8)...))
		binary.LittleEndian.PutUint64(dst[at:], uint64(len(dst)-at-8))
	}
	return dst
}

// AppendBinary appends the stored form.
func (c *Circle) AppendBinary(dst []byte) []byte {
	return appendNumbers(append(dst, 'c'), c.Center.X, c.Center.Y, c.Center.Z, c.ChordLength2, c.Angle)
}

// AppendBinary appends the stored form.
func (b *Box) AppendBinary(dst []byte) []byte {
	return appendNumbers(append(dst, 'b'), b.LonBegin, b.LonEnd, b.LatBegin, b.LatEnd)
}

// AppendBinary appends the stored form.
func (p *ConvexPolygon) AppendBinary(dst []byte) []byte {
	dst = append(dst, 'p')
	for _, v := range p.Vertices {
		dst = appendNumbers(dst, v.X, v.Y, v.Z)
	}
	return dst
}

// AppendBinary appends the stored form.
func (e *Ellipse) AppendBinary(dst []byte) []byte {
	return appendNumbers(append(dst, 'e'), e.Values[:]...)
}

// AppendBinary appends the stored form.
func (u *Union) AppendBinary(dst []byte) []byte { return appendOperands(append(dst, 'u'), u.Operands) }

// AppendBinary appends the stored form.
func (n *Intersection) AppendBinary(dst []byte) []byte {
	return appendOperands(append(dst, 'i'), n.Operands)
}

// AppendBinary appends the stored form.
func (o *Opaque) AppendBinary(dst []byte) []byte { return append(dst, o.Bytes...) }
