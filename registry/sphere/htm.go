package sphere

import (
	"fmt"
	"math/bits"
)

// Range is the pixel indices from Begin up to but not including End.
type Range struct{ Begin, End uint64 }

// MaxHTMLevel is the finest subdivision whose indices and trixels are defined.
const MaxHTMLevel = 24

// Trixel is a spherical triangle of the hierarchical triangular mesh, by its vertices (repository.md 5.3).
type Trixel [3]Vec

// roots are the eight octants, with the indices 8 to 15 at level 0. The zeros of negative axes are negative, too, as upstream's are,
// which shows in the stored form of trixels.
var roots = func() [8]Trixel {
	x, y, z := Vec{1, 0, 0}, Vec{0, 1, 0}, Vec{0, 0, 1}
	west, south, down := x.Scale(-1), y.Scale(-1), z.Scale(-1)
	return [8]Trixel{
		{x, down, y}, {y, down, west}, {west, down, south}, {south, down, x},
		{x, z, south}, {south, z, west}, {west, z, y}, {y, z, x},
	}
}()

// children are the four trixels that t is divided into; child i of index n has index 4n + i.
func (t Trixel) children() [4]Trixel {
	m0, m1, m2 := t[1].Add(t[2]).Unit(), t[2].Add(t[0]).Unit(), t[0].Add(t[1]).Unit()
	return [4]Trixel{{t[0], m2, m1}, {t[1], m0, m2}, {t[2], m1, m0}, {m0, m1, m2}}
}

// PixelError says that something is no pixel or level of a pixelization.
type PixelError struct{ Reason string }

func (e *PixelError) Error() string { return e.Reason }

func checkHTMLevel(level int) error {
	if level < 0 || level > MaxHTMLevel {
		return &PixelError{fmt.Sprintf("HTM has no level %d: levels are 0 to %d", level, MaxHTMLevel)}
	}
	return nil
}

// HTMIndex is the index at a level of the trixel that a point lies in. Points on an edge belong to one of the trixels at it. The
// error is a *PixelError.
func HTMIndex(p Vec, level int) (uint64, error) {
	if err := checkHTMLevel(level); err != nil {
		return 0, err
	}
	if !p.isFinite() || p == (Vec{}) {
		return 0, &PixelError{"a direction that is no point has no HTM pixel"}
	}
	root := 0
	if p.Z < 0 {
		switch {
		case p.Y > 0:
			root = 0
			if p.X <= 0 {
				root = 1
			}
		case p.Y == 0:
			if p.X < 0 {
				root = 2
			}
		default:
			root = 2
			if p.X >= 0 {
				root = 3
			}
		}
	} else {
		switch {
		case p.Y > 0:
			root = 7
			if p.X <= 0 {
				root = 6
			}
		case p.Y == 0:
			root = 7
			if p.X < 0 {
				root = 5
			}
		default:
			root = 5
			if p.X >= 0 {
				root = 4
			}
		}
	}
	index, t := uint64(8+root), roots[root]
	for range level {
		c := t.children()
		m := c[3]
		child := 3
		switch {
		case orientation(m[1], m[2], p) <= 0:
			child = 0
		case orientation(m[2], m[0], p) <= 0:
			child = 1
		case orientation(m[0], m[1], p) <= 0:
			child = 2
		}
		index, t = index<<2|uint64(child), c[child]
	}
	return index, nil
}

// HTMTrixel is the trixel of an index; the index itself tells its level. The error is a *PixelError.
func HTMTrixel(index uint64) (Trixel, error) {
	n := bits.Len64(index)
	if n < 4 || n%2 != 0 || n > 4+2*MaxHTMLevel {
		return Trixel{}, &PixelError{fmt.Sprintf("%d is no HTM index", index)}
	}
	t := roots[index>>(n-4)&7]
	for shift := n - 6; shift >= 0; shift -= 2 {
		t = t.children()[index>>shift&3]
	}
	return t, nil
}

// Polygon is the trixel as a region.
func (t Trixel) Polygon() *ConvexPolygon { return &ConvexPolygon{t[:]} }
