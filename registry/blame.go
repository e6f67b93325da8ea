package registry

import (
	"slices"
	"strings"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/dialect"
)

// blame finds which of the refs of a failed statement violated a constraint, and returns its home and the error that says so; the
// violation itself if it cannot be told. failed are the positions of the statement's refs. The failed statement was undone, those
// before it were not.
func (tx *Tx) blame(homes []*home, homeOf []int32, refs []dataset.Ref, failed []int32, violation *ConstraintError) (*home, error) {
	failed = slices.Sorted(slices.Values(failed))
	type place struct {
		home   int32
		dataID string
	}
	seen := map[place]dataset.ID{}
	ids := map[dataset.ID]bool{}
	last := homes[homeOf[failed[len(failed)-1]]]
	for i, ref := range refs[:failed[len(failed)-1]+1] {
		h := homes[homeOf[i]]
		ref.Type = h.Type.Type
		key := place{homeOf[i], ref.DataID.Key()}
		if other, twice := seen[key]; twice {
			return h, &DatasetExistsError{Ref: ref, ID: other}
		}
		if ids[ref.ID] {
			return h, &DatasetExistsError{Ref: ref, ID: ref.ID}
		}
		seen[key], ids[ref.ID] = ref.ID, true
		if _, ok := slices.BinarySearch(failed, int32(i)); !ok {
			continue
		}
		var err error
		switch violation.Kind {
		case dialect.UniqueViolation:
			err = tx.blameUnique(h, ref)
		case dialect.ForeignKeyViolation:
			err = tx.blameMissing(ref)
		}
		if err != nil {
			return h, err
		}
	}
	return last, violation
}

// blameUnique looks for a dataset of the same type, run and data ID, then for one of the same ID.
func (tx *Tx) blameUnique(h *home, ref dataset.Ref) error {
	d := tx.conn.Dialect()
	query := "SELECT dataset_id FROM " + d.Quote(h.Tags) + " WHERE dataset_type_id = ? AND " + tx.registry.layout.CollectionRef + " = ?"
	args := []any{h.ID, h.run.Key}
	for i, e := range h.Dimensions.Required {
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
