package figure

import (
	"math"

	"valet/cmd/internal/plot"
	"valet/registry/dimension"
)

// compare joins the sources by data ID.
func (m *maker) compare() (*plot.Figure, error) {
	c := &plot.Comparison{}
	places := map[string]int{}
	groups := map[*dimension.Group]string{}
	for k, s := range m.sources {
		c.Names = append(c.Names, s.Name)
		c.Values = append(c.Values, nil)
		missing := 0
		for i, measured := range s.Set.All() {
			g := measured.Dataset.Type.Dimensions
			prefix, ok := groups[g]
			if !ok {
				prefix = g.String()
				groups[g] = prefix
			}
			id := prefix + measured.Dataset.DataID.Key()
			at, ok := places[id]
			if !ok {
				at = len(places)
				places[id] = at
			}
			for len(c.Values[k]) <= at {
				c.Values[k] = append(c.Values[k], math.NaN())
			}
			v := m.columns[k].Values[i]
			c.Values[k][at] = v
			if v != v {
				missing++
			}
		}
		c.Missing = append(c.Missing, missing)
	}
	for k := range c.Values {
		for len(c.Values[k]) < len(places) {
			c.Values[k] = append(c.Values[k], math.NaN())
		}
	}
	return plot.Compare(m.title, m.quantity, c), nil
}
