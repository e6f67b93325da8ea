package quantum

import "slices"

// All are the quanta of every task, those included of which nothing is left to do because all succeeded before.
func (g *Graph) All() []*Quanta { return slices.Concat(g.Tasks, g.done) }
