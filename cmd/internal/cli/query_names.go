package cli

import (
	"context"
	"slices"
	"strings"

	"valet/registry"
	"valet/registry/dataset"
)

// collectionIndex is all collections of a repository.
type collectionIndex struct {
	all    []*dataset.Collection
	byName map[string]*dataset.Collection
}

func indexCollections(ctx context.Context, r *registry.Registry) (*collectionIndex, error) {
	all, err := r.Collections(ctx)
	if err != nil {
		return nil, err
	}
	x := &collectionIndex{all: all, byName: make(map[string]*dataset.Collection, len(all))}
	for _, c := range all {
		x.byName[c.Name] = c
	}
	return x, nil
}

// members returns the collections that are no chains which a collection reaches, itself if it is none.
func (x *collectionIndex) members(c *dataset.Collection) (out []*dataset.Collection) {
	seen := map[*dataset.Collection]bool{}
	var walk func(c *dataset.Collection)
	walk = func(c *dataset.Collection) {
		if c == nil || seen[c] {
			return
		}
		seen[c] = true
		if c.Kind != dataset.Chained {
			out = append(out, c)
		}
		for _, child := range c.Children {
			walk(x.byName[child])
		}
	}
	walk(c)
	return out
}

// parents returns the chains that hold a collection directly, sorted by name.
func (x *collectionIndex) parents(name string) []*dataset.Collection {
	var out []*dataset.Collection
	for _, c := range x.all {
		if slices.Contains(c.Children, name) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, byCollectionName)
	return out
}

func byCollectionName(a, b *dataset.Collection) int { return strings.Compare(a.Name, b.Name) }

// collectionNames are the names of collections, in order.
func collectionNames(list []*dataset.Collection) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.Name
	}
	return out
}

// splitCommas splits arguments at commas, as butler does with lists of names.
func splitCommas(args []string) (out []string) {
	for _, a := range args {
		out = append(out, strings.Split(a, ",")...)
	}
	return out
}
