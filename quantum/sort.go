package quantum

import (
	"cmp"
	"slices"
	"strings"
)

// sort orders quanta by their required values, as upstream orders them (pipelines.md 4.7), and returns where each old row went; nil
// if all stayed.
func (q *Quanta) sort() []int32 {
	n := q.Len()
	perm := make([]int32, n)
	for i := range perm {
		perm[i] = int32(i)
	}
	byValues := func(a, b int32) int { return q.DataIDs.compare(int(a), int(b)) }
	if slices.IsSortedFunc(perm, byValues) {
		return nil
	}
	slices.SortFunc(perm, byValues)
	q.DataIDs.permute(perm)
	for c := range q.Inputs {
		rows := make([]int32, n)
		for to, from := range perm {
			rows[to] = q.Inputs[c].Rows[from]
		}
		q.Inputs[c].Rows = rows
	}
	for c := range q.Outputs {
		if d := q.Outputs[c].DataIDs; d != q.DataIDs {
			d.permute(perm)
		}
	}
	moved := make([]int32, n)
	for to, from := range perm {
		moved[from] = int32(to)
	}
	return moved
}

// compare orders data IDs by required values: integers by number, texts by code point.
func (d *DataIDs) compare(i, j int) int { return compareDataIDs(d, i, d, j) }

func (d *DataIDs) permute(perm []int32) {
	for k := range d.columns {
		d.columns[k] = d.columns[k].permuted(perm)
	}
}

// sortAll sorts the tasks of a subgraph and lets consumers follow their producers.
func sortAll(builds []*taskBuild) {
	moved := map[*Quanta][]int32{}
	for _, t := range builds {
		if m := t.q.sort(); m != nil {
			moved[t.q] = m
		}
	}
	for _, t := range builds {
		for c := range t.q.Inputs {
			in := &t.q.Inputs[c]
			if m := moved[in.Producer]; m != nil {
				for i, row := range in.Rows {
					if row >= 0 {
						in.Rows[i] = m[row]
					}
				}
			}
		}
	}
}

func compareDataIDs(a *DataIDs, i int, b *DataIDs, j int) int {
	return compareValues(a, i, b, j, a.required)
}

// compareValues compares the values at the given positions, one after the other.
func compareValues(a *DataIDs, i int, b *DataIDs, j int, positions []int) int {
	for _, k := range positions {
		x, y := a.columns[k].at(i), b.columns[k].at(j)
		if x == y {
			continue
		}
		c := cmp.Compare(x, y)
		if a.text[k] {
			c = strings.Compare(a.strings.texts[x], a.strings.texts[y])
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// findTaken finds the quanta that would write what an earlier one writes.
func (q *Quanta) findTaken() {
	for _, out := range q.Outputs {
		if out.DataIDs == q.DataIDs {
			continue
		}
		perm := make([]int32, 0, q.Len())
		for i := range q.Len() {
			// What will not run writes nothing.
			if !q.lacksInput(i) {
				perm = append(perm, int32(i))
			}
		}
		slices.SortStableFunc(perm, func(a, b int32) int { return out.DataIDs.compare(int(a), int(b)) })
		for k := 1; k < len(perm); k++ {
			if out.DataIDs.compare(int(perm[k-1]), int(perm[k])) == 0 {
				if q.Taken == nil {
					q.Taken = map[int]bool{}
				}
				q.Taken[int(perm[k])] = true
			}
		}
	}
}
