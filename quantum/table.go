package quantum

import (
	"slices"
	"strings"

	"valet/registry/dimension"
)

// Strings interns the texts of a graph, so that a text costs its bytes once however many quanta carry it.
type Strings struct {
	texts []string
	index map[string]int64
}

func (s *Strings) add(text string) int64 {
	if i, ok := s.index[text]; ok {
		return i
	}
	if s.index == nil {
		s.index = map[string]int64{}
	}
	i := int64(len(s.texts))
	// The text may be part of a row that lives only until the next one.
	text = strings.Clone(text)
	s.texts = append(s.texts, text)
	s.index[text] = i
	return i
}

// DataIDs is a compact list of full data IDs of one group, column by column: four bytes a value where values are near each other.
type DataIDs struct {
	group   *dimension.Group
	strings *Strings
	text    []bool // per position: values are interned texts
	// required are the positions of the required values, which come first.
	required []int
	columns  []ints
}

func newDataIDs(g *dimension.Group, s *Strings) *DataIDs {
	d := &DataIDs{group: g, strings: s}
	for _, e := range g.Dimensions() {
		d.text = append(d.text, e.KeyType() == dimension.String)
	}
	d.columns = make([]ints, len(d.text))
	for k := range g.Required {
		d.required = append(d.required, k)
	}
	return d
}

// Group is the group of all data IDs of the list.
func (d *DataIDs) Group() *dimension.Group { return d.group }

// Len is the number of data IDs.
func (d *DataIDs) Len() int {
	if len(d.text) == 0 {
		// The empty data ID has no values; there is exactly one of it.
		return 1
	}
	return d.columns[0].len()
}

// add appends the subset of a full data ID that belongs to the list's group. The positions come from project.
func (d *DataIDs) add(id dimension.DataID, positions []int) {
	values := id.Values()
	for i, p := range positions {
		d.columns[i].add(d.pack(i, values[p]))
	}
}

func (d *DataIDs) pack(i int, v dimension.Value) int64 {
	if d.text[i] {
		return d.strings.add(v.Text())
	}
	return v.Int()
}

// At returns data ID i. Its values are kept in scratch, which grows as needed and is returned for the next call; nil scratch makes
// an independent data ID.
func (d *DataIDs) At(i int, scratch []dimension.Value) (dimension.DataID, []dimension.Value) {
	n := len(d.text)
	scratch = slices.Grow(scratch[:0], n)
	for k := range d.columns {
		x := d.columns[k].at(i)
		if d.text[k] {
			scratch = append(scratch, dimension.StringValue(d.strings.texts[x]))
		} else {
			scratch = append(scratch, dimension.IntValue(x))
		}
	}
	return dimension.NewDataID(d.group, scratch), scratch
}

// project gives, for each dimension of the smaller group in data ID order, its position among the values of the larger.
func project(from, to *dimension.Group) []int {
	out := make([]int, 0, len(to.Dimensions()))
	for _, e := range to.Dimensions() {
		out = append(out, from.Position(e.Name))
	}
	return out
}

// key appends a compact text of the required values of a projection: equal for equal data IDs of one group only.
func (d *DataIDs) key(dst []byte, id dimension.DataID, positions []int) []byte {
	values := id.Values()
	for i := range d.group.Required {
		x := d.pack(i, values[positions[i]])
		dst = append(dst, byte(x), byte(x>>8), byte(x>>16), byte(x>>24), byte(x>>32), byte(x>>40), byte(x>>48), byte(x>>56))
	}
	return dst
}

// same reports whether data ID i equals the projection of id.
func (d *DataIDs) same(i int, id dimension.DataID, positions []int) bool {
	values := id.Values()
	for k := range d.group.Required {
		if d.columns[k].at(i) != d.pack(k, values[positions[k]]) {
			return false
		}
	}
	return true
}
