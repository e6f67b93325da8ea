package ddl

import (
	"slices"

	"valet/registry/dimension"
	"valet/registry/internal/dialect"
)

// typeOf is the logical type of an element's column.
func typeOf(c dimension.Column) (dialect.Type, int) {
	switch c.Type {
	case dimension.String:
		return dialect.String, c.Length
	case dimension.Float:
		return dialect.Float, 0
	case dimension.Bool:
		return dialect.Bool, 0
	case dimension.Hash:
		return dialect.Hash, 0
	case dimension.RegionColumn:
		return dialect.Region, 0
	}
	return dialect.Int, 0
}

func dimensionColumn(d *dimension.Element, name string) column {
	kind, length := typeOf(d.Keys[0])
	return column{name: name, kind: kind, length: length, notNull: true}
}

// addDimension adds a dimension's column, as part of the primary key or not, and its foreign key if it has a table.
func (t *Table) addDimension(d *dimension.Element, primary bool) {
	c := dimensionColumn(d, d.Name)
	if primary {
		t.key(c)
	} else {
		t.add(c)
	}
	if !d.HasTable() {
		return
	}
	source := names(d.Required)
	target := slices.Clone(source)
	target[len(target)-1] = d.Keys[0].Name
	t.references(d.Name, target, source, false)
}

func names(elements []*dimension.Element) []string {
	out := make([]string, len(elements))
	for i, e := range elements {
		out[i] = e.Name
	}
	return out
}

func governorOf(e *dimension.Element) *dimension.Element {
	for _, d := range e.Required {
		if d.Governor {
			return d
		}
	}
	return nil
}

// elementTable is the table of an element (repository.md 3.5).
func elementTable(e *dimension.Element) *Table {
	t := &Table{Name: e.Name}
	for _, d := range e.Required {
		if d == e {
			t.key(dimensionColumn(e, e.Keys[0].Name))
		} else {
			t.addDimension(d, true)
		}
	}
	for _, d := range e.Implied {
		t.addDimension(d, false)
	}
	if len(e.Keys) > 1 {
		for _, k := range e.Keys[1:] {
			kind, length := typeOf(k)
			t.add(column{name: k.Name, kind: kind, length: length})
			others := names(slices.DeleteFunc(slices.Clone(e.Required), func(d *dimension.Element) bool { return d == e }))
			t.unique = append(t.unique, append(others, k.Name))
		}
	}
	for _, m := range e.Metadata {
		kind, length := typeOf(m)
		t.add(column{name: m.Name, kind: kind, length: length})
	}
	if e.Spatial != nil {
		t.add(column{name: "region", kind: dialect.Region})
	}
	if e.Temporal != nil {
		t.add(column{name: "timespan", timespan: true})
	}
	return t
}

// overlapTables are the tables that relate a spatial element to sky pixels (repository.md 3.6).
func overlapTables(e *dimension.Element) []*Table {
	g := governorOf(e)
	if g == nil {
		return nil
	}
	system := column{name: "skypix_system", kind: dialect.String, length: 16}
	level := column{name: "skypix_level", kind: dialect.SmallInt}
	summary := &Table{Name: e.Name + "_skypix_overlap_summary"}
	summary.key(system).key(level).addDimension(g, true)
	t := &Table{Name: e.Name + "_skypix_overlap"}
	t.key(system).key(level)
	shared := []string{"skypix_system", "skypix_level", g.Name}
	t.references(summary.Name, shared, shared, true)
	for _, d := range e.Required {
		t.addDimension(d, true)
	}
	t.key(column{name: "skypix_index", kind: dialect.Int})
	t.indexes = append(t.indexes, append([]string{"skypix_system", "skypix_level", "skypix_index"}, names(e.Required)...))
	return []*Table{summary, t}
}

// pairTables are the legacy tables for pairs of spatial elements of different families: always empty, and still made.
func pairTables(spatial []*dimension.Element) []*Table {
	var families []*dimension.Family
	for _, e := range spatial {
		if !slices.Contains(families, e.Spatial) {
			families = append(families, e.Spatial)
		}
	}
	var out []*Table
	for i, f := range families {
		for _, g := range families[i+1:] {
			for _, a := range spatial {
				for _, b := range spatial {
					if a.Spatial == f && b.Spatial == g {
						out = append(out, pair(a, b)...)
					}
				}
			}
		}
	}
	return out
}

func pair(x, y *dimension.Element) []*Table {
	if x.Index > y.Index {
		x, y = y, x
	}
	gx, gy := governorOf(x), governorOf(y)
	if gx == nil || gy == nil {
		return nil
	}
	summary := &Table{Name: x.Name + "_" + y.Name + "_overlap_summary"}
	t := &Table{Name: x.Name + "_" + y.Name + "_overlap"}
	for _, table := range []*Table{summary, t} {
		table.addDimension(gx, true)
		table.addDimension(gy, true)
	}
	for _, d := range slices.Concat(x.Required, y.Required) {
		if d != gx && d != gy {
			t.addDimension(d, true)
		}
	}
	return []*Table{summary, t}
}
