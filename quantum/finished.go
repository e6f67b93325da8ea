package quantum

import "slices"

// All are the quanta of every task, those included of which nothing is to be done: all succeeded before or have no work.
func (g *Graph) All() []*Quanta { return slices.Concat(g.Tasks, g.done) }
