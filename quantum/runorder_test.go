package quantum

import (
	"slices"
	"testing"
)

// TestRunOrder sorts the quanta of a task by visit and then by detector, and leaves out those that are not planned.
func TestRunOrder(t *testing.T) {
	g, err := observations(t, grid()...).build(t, yaml(memoryTask), Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := g.Tasks[0]
	q.States[3] = Skipped
	var got [][2]int64
	order := NewRunOrder(q.DataIDs.Group())
	for _, i := range order.Planned(q) {
		id := q.DataID(int(i))
		got = append(got, [2]int64{id.Get("visit").Int(), id.Get("detector").Int()})
	}
	skipped := q.DataID(3)
	var want [][2]int64
	for _, visit := range []int64{98, 102, 106, 110} {
		for _, detector := range []int64{1, 2, 10} {
			if visit != skipped.Get("visit").Int() || detector != skipped.Get("detector").Int() {
				want = append(want, [2]int64{visit, detector})
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	if order.Compare(q, 0, q, 0) != 0 || order.Compare(q, 0, q, 1) >= 0 || order.Compare(q, 4, q, 0) <= 0 {
		t.Error("quanta are not compared by visit")
	}
}
