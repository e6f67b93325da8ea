package registry

import (
	"context"
	"fmt"
	"time"

	"valet/registry/dataset"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// Tx is a write transaction. It holds the database's write lock: do no file work inside. It belongs to the goroutine that runs
// the function given to Write and is dead when that returns.
type Tx struct {
	ctx      context.Context
	registry *Registry
	conn     *dialect.Conn
	catalog  *catalog.Catalog
	// summaries are the summary rows that exist for certain, by collection key and dataset type or governor value.
	summaries map[summaryKey]bool
	// tables are the opaque tables that exist for certain.
	tables map[string]bool
}

// Write runs f in one write transaction (BEGIN IMMEDIATE) on the one writing connection and commits it if f returns nil. When f
// returns an error or panics, nothing is changed. A *BusyError says that another process held the lock past the deadline, an
// *UnsettledError that nobody knows yet whether the transaction was stored.
func (r *Registry) Write(ctx context.Context, f func(tx *Tx) error) error {
	start := time.Now()
	err := r.db.Write(ctx, func(c *dialect.Conn) error {
		return f(&Tx{ctx: ctx, registry: r, conn: c, catalog: r.catalog(c), summaries: map[summaryKey]bool{}, tables: map[string]bool{}})
	})
	if took := time.Since(start); took > 100*time.Millisecond {
		r.log.Debug().Dur("took", took).Msg("long write transaction")
	}
	return err
}

// RegisterCollection makes a collection if the name is free and reports whether it did; a collection of another kind gives a
// *CollectionKindError. A RUN that lacks its row in the table run gets it. New names are checked more strictly than upstream
// does (*dataset.CollectionNameError).
func (tx *Tx) RegisterCollection(name string, kind dataset.CollectionKind, doc string) (bool, error) {
	x, err := tx.findCollection(name)
	if err != nil {
		return false, fmt.Errorf("register collection %q: %w", name, err)
	}
	if x != nil && x.Kind != kind {
		return false, &CollectionKindError{Name: name, Is: x.Kind, Expected: kind}
	}
	made := x == nil
	if made {
		if err := dataset.ValidateCollectionName(name); err != nil {
			return false, err
		}
		var text any
		if doc != "" {
			text = doc
		}
		if err := tx.exec("INSERT INTO collection (name, type, doc) VALUES (?, ?, ?)", name, int64(kind), text); err != nil {
			return false, fmt.Errorf("register collection %q: %w", name, err)
		}
		if x, err = tx.findCollection(name); err != nil {
			return false, fmt.Errorf("register collection %q: %w", name, err)
		}
	}
	if kind == dataset.Run {
		err = tx.exec("INSERT INTO run ("+tx.registry.layout.RunKey+") VALUES (?) ON CONFLICT DO NOTHING", x.Key)
		if err != nil {
			return false, fmt.Errorf("register run %q: %w", name, err)
		}
	}
	return made, nil
}

// Collection returns the named collection as this transaction sees it; the error is a *NotFoundError if there is none.
func (tx *Tx) Collection(name string) (*dataset.Collection, error) {
	x, err := tx.catalog.Collection(tx.ctx, name)
	if err != nil {
		return nil, err
	}
	return &x.Collection, nil
}

// DatasetType returns the registered type as this transaction sees it; the error is a *NotFoundError if there is none.
func (tx *Tx) DatasetType(name string) (*dataset.Type, error) {
	t, err := tx.catalog.Type(tx.ctx, name)
	if err != nil {
		return nil, err
	}
	return t.Type, nil
}

// findCollection returns nil if there is none of the name.
func (tx *Tx) findCollection(name string) (*catalog.Collection, error) {
	return tx.catalog.FindCollection(tx.ctx, name)
}

// collectionOf returns the named collection if it is of the kind.
func (tx *Tx) collectionOf(name string, kind dataset.CollectionKind) (*catalog.Collection, error) {
	x, err := tx.catalog.Collection(tx.ctx, name)
	if err != nil {
		return nil, err
	}
	if x.Kind != kind {
		return nil, &CollectionKindError{Name: name, Is: x.Kind, Expected: kind}
	}
	return x, nil
}

func (tx *Tx) exec(query string, args ...any) error { return tx.conn.Exec(tx.ctx, query, args...) }

// SetChain redefines a chain's children in the given order; repeated ones are dropped (repository.md 6.2). A chain that would
// contain itself gives a *CycleError, an unknown child a *NotFoundError.
func (tx *Tx) SetChain(parent string, children []string) error {
	p, err := tx.collectionOf(parent, dataset.Chained)
	if err != nil {
		return fmt.Errorf("set chain %q: %w", parent, err)
	}
	var list []*catalog.Collection
	seen := map[string]bool{}
	for _, name := range children {
		if seen[name] {
			continue
		}
		seen[name] = true
		child, err := tx.catalog.Collection(tx.ctx, name)
		if err != nil {
			return fmt.Errorf("set chain %q: %w", parent, err)
		}
		cycle, err := tx.catalog.Contains(tx.ctx, child, p)
		if err != nil {
			return fmt.Errorf("set chain %q: %w", parent, err)
		}
		if cycle {
			return &CycleError{Parent: parent, Child: name}
		}
		list = append(list, child)
	}
	if err := tx.exec("DELETE FROM collection_chain WHERE parent = ?", p.Key); err != nil {
		return fmt.Errorf("set chain %q: %w", parent, err)
	}
	for i, child := range list {
		err := tx.exec("INSERT INTO collection_chain (parent, position, child) VALUES (?, ?, ?)", p.Key, int64(i), child.Key)
		if err != nil {
			return fmt.Errorf("set chain %q: %w", parent, err)
		}
	}
	tx.catalog.Forget(parent)
	return nil
}
