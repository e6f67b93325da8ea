package cli

import (
	"slices"
	"strings"

	"valet/cmd/internal/ui"
	"valet/registry/dataset"
)

// collectionTable lays collections out for people (queries.md 10.4).
type collectionTable struct {
	index     *collectionIndex
	types     func(*dataset.Collection) []string
	showTypes bool
	// relation is the head of the column of children or parents; empty if there is none.
	relation string
	rows     []collectionLine
}

type collectionLine struct{ name, kind, relative, datasetType string }

// add adds lines of a collection: one per dataset type, and at least one.
func (t *collectionTable) add(name, kind, relative string, types []string) {
	if !t.showTypes || len(types) == 0 {
		types = []string{""}
	}
	for i, datasetType := range types {
		if i > 0 {
			name, kind, relative = "", "", ""
		}
		t.rows = append(t.rows, collectionLine{name, kind, relative, datasetType})
	}
}

func (t *collectionTable) children(c *dataset.Collection) (out []*dataset.Collection) {
	for _, name := range c.Children {
		if child := t.index.byName[name]; child != nil {
			out = append(out, child)
		}
	}
	return out
}

func (t *collectionTable) parents(c *dataset.Collection) []*dataset.Collection {
	return t.index.parents(c.Name)
}

// tree adds a collection and below it what it is related to; path is how it was reached, so that a damaged chain that contains
// itself ends.
func (t *collectionTable) tree(c *dataset.Collection, path []*dataset.Collection, related func(*dataset.Collection) []*dataset.Collection) {
	t.add(strings.Repeat("  ", len(path))+c.Name, c.Kind.String(), "", t.types(c))
	path = append(path, c)
	for _, r := range related(c) {
		if !slices.Contains(path, r) {
			t.tree(r, path, related)
		}
	}
}

// relatives adds collections with a line for each that they are related to. Dataset types are then those of the related ones.
func (t *collectionTable) relatives(title string, list []*dataset.Collection, related func(*dataset.Collection) []*dataset.Collection) {
	for _, c := range list {
		relatives := related(c)
		if len(relatives) == 0 {
			t.add(c.Name, c.Kind.String(), "", t.types(c))
		}
		for i, r := range relatives {
			t.relation = title
			name, kind := c.Name, c.Kind.String()
			if i > 0 {
				name, kind = "", ""
			}
			t.add(name, kind, r.Name, t.types(r))
		}
	}
}

// listing is the table that was laid out.
func (t *collectionTable) listing() listing {
	l := listing{columns: []ui.Column{{Name: "Name", Kind: ui.Text, Left: true}, {Name: "Type", Kind: ui.Text, Left: true}}}
	if t.relation != "" {
		l.columns = append(l.columns, ui.Column{Name: t.relation, Kind: ui.Text, Left: true})
	}
	if t.showTypes {
		l.columns = append(l.columns, ui.Column{Name: "Dataset Types", Kind: ui.Text, Left: true})
	}
	for _, line := range t.rows {
		row := []ui.Cell{ui.TextCell(line.name), ui.TextCell(line.kind)}
		if t.relation != "" {
			row = append(row, ui.TextCell(line.relative))
		}
		if t.showTypes {
			row = append(row, ui.TextCell(line.datasetType))
		}
		l.rows = append(l.rows, row)
	}
	return l
}
