package registry

import (
	"context"

	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// MemberRows is where the rows are that say which datasets of a type a collection holds, for statements that compare them with tables of
// valet's own. Nothing may be written there.
type MemberRows struct {
	// Table is the quoted name of the table, Where the condition that the rows satisfy, with Args for its two question marks. Columns of the
	// table are written as a.<name>.
	Table, Where string
	Args         []any
	// Columns are the quoted names of the columns of the required dimensions, in their order. Behind those of Where they are a key.
	Columns []string
}

// MemberRows finds the rows of a dataset type in a collection; the error is a *NotFoundError if one of them does not exist.
func (r *Registry) MemberRows(ctx context.Context, typ, collection string) (out *MemberRows, err error) {
	err = r.db.View(ctx, func(c *dialect.Conn) error {
		t, x, err := typeIn(ctx, r.catalog(c), typ, collection)
		if err != nil {
			return err
		}
		q := c.Dialect().Quote
		out = &MemberRows{Table: q(t.Tags), Where: "a.dataset_type_id = ? AND a." + r.layout.CollectionRef + " = ?", Args: []any{t.ID, x.Key}}
		for _, d := range t.Dimensions.Required {
			out.Columns = append(out.Columns, q(d.Name))
		}
		return nil
	})
	return out, err
}

func typeIn(ctx context.Context, c *catalog.Catalog, typ, collection string) (*catalog.Type, *catalog.Collection, error) {
	t, err := c.Type(ctx, typ)
	if err != nil {
		return nil, nil, err
	}
	x, err := c.Collection(ctx, collection)
	return t, x, err
}
