package catalog

// nearest finds the one of many names that differs least from a wanted one.
type nearest struct {
	want, best string
	distance   int
	row        []int
}

// newNearest accepts up to one difference in three characters, at least two.
func newNearest(want string) *nearest { return &nearest{want: want, distance: max(3, len(want)/3+1)} }

func (n *nearest) offer(name string) {
	if len(n.want) > 256 || len(name) > 256 || len(name)-len(n.want) >= n.distance || len(n.want)-len(name) >= n.distance {
		return
	}
	if d := n.edits(name); d < n.distance {
		n.best, n.distance = name, d
	}
}

// edits is the least number of inserted, removed and replaced bytes between the wanted name and the given one.
func (n *nearest) edits(name string) int {
	n.row = n.row[:0]
	for j := range len(name) + 1 {
		n.row = append(n.row, j)
	}
	for i := range len(n.want) {
		diagonal := n.row[0]
		n.row[0] = i + 1
		for j := range len(name) {
			cost := diagonal
			if n.want[i] != name[j] {
				cost++
			}
			diagonal = n.row[j+1]
			n.row[j+1] = min(cost, n.row[j]+1, diagonal+1)
		}
	}
	return n.row[len(name)]
}
