package python

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestRepr(t *testing.T) {
	for want, v := range map[string]Value{
		"None": nil, "True": true, "-5": int64(-5), "1.0": 1.0, "1e-05": 1e-5, "0.0001": 1e-4, "1e+16": 1e16, "1000000000000000.0": 1e15,
		"1.2345678901234568e+17": 123456789012345680.0, "-0.0": math.Copysign(0, -1), "inf": math.Inf(1), "nan": math.NaN(),
		"1j": 1i, "(-0-1j)": complex(math.Copysign(0, -1), -1), "(1+2.5j)": 1 + 2.5i, "infj": complex(0, math.Inf(1)), "1e+20j": 1e20i,
		"'a'": "a", `"it's"`: "it's", `b"it's"`: Bytes("it's"), `b'\x00\n\xff\\'`: Bytes("\x00\n\xff\\"),
		"['a', None]": []Value{"a", nil}, "()": Tuple{}, "(1,)": Tuple{int64(1)}, "(1, 2)": Tuple{int64(1), int64(2)},
		"set()": Set{}, "{1}": Set{int64(1)}, "{}": &Mapping{}, "{'a': [], 'b': ()}": &Mapping{[]Pair{{"a", []Value{}}, {"b", Tuple{}}}},
		"Ellipsis": Ellipsis{}, "sys": Object{"sys"},
	} {
		if got := Repr(v); got != want {
			t.Errorf("%#v: %s, want %s", v, got, want)
		}
	}
}

// literals generates values that have a literal.
func literals() *rapid.Generator[Value] {
	var leaf, all *rapid.Generator[Value]
	leaf = rapid.Custom(func(t *rapid.T) Value {
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 0:
			return nil
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2:
			return rapid.Int64Range(math.MinInt64+1, math.MaxInt64).Draw(t, "int")
		case 3:
			return rapid.Float64().Draw(t, "float")
		case 4:
			return Bytes(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		}
		return rapid.String().Draw(t, "string")
	})
	all = rapid.Custom(func(t *rapid.T) Value {
		switch rapid.IntRange(0, 5).Draw(t, "shape") {
		case 0:
			return []Value(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[Value] { return all }), 0, 3).Draw(t, "list"))
		case 1:
			return Tuple(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[Value] { return all }), 0, 3).Draw(t, "tuple"))
		case 2:
			m := &Mapping{}
			for _, k := range rapid.SliceOfNDistinct(rapid.String(), 0, 3, rapid.ID).Draw(t, "keys") {
				m.Pairs = append(m.Pairs, Pair{k, all.Draw(t, "value")})
			}
			return m
		}
		return leaf.Draw(t, "leaf")
	})
	return all
}

// TestReprReadsBack: the repr of a value is an expression for it.
func TestReprReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := literals().Draw(t, "value")
		text := Repr(v)
		back, err := Expression(text, nil)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !Equal(v, back) || Repr(back) != text || TypeName(back) != TypeName(v) {
			t.Fatalf("%s came back as %s", text, Repr(back))
		}
	})
}

// TestOrder: the operators agree with each other on numbers of all kinds.
func TestOrder(t *testing.T) {
	number := rapid.Custom(func(t *rapid.T) Value {
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return rapid.Bool().Draw(t, "bool")
		case 1:
			return rapid.Int64().Draw(t, "int")
		}
		return rapid.Float64().Draw(t, "float")
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		lt, _ := less("<", a, b)
		gt, _ := less(">", a, b)
		le, _ := less("<=", a, b)
		ge, _ := less(">=", a, b)
		eq := Equal(a, b)
		if lt && (gt || eq) || le != (lt || eq) || ge != (gt || eq) || !lt && !gt && !eq {
			t.Fatal(lt, gt, le, ge, eq)
		}
		x, _ := hashKey(a)
		y, _ := hashKey(b)
		if (x == y) != eq {
			t.Fatal("hash keys", x, y)
		}
	})
}
