package catalog

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/dialect"
)

// Type is a registered dataset type with its key and tables.
type Type struct {
	*dataset.Type
	ID int64
	// GroupKey identifies the dimension group; 0 is the empty one.
	GroupKey int64
	// Tags and Calibs are the association tables as stored; Calibs is empty unless the type is a calibration.
	Tags, Calibs string
}

const typeColumns = "id, name, storage_class, dimensions_key, tag_association_table, calibration_association_table"

// Type returns the registered dataset type. The error is a *dialect.NotFoundError if there is none.
func (c *Catalog) Type(ctx context.Context, name string) (*Type, error) {
	t, err := c.FindType(ctx, name)
	if t != nil || err != nil {
		return t, err
	}
	n := newNearest(name)
	err = c.conn.Each(ctx, "SELECT name FROM dataset_type", nil, func(row []driver.Value) error {
		s, err := dialect.AsString(row[0])
		n.offer(s)
		return err
	})
	if err != nil {
		return nil, err
	}
	return nil, &dialect.NotFoundError{Kind: "dataset type", Name: name, Near: n.best}
}

// FindType is Type that returns nil if the type is not registered.
func (c *Catalog) FindType(ctx context.Context, name string) (*Type, error) {
	if t := c.types[name]; t != nil {
		return t, nil
	}
	row, err := c.conn.Row(ctx, "SELECT "+typeColumns+" FROM dataset_type WHERE name = ?", name)
	if row == nil || err != nil {
		return nil, err
	}
	key, err := dialect.AsInt(row[3])
	if err != nil {
		return nil, err
	}
	if err := c.loadGroup(ctx, key); err != nil {
		return nil, err
	}
	return c.readType(row)
}

// Types returns all dataset types sorted by name.
func (c *Catalog) Types(ctx context.Context) ([]*Type, error) {
	if err := c.loadGroups(ctx); err != nil {
		return nil, err
	}
	var out []*Type
	err := c.conn.Each(ctx, "SELECT "+typeColumns+" FROM dataset_type ORDER BY name", nil, func(row []driver.Value) error {
		t, err := c.readType(row)
		out = append(out, t)
		return err
	})
	return out, err
}

func (c *Catalog) readType(row []driver.Value) (*Type, error) {
	var text [6]string
	var num [6]int64
	for i := range text {
		var err error
		if i == 0 || i == 3 {
			num[i], err = dialect.AsInt(row[i])
		} else {
			text[i], err = dialect.AsString(row[i])
		}
		if err != nil {
			return nil, &dialect.CorruptError{Database: c.Database, Reason: "dataset_type: " + err.Error()}
		}
	}
	if t := c.types[text[1]]; t != nil {
		return t, nil
	}
	g := c.groups[num[3]]
	if g == nil {
		return nil, &dialect.CorruptError{Database: c.Database, Reason: fmt.Sprintf("dataset type %q has the unknown dimension group %d", text[1], num[3])}
	}
	t := &Type{ID: num[0], GroupKey: num[3], Tags: text[4], Calibs: text[5],
		Type: &dataset.Type{Name: text[1], StorageClass: text[2], Dimensions: g, IsCalibration: text[5] != ""}}
	c.types[t.Name] = t
	return t, nil
}

// loadGroup reads the definition of one dimension group.
func (c *Catalog) loadGroup(ctx context.Context, key int64) error {
	if c.groups[key] != nil {
		return nil
	}
	var names []string
	err := c.conn.Each(ctx, "SELECT dimension_name FROM dimension_graph_definition WHERE dimension_graph_id = ?", []any{key}, func(row []driver.Value) error {
		s, err := dialect.AsString(row[0])
		names = append(names, s)
		return err
	})
	if err != nil || len(names) == 0 && key != 0 {
		return err
	}
	return c.addGroup(key, names)
}

func (c *Catalog) loadGroups(ctx context.Context) error {
	names := map[int64][]string{0: nil}
	err := c.conn.Each(ctx, "SELECT dimension_graph_id, dimension_name FROM dimension_graph_definition", nil, func(row []driver.Value) error {
		key, err := dialect.AsInt(row[0])
		if err != nil {
			return err
		}
		s, err := dialect.AsString(row[1])
		names[key] = append(names[key], s)
		return err
	})
	if err != nil {
		return err
	}
	for key, list := range names {
		if err := c.addGroup(key, list); err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalog) addGroup(key int64, names []string) error {
	g, err := c.Universe.Group(names...)
	if err != nil {
		return &dialect.CorruptError{Database: c.Database, Reason: fmt.Sprintf("dimension group %d (%s): %s", key, strings.Join(names, ", "), err), Cause: err}
	}
	c.groups[key] = g
	return nil
}

// GroupKey returns the lowest key whose stored names expand to the group (repository.md 3.7). It reports false if there is none.
func (c *Catalog) GroupKey(ctx context.Context, g *dimension.Group) (int64, bool, error) {
	if len(g.Names()) == 0 {
		return 0, true, nil
	}
	if err := c.loadGroups(ctx); err != nil {
		return 0, false, err
	}
	best, found := int64(0), false
	for key, x := range c.groups {
		if x == g && (!found || key < best) {
			best, found = key, true
		}
	}
	return best, found, nil
}
