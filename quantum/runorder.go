package quantum

import (
	"cmp"
	"slices"

	"valet/registry/dimension"
)

// RunOrder is the order in which the quanta of one group of dimensions should run: by times first (visit, exposure), then by places
// (tract, patch), then by the rest, such as the detector. Within each part the order is that of the data ID.
//
// File paths and two indexes of the registry begin with the same dimensions: quanta that run together write to few directories and to few
// pages of those indexes. In the order of data IDs, which has the detector before the visit, a thousand quanta would touch a thousand
// directories of a repository of as many visits.
type RunOrder struct{ positions []int }

// NewRunOrder makes the order of a group.
func NewRunOrder(g *dimension.Group) RunOrder {
	var o RunOrder
	for k := range g.Required {
		o.positions = append(o.positions, k)
	}
	part := func(k int) int {
		switch e := g.Required[k]; {
		case e.Temporal != nil:
			return 0
		case e.Spatial != nil:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(o.positions, func(a, b int) int { return cmp.Compare(part(a), part(b)) })
	return o
}

// Compare orders quanta of tasks of one graph that have the dimensions of o. It is 0 for equal data IDs only.
func (o RunOrder) Compare(a *Quanta, i int, b *Quanta, j int) int {
	return compareValues(a.DataIDs, i, b.DataIDs, j, o.positions)
}

// Planned are the rows of the quanta that are planned, in the order.
func (o RunOrder) Planned(q *Quanta) []int32 {
	rows := make([]int32, 0, q.Count(Planned))
	for i, s := range q.States {
		if s == Planned {
			rows = append(rows, int32(i))
		}
	}
	slices.SortFunc(rows, func(a, b int32) int { return o.Compare(q, int(a), q, int(b)) })
	return rows
}
