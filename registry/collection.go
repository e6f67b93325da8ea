package registry

import (
	"context"
	"slices"

	"valet/registry/dataset"
	"valet/registry/internal/catalog"
)

// Collection returns the named collection; the error is a *NotFoundError if there is none.
func (r *Registry) Collection(ctx context.Context, name string) (out *dataset.Collection, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		x, err := c.Collection(ctx, name)
		if err == nil {
			out = &x.Collection
		}
		return err
	})
	return out, err
}

// Collections returns all collections in order of their database key.
func (r *Registry) Collections(ctx context.Context) (out []*dataset.Collection, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		list, err := c.Collections(ctx)
		out = plain(list)
		return err
	})
	return out, err
}

// Flatten expands chains depth-first and drops repetitions (repository.md 6.2). Unknown names give a *NotFoundError.
func (r *Registry) Flatten(ctx context.Context, names ...string) (out []*dataset.Collection, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		list, err := c.Flatten(ctx, names...)
		out = plain(list)
		return err
	})
	return out, err
}

func plain(in []*catalog.Collection) []*dataset.Collection {
	out := make([]*dataset.Collection, len(in))
	for i, x := range in {
		out[i] = &x.Collection
	}
	return out
}

// Parents returns the names of the chains that hold a collection directly, sorted. An unknown name gives a *NotFoundError.
func (r *Registry) Parents(ctx context.Context, name string) (out []string, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		if _, err := c.Collection(ctx, name); err != nil {
			return err
		}
		out, err = c.Parents(ctx, name)
		return err
	})
	slices.Sort(out)
	return out, err
}

// Chains says what becomes of chains in a CollectionQuery.
type Chains uint8

const (
	// ListChains lists chains and does not look into them.
	ListChains Chains = iota
	// FlattenChains puts what chains reach, depth-first, in their place.
	FlattenChains
	// ExpandChains lists chains, each followed by what it reaches.
	ExpandChains
	// DropChains leaves chains out.
	DropChains
)

// CollectionQuery selects collections by names and globs (queries.md 9).
type CollectionQuery struct {
	// Expression holds names, which must exist, and globs, which may match nothing. An empty one selects nothing.
	Expression []string
	Chains     Chains
	// Kinds are the kinds to return; none means all. They have no influence on which chains are followed.
	Kinds []dataset.CollectionKind
}

// QueryCollections returns the collections that names and globs stand for, each once: matches of globs in database order, then the
// named ones in the given order, then what chains matched by globs reach. An unknown name gives a *NotFoundError.
func (r *Registry) QueryCollections(ctx context.Context, q CollectionQuery) (out []*dataset.Collection, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		list, err := matchCollections(ctx, c, q)
		out = plain(list)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(q.Kinds) > 0 {
		out = slices.DeleteFunc(out, func(c *dataset.Collection) bool { return !slices.Contains(q.Kinds, c.Kind) })
	}
	return out, nil
}

func matchCollections(ctx context.Context, c *catalog.Catalog, q CollectionQuery) ([]*catalog.Collection, error) {
	m := &collectionMatch{catalog: c, chains: q.Chains, done: map[*catalog.Collection]bool{}}
	globs, names := splitGlobs(q.Expression)
	var later []*catalog.Collection
	if len(globs) > 0 {
		all, err := c.Collections(ctx)
		if err != nil {
			return nil, err
		}
		for _, x := range all {
			if !MatchAny(globs, x.Name) {
				continue
			}
			if x.Kind == dataset.Chained {
				later = append(later, x)
			}
			m.list(x)
		}
	}
	for _, name := range names {
		x, err := c.Collection(ctx, name)
		if err != nil {
			return nil, err
		}
		if m.done[x] {
			continue
		}
		if err := m.walk(ctx, x); err != nil {
			return nil, err
		}
	}
	for _, x := range later {
		if err := m.children(ctx, x); err != nil {
			return nil, err
		}
	}
	return m.out, nil
}

// splitGlobs tells patterns from plain names.
func splitGlobs(expression []string) (globs, names []string) {
	for _, e := range expression {
		if IsGlob(e) {
			globs = append(globs, e)
		} else {
			names = append(names, e)
		}
	}
	return globs, names
}

// collectionMatch gathers collections.
type collectionMatch struct {
	catalog *catalog.Catalog
	chains  Chains
	out     []*catalog.Collection
	done    map[*catalog.Collection]bool
}

// list adds the collection itself.
func (m *collectionMatch) list(x *catalog.Collection) {
	if m.done[x] {
		return
	}
	m.done[x] = true
	if x.Kind != dataset.Chained || m.chains == ListChains || m.chains == ExpandChains {
		m.out = append(m.out, x)
	}
}

// walk adds a collection and what it reaches, unless it is done. A chain that contains itself, which the database does not rule
// out, is followed once.
func (m *collectionMatch) walk(ctx context.Context, x *catalog.Collection) error {
	if m.done[x] {
		return nil
	}
	m.list(x)
	return m.children(ctx, x)
}

func (m *collectionMatch) children(ctx context.Context, x *catalog.Collection) error {
	if m.chains != FlattenChains && m.chains != ExpandChains {
		return nil
	}
	// The names of the children are copied: reading a child may read the parent again.
	for _, name := range slices.Clone(x.Children) {
		child, err := m.catalog.Collection(ctx, name)
		if err != nil {
			return err
		}
		if err := m.walk(ctx, child); err != nil {
			return err
		}
	}
	return nil
}

// Governors returns, for every governor dimension, the values that the summaries of the collections hold, sorted; chains are
// flattened. Summaries may hold values of datasets that were removed since (repository.md 6.3). A governor without values has an
// empty entry.
func (r *Registry) Governors(ctx context.Context, collections ...string) (map[string][]string, error) {
	out := map[string][]string{}
	err := r.view(ctx, func(c *catalog.Catalog) error {
		list, err := c.Flatten(ctx, collections...)
		if err != nil {
			return err
		}
		for _, g := range r.universe.Governors() {
			values, err := c.Governors(ctx, g, list)
			if err != nil {
				return err
			}
			out[g.Name] = []string{}
			for _, v := range values {
				out[g.Name] = append(out[g.Name], v.Text())
			}
		}
		return nil
	})
	return out, err
}
