package registry

import (
	"context"
	"database/sql/driver"
	"errors"
	"iter"
	"strings"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// Association says that a collection holds a dataset.
type Association struct {
	Ref        dataset.Ref
	Collection string
	// Timespan is the validity range, nil unless the collection is a CALIBRATION collection. A dataset may have several ranges.
	Timespan *dimension.Timespan
}

// Associations streams the datasets of a type in the collections that names and globs stand for, of the given kinds or of all;
// chains are always flattened (queries.md 9). Data IDs are full. An unknown type or name gives a *NotFoundError. As with Select, do
// nothing slow in the loop.
func (r *Registry) Associations(ctx context.Context, name string, collections []string, kinds ...dataset.CollectionKind) iter.Seq2[*Association, error] {
	return func(yield func(*Association, error) bool) {
		stopped := false
		err := r.view(ctx, func(c *catalog.Catalog) error {
			t, err := c.Type(ctx, name)
			if err != nil {
				return err
			}
			list, err := matchCollections(ctx, c, CollectionQuery{Expression: collections, Chains: FlattenChains})
			if err != nil {
				return err
			}
			if list, err = c.WithType(ctx, t, list); err != nil {
				return err
			}
			x := r.Expander()
			for _, in := range list {
				if !hasKind(kinds, in.Kind) {
					continue
				}
				err := r.associated(ctx, c, t, in, x, func(a *Association) bool {
					stopped = !yield(a, nil)
					return !stopped
				})
				if errors.Is(err, errStopped) {
					return nil
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// errStopped ends a statement whose rows are wanted no more.
var errStopped = errors.New("stopped")

func hasKind(kinds []dataset.CollectionKind, k dataset.CollectionKind) bool {
	for _, x := range kinds {
		if x == k {
			return true
		}
	}
	return len(kinds) == 0
}

// associated streams the members of one collection.
func (r *Registry) associated(ctx context.Context, c *catalog.Catalog, t *catalog.Type, in *catalog.Collection, x *Expander, yield func(*Association) bool) error {
	d := c.Conn().Dialect()
	table, timed := t.Tags, in.Kind == dataset.Calibration
	columns := "s.dataset_id, r.name"
	if timed {
		if table = t.Calibs; table == "" {
			return nil
		}
		columns += ", " + d.TimespanBegin("s") + ", " + d.TimespanEnd("s")
	}
	first := 2
	if timed {
		first = 4
	}
	var b strings.Builder
	b.WriteString("SELECT " + columns)
	for _, e := range t.Dimensions.Required {
		b.WriteString(", s." + d.Quote(e.Name))
	}
	b.WriteString(" FROM " + d.Quote(table) + " s JOIN dataset d ON d.id = s.dataset_id JOIN collection r ON r." + c.Layout.CollectionKey +
		" = d." + c.Layout.RunRef + " WHERE s.dataset_type_id = ? AND s." + c.Layout.CollectionRef + " = ?")
	return c.Conn().Each(ctx, b.String(), []any{t.ID, in.Key}, func(row []driver.Value) error {
		a := &Association{Collection: in.Name, Ref: dataset.Ref{Type: t.Type}}
		damaged := func(err error) error {
			return &CorruptError{Database: c.Database, Reason: "dataset type " + t.Name + ": " + err.Error(), Cause: err}
		}
		var err error
		if a.Ref.ID, err = d.DecodeID(row[0]); err != nil {
			return damaged(err)
		}
		if a.Ref.Run, err = dialect.AsString(row[1]); err != nil {
			return damaged(err)
		}
		if timed {
			begin, err := dialect.AsInt(row[2])
			if err != nil {
				return damaged(err)
			}
			end, err := dialect.AsInt(row[3])
			if err != nil {
				return damaged(err)
			}
			a.Timespan = &dimension.Timespan{Begin: begin, End: end}
		}
		values := make([]dimension.Value, len(t.Dimensions.Required))
		for i, e := range t.Dimensions.Required {
			if values[i], err = e.ConvertValue(row[first+i]); err != nil {
				return damaged(err)
			}
		}
		if a.Ref.DataID, err = x.Expand(ctx, dimension.NewDataID(t.Dimensions, values)); err != nil {
			return err
		}
		if !yield(a) {
			return errStopped
		}
		return nil
	})
}
