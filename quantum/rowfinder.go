package quantum

import "valet/registry/dataset"

// rowFinder finds the rows of the datasets in a table while the results of a query pass by, and adds those that are new. Mostly it needs
// no index of millions of IDs: either each result has a dataset of its own, or the datasets come in the order in which another query
// for the same data IDs brought them.
type rowFinder struct {
	table *Datasets
	// next is the row that the next dataset has if the order is as before.
	next int
	// distinct says that no dataset comes twice, and that the table had none of them when the query began.
	distinct bool
	// index holds all rows, once it was needed.
	index map[dataset.ID]int32
}

// start begins a query. single says that each result has a dataset of its own.
func (f *rowFinder) start(single bool) {
	f.next = 0
	f.distinct = single && f.table.Len() == 0
}

// row is the row of a dataset.
func (f *rowFinder) row(found *Found) int32 {
	switch {
	case f.distinct:
		return f.table.add(found)
	case f.next < f.table.Len() && f.table.ID(f.next) == found.ID:
		f.next++
		return int32(f.next - 1)
	case f.index == nil:
		f.index = make(map[dataset.ID]int32, f.table.Len())
	}
	// Rows may have been added without the index since it was last used.
	for i := len(f.index); i < f.table.Len(); i++ {
		f.index[f.table.ID(i)] = int32(i)
	}
	if i, ok := f.index[found.ID]; ok {
		f.next = int(i) + 1
		return i
	}
	i := f.table.add(found)
	f.index[found.ID] = i
	return i
}
