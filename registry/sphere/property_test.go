package sphere

import (
	"bytes"
	"encoding/hex"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func drawPoint(t *rapid.T) Vec {
	// A grid now and then, so that things touch.
	lon := rapid.Float64Range(0, 360).Draw(t, "lon")
	lat := math.Asin(rapid.Float64Range(-1, 1).Draw(t, "sin lat")) * 180 / math.Pi
	if rapid.Bool().Draw(t, "grid") {
		lon, lat = math.Round(lon/15)*15, math.Round(lat/15)*15
	}
	p, err := Degrees(lon, lat)
	if err != nil {
		t.Fatal(err)
	}
	return p.Vec()
}

func drawRegion(t *rapid.T, depth int) Region {
	kind := rapid.IntRange(0, 4).Draw(t, "kind")
	if depth == 0 {
		kind %= 3
	}
	switch kind {
	case 0:
		return NewCircle(drawPoint(t), rapid.Float64Range(-0.1, 3.3).Draw(t, "radius"))
	case 1:
		return NewBox(drawPoint(t).LonLat(), rapid.Float64Range(-0.1, 3.3).Draw(t, "width"), rapid.Float64Range(0, 1).Draw(t, "height"))
	case 2:
		center, points := drawPoint(t), []Vec{}
		for range rapid.IntRange(3, 7).Draw(t, "points") {
			points = append(points, center.Add(drawPoint(t).Scale(0.6)).Unit())
		}
		if p, err := ConvexHull(points); err == nil {
			return p
		}
		return NewCircle(center, 0)
	}
	operands := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Region { return drawRegion(t, depth-1) }), 0, 3).Draw(t, "operands")
	if kind == 3 {
		return &Union{operands}
	}
	return &Intersection{operands}
}

// contains reports whether a point lies in a region.
func contains(r Region, p Vec) bool {
	switch r := r.(type) {
	case *Circle:
		return r.Contains(p)
	case *Box:
		return r.Contains(p)
	case *ConvexPolygon:
		return r.Contains(p)
	case *Union:
		for _, x := range r.Operands {
			if contains(x, p) {
				return true
			}
		}
		return false
	case *Intersection:
		for _, x := range r.Operands {
			if !contains(x, p) {
				return false
			}
		}
	}
	return true
}

func TestEnvelopeHoldsEveryPoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, level := drawRegion(t, 1), rapid.IntRange(0, 4).Draw(t, "level")
		ranges, err := HTMEnvelope(r, level)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range ranges {
			if x.Begin >= x.End || i > 0 && x.Begin <= ranges[i-1].End {
				t.Fatalf("ranges %v are not ascending and apart", ranges)
			}
		}
		for range 20 {
			p := drawPoint(t)
			index, err := HTMIndex(p, level)
			if err != nil {
				t.Fatal(err)
			}
			trixel, _ := HTMTrixel(index)
			if !trixel.Polygon().Contains(p) {
				t.Fatalf("%v does not lie in its trixel %d", p, index)
			}
			if !contains(r, p) {
				continue
			}
			found := false
			for _, x := range ranges {
				found = found || x.Begin <= index && index < x.End
			}
			if !found {
				t.Fatalf("%T %v holds %v in pixel %d, which is not in its envelope", r, r, p, index)
			}
		}
	})
}

func TestOverlapsIsSymmetricAndSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawRegion(t, 1), drawRegion(t, 1)
		got := Overlaps(a, b)
		if back := Overlaps(b, a); back != got {
			t.Fatalf("%v one way, %v the other", got, back)
		}
		for range 20 {
			if p := drawPoint(t); got == No && contains(a, p) && contains(b, p) {
				t.Fatalf("%v lies in both, but they are said not to overlap", p)
			}
		}
	})
}

func TestDecodeReversesAppendBinary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawRegion(t, 3).AppendBinary(nil)
		r, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if again := r.AppendBinary(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x became %x", b, again)
		}
	})
}

func TestHullHoldsItsPoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		center, points := drawPoint(t), []Vec{}
		for range rapid.IntRange(0, 12).Draw(t, "n") {
			points = append(points, center.Add(drawPoint(t).Scale(0.9)).Unit())
		}
		p, err := ConvexHull(points)
		if err != nil {
			return
		}
		for _, v := range points {
			if !p.Contains(v) {
				t.Fatalf("%v is not in the hull %v", v, p)
			}
		}
		box := p.BoundingBox()
		for _, v := range points {
			if !box.Contains(v) {
				t.Fatalf("%v is not in the bounding box %v", v, box)
			}
		}
	})
}

func TestSeparation(t *testing.T) {
	for _, c := range []struct {
		a, b Vec
		want float64
	}{
		{Vec{1, 0, 0}, Vec{1, 0, 0}, 0},
		{Vec{1, 0, 0}, Vec{0, 0, 1}, math.Pi / 2},
		{Vec{1, 0, 0}, Vec{-1, 0, 0}, math.Pi},
		{Vec{1, 0, 0}, LonLat{0, 1e-12}.Vec(), 1e-12},
	} {
		if got := Separation(c.a, c.b); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("separation of %v and %v is %g, want %g", c.a, c.b, got, c.want)
		}
	}
}

func TestExactSincos(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(-1000, 1000).Draw(t, "x")
		s, c := exactSincos(x)
		ms, mc := math.Sincos(x)
		if math.Abs(s-ms) > 4e-16 || math.Abs(c-mc) > 4e-16 {
			t.Fatalf("%g: %g %g, but math says %g %g", x, s, c, ms, mc)
		}
	})
}

func TestUnknownRegions(t *testing.T) {
	r, err := Decode([]byte("x whatever"))
	if err != nil || string(r.AppendBinary(nil)) != "x whatever" {
		t.Fatal(r, err)
	}
	if got := Overlaps(r, NewCircle(Vec{1, 0, 0}, 1)); got != Unknown {
		t.Errorf("an opaque region overlaps: %v", got)
	}
	if _, err := HTMEnvelope(&Union{[]Region{r}}, 7); err == nil {
		t.Error("an opaque region has an envelope")
	}
	if _, err := HTMEnvelope(NewCircle(Vec{1, 0, 0}, 1), 24); err == nil {
		t.Error("a large circle at level 24 has an envelope")
	}
}

func FuzzDecode(f *testing.F) {
	each(f, "relations.jsonl", func(c struct{ A, B string }) {
		b, _ := hex.DecodeString(c.A)
		f.Add(b)
	})
	f.Add([]byte("x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Decode(b)
		if err != nil {
			return
		}
		if again := r.AppendBinary(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x became %x", b, again)
		}
		Overlaps(r, NewCircle(Vec{1, 0, 0}, 1))
		Overlaps(r, FullBox())
		HTMEnvelope(r, 3)
	})
}

func FuzzParsePOS(f *testing.F) {
	each(f, "pos.jsonl", func(c struct{ POS string }) { f.Add(c.POS) })
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := ParsePOS(text); err == nil {
			HTMEnvelope(r, 2)
		}
	})
}

func BenchmarkHTMEnvelope(b *testing.B) {
	p, err := ConvexHull([]Vec{LonLat{0.1, 0.1}.Vec(), LonLat{0.103, 0.1}.Vec(), LonLat{0.103, 0.103}.Vec(), LonLat{0.1, 0.103}.Vec()})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		HTMEnvelope(p, 7)
	}
}

func BenchmarkOverlaps(b *testing.B) {
	p, err := ConvexHull([]Vec{LonLat{0.1, 0.1}.Vec(), LonLat{0.103, 0.1}.Vec(), LonLat{0.103, 0.103}.Vec(), LonLat{0.1, 0.103}.Vec()})
	if err != nil {
		b.Fatal(err)
	}
	q := &ConvexPolygon{append([]Vec{}, p.Vertices...)}
	for i := range q.Vertices {
		q.Vertices[i] = q.Vertices[i].Add(Vec{0, 0.001, 0.002}).Unit()
	}
	c := NewCircle(q.Vertices[0], 0)
	for b.Loop() {
		Overlaps(p, q)
		Overlaps(p, c)
	}
}
