// Package catalog reads what a registry says about itself: collections and chains, dataset types and their tables, dimension
// groups and collection summaries (repository.md 6, 7). A Catalog lives as long as one transaction and remembers what it read,
// so that one operation sees one picture.
//
// It reads only. It loads what is asked for and never everything, because large repositories have 100,000 collections.
package catalog

import (
	"context"
	"database/sql/driver"
	"fmt"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/dialect"
)

// Catalog answers questions on one connection. It is not safe for concurrent use.
type Catalog struct {
	Universe *dimension.Universe
	Layout   Layout
	// Database is the name for messages.
	Database string

	conn        *dialect.Conn
	collections map[string]*Collection
	types       map[string]*Type
	groups      map[int64]*dimension.Group
}

// New returns a catalog without content.
func New(conn *dialect.Conn, u *dimension.Universe, l Layout, database string) *Catalog {
	return &Catalog{Universe: u, Layout: l, Database: database, conn: conn, collections: map[string]*Collection{},
		types: map[string]*Type{}, groups: map[int64]*dimension.Group{}}
}

// Conn is the connection the catalog reads from.
func (c *Catalog) Conn() *dialect.Conn { return c.conn }

// Collection is a collection with its database key: an int64, or the name in the nameKey layout.
type Collection struct {
	dataset.Collection
	Key driver.Value

	children []*Collection
	loaded   bool
}

func (c *Catalog) collectionColumns(alias string) string {
	key := alias + "." + c.Layout.CollectionKey
	return key + ", " + alias + ".name, " + alias + ".type, " + alias + ".doc"
}

// readCollection makes or finds the collection of a row of collectionColumns.
func (c *Catalog) readCollection(row []driver.Value) (*Collection, error) {
	name, err := dialect.AsString(row[1])
	if err != nil {
		return nil, err
	}
	if known := c.collections[name]; known != nil {
		return known, nil
	}
	kind, err := dialect.AsInt(row[2])
	if err != nil {
		return nil, err
	}
	doc, err := dialect.AsString(row[3])
	if err != nil {
		return nil, err
	}
	if kind < int64(dataset.Run) || kind > int64(dataset.Calibration) {
		return nil, &dialect.CorruptError{Database: c.Database, Reason: fmt.Sprintf("collection %q has the unknown type %d", name, kind)}
	}
	out := &Collection{Key: row[0], Collection: dataset.Collection{Name: name, Kind: dataset.CollectionKind(kind), Doc: doc}}
	c.collections[name] = out
	return out, nil
}

// Collection returns the named collection, with the names of its children if it is a chain. The error is a
// *dialect.NotFoundError if there is none.
func (c *Catalog) Collection(ctx context.Context, name string) (*Collection, error) {
	x, err := c.FindCollection(ctx, name)
	if x == nil && err == nil {
		err = c.missing(ctx, name)
	}
	return x, err
}

// FindCollection is Collection that returns nil if there is none.
func (c *Catalog) FindCollection(ctx context.Context, name string) (*Collection, error) {
	x := c.collections[name]
	if x == nil {
		row, err := c.conn.Row(ctx, "SELECT "+c.collectionColumns("c")+" FROM collection c WHERE c.name = ?", name)
		if err != nil || row == nil {
			return nil, err
		}
		if x, err = c.readCollection(row); err != nil {
			return nil, err
		}
	}
	return x, c.loadChildren(ctx, x)
}

// missing is the error for an unknown collection, with the nearest name that exists.
func (c *Catalog) missing(ctx context.Context, name string) error {
	n := newNearest(name)
	err := c.conn.Each(ctx, "SELECT name FROM collection", nil, func(row []driver.Value) error {
		s, err := dialect.AsString(row[0])
		n.offer(s)
		return err
	})
	if err != nil {
		return err
	}
	return &dialect.NotFoundError{Kind: "collection", Name: name, Near: n.best}
}

// Collections returns all collections in order of their keys.
func (c *Catalog) Collections(ctx context.Context) ([]*Collection, error) {
	var out []*Collection
	byKey := map[driver.Value]*Collection{}
	err := c.conn.Each(ctx, "SELECT "+c.collectionColumns("c")+" FROM collection c ORDER BY c."+c.Layout.CollectionKey, nil, func(row []driver.Value) error {
		x, err := c.readCollection(row)
		out = append(out, x)
		if x != nil {
			byKey[x.Key] = x
			x.loaded, x.children, x.Children = true, nil, nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = c.conn.Each(ctx, "SELECT parent, child FROM collection_chain ORDER BY parent, position", nil, func(row []driver.Value) error {
		if parent, child := byKey[row[0]], byKey[row[1]]; parent != nil && child != nil {
			parent.children = append(parent.children, child)
			parent.Children = append(parent.Children, child.Name)
		}
		return nil
	})
	return out, err
}

func (c *Catalog) loadChildren(ctx context.Context, parent *Collection) error {
	if parent.loaded || parent.Kind != dataset.Chained {
		return nil
	}
	query := "SELECT " + c.collectionColumns("c") + " FROM collection_chain h JOIN collection c ON c." + c.Layout.CollectionKey +
		" = h.child WHERE h.parent = ? ORDER BY h.position"
	parent.children, parent.Children = nil, nil
	err := c.conn.Each(ctx, query, []any{parent.Key}, func(row []driver.Value) error {
		child, err := c.readCollection(row)
		if err != nil {
			return err
		}
		parent.children = append(parent.children, child)
		parent.Children = append(parent.Children, child.Name)
		return nil
	})
	parent.loaded = err == nil
	return err
}

// Parents returns the names of the chains that hold a collection directly.
func (c *Catalog) Parents(ctx context.Context, name string) (out []string, err error) {
	x, err := c.Collection(ctx, name)
	if err != nil {
		return nil, err
	}
	query := "SELECT c.name FROM collection_chain h JOIN collection c ON c." + c.Layout.CollectionKey + " = h.parent WHERE h.child = ?"
	err = c.conn.Each(ctx, query, []any{x.Key}, func(row []driver.Value) error {
		parent, err := dialect.AsString(row[0])
		out = append(out, parent)
		return err
	})
	return out, err
}

// Flatten expands chains depth-first; what is reached again is dropped (repository.md 6.2). Chains themselves do not come back.
// A chain that contains itself, which the database does not rule out, is followed once.
func (c *Catalog) Flatten(ctx context.Context, names ...string) ([]*Collection, error) {
	var out []*Collection
	seen := map[*Collection]bool{}
	var walk func(x *Collection) error
	walk = func(x *Collection) error {
		if seen[x] {
			return nil
		}
		seen[x] = true
		if x.Kind != dataset.Chained {
			out = append(out, x)
			return nil
		}
		if err := c.loadChildren(ctx, x); err != nil {
			return err
		}
		for _, child := range x.children {
			if err := walk(child); err != nil {
				return err
			}
		}
		return nil
	}
	for _, name := range names {
		x, err := c.Collection(ctx, name)
		if err != nil {
			return nil, err
		}
		if err := walk(x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Contains reports whether target is parent or is reached from it through chains.
func (c *Catalog) Contains(ctx context.Context, parent, target *Collection) (bool, error) {
	seen := map[*Collection]bool{}
	var walk func(x *Collection) (bool, error)
	walk = func(x *Collection) (bool, error) {
		if x == target {
			return true, nil
		}
		if seen[x] {
			return false, nil
		}
		seen[x] = true
		if err := c.loadChildren(ctx, x); err != nil {
			return false, err
		}
		for _, child := range x.children {
			if found, err := walk(child); found || err != nil {
				return found, err
			}
		}
		return false, nil
	}
	return walk(parent)
}

// Forget drops what is remembered of a collection, after it was changed.
func (c *Catalog) Forget(name string) { delete(c.collections, name) }
