package registry

import (
	"strings"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// blame finds which of the refs of a failed statement violated a constraint, and returns the error that says so; the violation
// itself if it cannot be told. The failed statement was undone, those before it were not.
func (tx *Tx) blame(t *catalog.Type, run *catalog.Collection, refs []dataset.Ref, failed dialect.Range, violation *ConstraintError) error {
	seen := map[string]dataset.ID{}
	ids := map[dataset.ID]bool{}
	for i, ref := range refs[:failed.To] {
		ref.Type, ref.Run = t.Type, run.Name
		key := ref.DataID.Key()
		if other, twice := seen[key]; twice {
			return &DatasetExistsError{Ref: ref, ID: other}
		}
		if ids[ref.ID] {
			return &DatasetExistsError{Ref: ref, ID: ref.ID}
		}
		seen[key], ids[ref.ID] = ref.ID, true
		if i < failed.From {
			continue
		}
		var err error
		switch violation.Kind {
		case dialect.UniqueViolation:
			err = tx.blameUnique(t, run, ref)
		case dialect.ForeignKeyViolation:
			err = tx.blameMissing(ref)
		}
		if err != nil {
			return err
		}
	}
	return violation
}

// blameUnique looks for a dataset of the same type, run and data ID, then for one of the same ID.
func (tx *Tx) blameUnique(t *catalog.Type, run *catalog.Collection, ref dataset.Ref) error {
	d := tx.conn.Dialect()
	query := "SELECT dataset_id FROM " + d.Quote(t.Tags) + " WHERE dataset_type_id = ? AND " + tx.registry.layout.CollectionRef + " = ?"
	args := []any{t.ID, run.Key}
	for i, e := range t.Dimensions.Required {
		query += " AND " + d.Quote(e.Name) + " = ?"
		args = append(args, ref.DataID.RequiredValues()[i].Any())
	}
	row, err := tx.conn.Row(tx.ctx, query, args...)
	if err == nil && row != nil {
		if id, err := d.DecodeID(row[0]); err == nil {
			return &DatasetExistsError{Ref: ref, ID: id}
		}
	}
	// If the statement that failed was the one that fills the tags table, the rows of dataset are this call's own; but then one
	// of the refs has its data ID taken and is found before by the query above, unless it was undone with its statement.
	row, err = tx.conn.Row(tx.ctx, "SELECT 1 FROM dataset WHERE id = ?", ref.ID)
	if err == nil && row != nil {
		return &DatasetExistsError{Ref: ref, ID: ref.ID}
	}
	return nil
}

// blameMissing looks for a dimension record that the data ID needs.
func (tx *Tx) blameMissing(ref dataset.Ref) error {
	d := tx.conn.Dialect()
	g := ref.DataID.Group()
	for _, e := range g.Required {
		if !e.HasTable() {
			continue
		}
		var own []dimension.Value
		var args []any
		for _, r := range e.Required {
			own = append(own, ref.DataID.Get(r.Name))
			args = append(args, ref.DataID.Get(r.Name).Any())
		}
		query := recordQuery(d, e) + " WHERE " + strings.Join(keyColumns(d, e), " = ? AND ") + " = ?"
		row, err := tx.conn.Row(tx.ctx, query, args...)
		if err == nil && row == nil {
			return missingRecord(e, own)
		}
	}
	return nil
}
