package catalog

import (
	"context"
	"database/sql/driver"
	"slices"

	"valet/registry/dimension"
	"valet/registry/internal/dialect"
)

// WithType returns those of the collections whose summary has the dataset type, in the given order. Summaries may claim more
// than there is and never less (repository.md 6.3).
func (c *Catalog) WithType(ctx context.Context, t *Type, in []*Collection) ([]*Collection, error) {
	if len(in) == 0 {
		return nil, nil
	}
	has := map[driver.Value]bool{}
	query := "SELECT " + c.Layout.CollectionRef + " FROM collection_summary_dataset_type WHERE dataset_type_id = ?"
	err := c.conn.Each(ctx, query, []any{t.ID}, func(row []driver.Value) error {
		has[row[0]] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []*Collection
	for _, x := range in {
		if has[x.Key] {
			out = append(out, x)
		}
	}
	return out, nil
}

// TypesIn returns, for each of the collections, the names of the dataset types in its summary, sorted.
func (c *Catalog) TypesIn(ctx context.Context, in []*Collection) ([][]string, error) {
	out := make([][]string, len(in))
	at := make(map[driver.Value]int, len(in))
	for i, x := range in {
		at[x.Key] = i
	}
	read := func(row []driver.Value) error {
		i, ok := at[row[0]]
		if !ok {
			return nil
		}
		name, err := dialect.AsString(row[1])
		out[i] = append(out[i], name)
		return err
	}
	query := "SELECT s." + c.Layout.CollectionRef + ", t.name FROM collection_summary_dataset_type s JOIN dataset_type t ON t.id = s.dataset_type_id"
	const order = " ORDER BY t.name"
	// A large repository has many collections: few are asked for one by one, many in one pass over the table.
	const few = 16
	if len(in) > few {
		return out, c.conn.Each(ctx, query+order, nil, read)
	}
	for _, x := range in {
		if err := c.conn.Each(ctx, query+" WHERE s."+c.Layout.CollectionRef+" = ?"+order, []any{x.Key}, read); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// WithGovernor returns those of the collections whose summary has one of the values of a governor dimension.
func (c *Catalog) WithGovernor(ctx context.Context, governor *dimension.Element, values []dimension.Value, in []*Collection) ([]*Collection, error) {
	have, err := c.governors(ctx, governor, in)
	if err != nil {
		return nil, err
	}
	var out []*Collection
	for _, x := range in {
		if slices.ContainsFunc(have[x.Key], func(v dimension.Value) bool { return slices.Contains(values, v) }) {
			out = append(out, x)
		}
	}
	return out, nil
}

// Governors returns the values of a governor in the summaries of the collections, sorted.
func (c *Catalog) Governors(ctx context.Context, governor *dimension.Element, in []*Collection) ([]dimension.Value, error) {
	have, err := c.governors(ctx, governor, in)
	if err != nil {
		return nil, err
	}
	var out []dimension.Value
	for _, values := range have {
		for _, v := range values {
			if !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	slices.SortFunc(out, dimension.Value.Compare)
	return out, nil
}

func (c *Catalog) governors(ctx context.Context, governor *dimension.Element, in []*Collection) (map[driver.Value][]dimension.Value, error) {
	out := map[driver.Value][]dimension.Value{}
	for _, x := range in {
		out[x.Key] = nil
	}
	q := c.conn.Dialect().Quote
	query := "SELECT " + c.Layout.CollectionRef + ", " + q(governor.Name) + " FROM " + q("collection_summary_"+governor.Name)
	err := c.conn.Each(ctx, query, nil, func(row []driver.Value) error {
		if _, wanted := out[row[0]]; !wanted {
			return nil
		}
		v, err := governor.ConvertValue(row[1])
		if err != nil {
			return &dialect.CorruptError{Database: c.Database, Reason: "collection summary: " + err.Error(), Cause: err}
		}
		out[row[0]] = append(out[row[0]], v)
		return nil
	})
	return out, err
}
