package sphere

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// each decodes every line of a file that was made with lsst.sphgeom.
func each[T any](t testing.TB, name string, f func(c T)) {
	t.Helper()
	file, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var c T
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		f(c)
	}
}

func fromHex(t testing.TB, text string) Region {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if again := r.AppendBinary(nil); !bytes.Equal(again, b) {
		t.Fatalf("%x is encoded as %x", b, again)
	}
	return r
}

func TestOverlapsGolden(t *testing.T) {
	each(t, "relations.jsonl", func(c struct {
		A, B     string
		Overlaps *bool
	}) {
		a, b, want := fromHex(t, c.A), fromHex(t, c.B), Unknown
		if c.Overlaps != nil {
			want = answer(*c.Overlaps)
		}
		if got := Overlaps(a, b); got != want {
			t.Errorf("%T %s and %T %s: got %s, want %s", a, c.A, b, c.B, got, want)
		}
		if got := Overlaps(b, a); got != want {
			t.Errorf("%T and %T: got %s the other way", b, a, got)
		}
	})
}

func TestBoundingBoxGolden(t *testing.T) {
	each(t, "boundingboxes.jsonl", func(c struct{ A, B string }) {
		got, want := fromHex(t, c.A).(*ConvexPolygon).BoundingBox(), fromHex(t, c.B).(*Box)
		if d := difference(got, want); !(d < 1e-14) {
			t.Errorf("%s: got %v, want %v", c.A, got, want)
		}
	})
}

func TestHTMEnvelopeGolden(t *testing.T) {
	each(t, "envelopes.jsonl", func(c struct {
		Region string
		Level  int
		Ranges [][2]uint64
	}) {
		r := fromHex(t, c.Region)
		got, err := HTMEnvelope(r, c.Level)
		if err != nil {
			t.Fatal(err)
		}
		var want []Range
		for _, x := range c.Ranges {
			want = append(want, Range{x[0], x[1]})
		}
		if !slices.Equal(got, want) {
			t.Errorf("%T %s at level %d: got %v, want %v", r, c.Region, c.Level, got, want)
		}
	})
}

func TestHTMIndexGolden(t *testing.T) {
	each(t, "indices.jsonl", func(c struct {
		V     [3]float64
		Level int
		Index uint64
		Pixel string
	}) {
		got, err := HTMIndex(Vec{c.V[0], c.V[1], c.V[2]}, c.Level)
		if err != nil || got != c.Index {
			t.Errorf("point %v at level %d: got %d (%v), want %d", c.V, c.Level, got, err, c.Index)
		}
		trixel, err := HTMTrixel(c.Index)
		if err != nil {
			t.Fatal(err)
		}
		if b := trixel.Polygon().AppendBinary(nil); hex.EncodeToString(b) != c.Pixel {
			t.Errorf("trixel %d: got %x, want %s", c.Index, b, c.Pixel)
		}
	})
}

func TestParsePOSGolden(t *testing.T) {
	each(t, "pos.jsonl", func(c struct{ POS, Region, Error string }) {
		r, err := ParsePOS(c.POS)
		if (err != nil) != (c.Error != "") {
			t.Errorf("%q: got error %v, want %q", c.POS, err, c.Error)
		}
		if err != nil {
			return
		}
		if d := difference(r, fromHex(t, c.Region)); !(d < 1e-15) {
			t.Errorf("%q is off by %g: %v", c.POS, d, r)
		}
	})
}

func TestShapesGolden(t *testing.T) {
	each(t, "shapes.jsonl", func(c struct {
		Center      [2]float64
		W, H        float64
		Box, Circle string
	}) {
		p, err := Degrees(c.Center[0], c.Center[1])
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(NewBox(p, Radians(c.W), Radians(c.H)), fromHex(t, c.Box)); !(d < 3e-15) {
			t.Errorf("box %v is off by %g", c, d)
		}
		if d := difference(NewCircle(p.Vec(), Radians(c.W)), fromHex(t, c.Circle)); !(d < 1e-15) {
			t.Errorf("circle %v is off by %g", c, d)
		}
	})
}

// difference is the largest difference of a number in two regions of one kind. The vertices of a polygon may start anywhere.
func difference(a, b Region) float64 {
	numbers := func(x, y []float64) float64 {
		most := 0.0
		for i := range x {
			most = max(most, math.Abs(x[i]-y[i]))
		}
		return most
	}
	switch a := a.(type) {
	case *Circle:
		if b, ok := b.(*Circle); ok {
			return max(a.Center.Sub(b.Center).Norm(), numbers([]float64{a.ChordLength2, a.Angle}, []float64{b.ChordLength2, b.Angle}))
		}
	case *Box:
		if b, ok := b.(*Box); ok {
			if a.IsEmpty() && b.IsEmpty() {
				return 0
			}
			return numbers([]float64{a.LonBegin, a.LonEnd, a.LatBegin, a.LatEnd}, []float64{b.LonBegin, b.LonEnd, b.LatBegin, b.LatEnd})
		}
	case *ConvexPolygon:
		if b, ok := b.(*ConvexPolygon); ok && len(a.Vertices) == len(b.Vertices) {
			least := math.Inf(1)
			for shift := range a.Vertices {
				most := 0.0
				for i, v := range a.Vertices {
					most = max(most, v.Sub(b.Vertices[(i+shift)%len(b.Vertices)]).Norm())
				}
				least = min(least, most)
			}
			return least
		}
	}
	return math.Inf(1)
}

// TestRepositoryVectors are the values of repository.md 5.3.
func TestRepositoryVectors(t *testing.T) {
	point := func(lon, lat float64) LonLat {
		p, err := Degrees(lon, lat)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, c := range []struct {
		p    Vec
		want uint64
	}{{point(10, -60).Vec(), 137635}, {Vec{1, 0, 0}, 253952}, {Vec{0, 0, 1}, 249856}} {
		if got, _ := HTMIndex(c.p, 7); got != c.want {
			t.Errorf("index of %v is %d, want %d", c.p, got, c.want)
		}
	}
	quadrilateral := func(lon, lat, h float64) Region {
		p, err := ConvexHull([]Vec{point(lon-h, lat-h).Vec(), point(lon+h, lat-h).Vec(), point(lon+h, lat+h).Vec(), point(lon-h, lat+h).Vec()})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, c := range []struct {
		r    Region
		want []uint64
	}{
		{quadrilateral(10, -60, 0.1), []uint64{137633, 137635}},
		{quadrilateral(0, 0, 0.05), []uint64{131072, 188416, 196608, 253952}},
		{quadrilateral(200, 45, 0.3), []uint64{226134, 226135, 226142}},
		{NewCircle(point(1, 2).Vec(), Radians(0.1)), []uint64{254005}},
	} {
		ranges, err := HTMEnvelope(c.r, 7)
		if err != nil {
			t.Fatal(err)
		}
		var got []uint64
		for _, r := range ranges {
			for i := r.Begin; i < r.End; i++ {
				got = append(got, i)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("envelope of %v is %v, want %v", c.r, got, c.want)
		}
	}
}
