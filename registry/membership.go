package registry

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// MembershipError says that a collection holds another dataset of the same type and data ID already, or in CALIBRATION collections one
// whose validity range overlaps.
type MembershipError struct {
	Collection string
	Ref        dataset.Ref
	// ID is the dataset that is in the way; zero if it is another one of those given.
	ID dataset.ID
	// Calibration says that ranges overlap.
	Calibration bool
}

func (e *MembershipError) Error() string {
	other := "another of the given datasets"
	if e.ID != (dataset.ID{}) {
		other = "dataset " + e.ID.String()
	}
	if e.Calibration {
		return fmt.Sprintf("%s@%s cannot be certified in %q: the validity range overlaps that of %s", e.Ref.Type.Name, e.Ref.DataID, e.Collection, other)
	}
	return fmt.Sprintf("%s@%s (%s) cannot be associated with %q: %s is in its place", e.Ref.Type.Name, e.Ref.DataID, e.Ref.ID, e.Collection, other)
}

// Hint says how to go on.
func (e *MembershipError) Hint() string {
	if e.Calibration {
		return "decertify the overlapping range first, or choose another one; nothing was changed"
	}
	return "disassociate the other dataset first; nothing was changed"
}

// ClassName is upstream's exception.
func (e *MembershipError) ClassName() string {
	return "lsst.daf.butler.registry._exceptions.ConflictingDefinitionError"
}

// Associate adds datasets of one type to a TAGGED collection (repository.md 6.4). Those that are in it already are fine. Another dataset
// in the place of one gives a *MembershipError; the transaction must then be given up.
func (tx *Tx) Associate(tagged string, t *dataset.Type, refs []dataset.Ref) error {
	into, registered, err := tx.membership(tagged, dataset.Tagged, t)
	if err != nil || len(refs) == 0 {
		return err
	}
	ids := encodeIDs(tx.conn.Dialect(), refs)
	if err := tx.ensureSummaries(registered, into, each(refs)); err != nil {
		return fmt.Errorf("associate with %q: %w", tagged, err)
	}
	failed, err := tx.conn.InsertRowsThen(tx.ctx, tx.tagsHead(registered), " ON CONFLICT (dataset_id, "+tx.registry.layout.CollectionRef+") DO NOTHING", 3+len(t.Dimensions.Required), len(refs),
		func(i int, row []driver.NamedValue) {
			row[0].Value, row[1].Value, row[2].Value = registered.ID, ids[i], into.Key
			for k, v := range refs[i].DataID.RequiredValues() {
				row[3+k].Value = v.Any()
			}
		})
	if violation := (*ConstraintError)(nil); errors.As(err, &violation) && violation.Kind == dialect.UniqueViolation {
		for _, ref := range refs[failed.From:failed.To] {
			id, e := tx.memberOf(registered, into, ref)
			if e == nil && id != ref.ID {
				return &MembershipError{Collection: tagged, Ref: ref, ID: id}
			}
		}
		return &MembershipError{Collection: tagged, Ref: refs[failed.From]}
	}
	if err != nil {
		return fmt.Errorf("associate with %q: %w", tagged, err)
	}
	return nil
}

// membership finds what is to be written to.
func (tx *Tx) membership(name string, kind dataset.CollectionKind, t *dataset.Type) (*catalog.Collection, *catalog.Type, error) {
	if reason := tx.registry.refuseDatasets; reason != "" {
		return nil, nil, &RefusedError{Reason: reason}
	}
	into, err := tx.collectionOf(name, kind)
	if err != nil {
		return nil, nil, err
	}
	registered, err := tx.catalog.Type(tx.ctx, t.Name)
	return into, registered, err
}

// whereDataID is the condition that a row of an association table is of a type, collection and data ID.
func (tx *Tx) whereDataID(t *catalog.Type, in *catalog.Collection, id dimension.DataID) (string, []any) {
	text := "a.dataset_type_id = ? AND a." + tx.registry.layout.CollectionRef + " = ?"
	args := []any{t.ID, in.Key}
	for i, e := range t.Dimensions.Required {
		text += " AND a." + tx.conn.Dialect().Quote(e.Name) + " = ?"
		args = append(args, id.RequiredValues()[i].Any())
	}
	return text, args
}

func (tx *Tx) memberOf(t *catalog.Type, in *catalog.Collection, ref dataset.Ref) (dataset.ID, error) {
	where, args := tx.whereDataID(t, in, ref.DataID)
	row, err := tx.conn.Row(tx.ctx, "SELECT a.dataset_id FROM "+tx.conn.Dialect().Quote(t.Tags)+" a WHERE "+where, args...)
	if err != nil || row == nil {
		return ref.ID, err
	}
	return tx.conn.Dialect().DecodeID(row[0])
}

// Disassociate takes datasets of one type out of a TAGGED collection. Those that are not in it are fine.
func (tx *Tx) Disassociate(tagged string, t *dataset.Type, refs []dataset.Ref) error {
	from, registered, err := tx.membership(tagged, dataset.Tagged, t)
	if err != nil {
		return err
	}
	ids := make([]dataset.ID, len(refs))
	for i := range refs {
		ids[i] = refs[i].ID
	}
	err = inChunks(ids, func(args []any, marks string) error {
		return tx.exec("DELETE FROM "+tx.conn.Dialect().Quote(registered.Tags)+" WHERE "+tx.registry.layout.CollectionRef+" = ? AND dataset_id IN "+marks, append([]any{from.Key}, args...)...)
	})
	if err != nil {
		return fmt.Errorf("disassociate from %q: %w", tagged, err)
	}
	return nil
}

// NoCalibrationError says that datasets of a type cannot be certified.
type NoCalibrationError struct{ Type string }

func (e *NoCalibrationError) Error() string {
	return fmt.Sprintf("dataset type %q is no calibration: its datasets have no validity ranges", e.Type)
}

// ClassName is upstream's exception.
func (e *NoCalibrationError) ClassName() string {
	return "lsst.daf.butler._exceptions.CollectionTypeError"
}

// Certify gives datasets of one type a validity range in a CALIBRATION collection. A range that overlaps one of another or the same
// dataset with the same data ID there gives a *MembershipError; the transaction must then be given up.
func (tx *Tx) Certify(calibration string, t *dataset.Type, refs []dataset.Ref, span dimension.Timespan) error {
	into, registered, err := tx.membership(calibration, dataset.Calibration, t)
	if err != nil {
		return err
	}
	if registered.Calibs == "" {
		return &NoCalibrationError{Type: t.Name}
	}
	if span.IsEmpty() {
		return fmt.Errorf("certify in %q: the validity range is empty", calibration)
	}
	if len(refs) == 0 {
		return nil
	}
	seen := map[string]bool{}
	for _, ref := range refs {
		key := ref.DataID.Key()
		if seen[key] {
			return &MembershipError{Collection: calibration, Ref: ref, Calibration: true}
		}
		seen[key] = true
		rows, err := tx.certified(registered, into, &ref.DataID, span)
		if err != nil {
			return fmt.Errorf("certify in %q: %w", calibration, err)
		}
		if len(rows) > 0 {
			return &MembershipError{Collection: calibration, Ref: ref, ID: rows[0].dataset, Calibration: true}
		}
	}
	if err := tx.ensureSummaries(registered, into, each(refs)); err != nil {
		return fmt.Errorf("certify in %q: %w", calibration, err)
	}
	rows := make([]certified, len(refs))
	for i, ref := range refs {
		rows[i] = certified{dataset: ref.ID, span: span}
		for _, v := range ref.DataID.RequiredValues() {
			rows[i].values = append(rows[i].values, v.Any())
		}
	}
	if err := tx.insertCertified(registered, into, rows); err != nil {
		return fmt.Errorf("certify in %q: %w", calibration, err)
	}
	return nil
}

// certified is a row of a table of calibrations.
type certified struct {
	key     any
	dataset dataset.ID
	values  []any
	span    dimension.Timespan
}

// certified reads the rows of a type that overlap a timespan, of one data ID or of all.
func (tx *Tx) certified(t *catalog.Type, in *catalog.Collection, id *dimension.DataID, span dimension.Timespan) (out []certified, err error) {
	d := tx.conn.Dialect()
	where, args := "a.dataset_type_id = ? AND a."+tx.registry.layout.CollectionRef+" = ?", []any{t.ID, in.Key}
	if id != nil {
		where, args = tx.whereDataID(t, in, *id)
	}
	query := "SELECT a.id, a.dataset_id, " + d.TimespanBegin("a") + ", " + d.TimespanEnd("a")
	for _, e := range t.Dimensions.Required {
		query += ", a." + d.Quote(e.Name)
	}
	query += " FROM " + d.Quote(t.Calibs) + " a WHERE " + where + " AND " + d.TimespanEnd("a") + " > ? AND " + d.TimespanBegin("a") + " < ? ORDER BY a.id"
	err = tx.conn.Each(tx.ctx, query, append(args, span.Begin, span.End), func(row []driver.Value) error {
		c := certified{key: row[0]}
		var err error
		if c.dataset, err = d.DecodeID(row[1]); err != nil {
			return err
		}
		if c.span.Begin, err = dialect.AsInt(row[2]); err != nil {
			return err
		}
		if c.span.End, err = dialect.AsInt(row[3]); err != nil {
			return err
		}
		for _, v := range row[4:] {
			if text, ok := v.([]byte); ok {
				v = string(text)
			}
			c.values = append(c.values, v)
		}
		out = append(out, c)
		return nil
	})
	return out, err
}

func (tx *Tx) insertCertified(t *catalog.Type, into *catalog.Collection, rows []certified) error {
	d := tx.conn.Dialect()
	head := "INSERT INTO " + d.Quote(t.Calibs) + " (dataset_type_id, dataset_id, " + tx.registry.layout.CollectionRef
	for _, e := range t.Dimensions.Required {
		head += ", " + d.Quote(e.Name)
	}
	for _, c := range d.TimespanColumns() {
		head += ", " + c
	}
	n := len(t.Dimensions.Required)
	_, err := tx.conn.InsertRows(tx.ctx, head+") VALUES ", 5+n, len(rows), func(i int, row []driver.NamedValue) {
		row[0].Value, row[1].Value, row[2].Value = t.ID, d.EncodeID(rows[i].dataset), into.Key
		for k, v := range rows[i].values {
			row[3+k].Value = v
		}
		row[3+n].Value, row[4+n].Value = rows[i].span.Begin, rows[i].span.End
	})
	return err
}

// Decertify takes a timespan out of the validity ranges of a type in a CALIBRATION collection, of the given data IDs or, if there are none,
// of all. What a range has outside of the timespan stays valid. It returns the number of ranges that changed.
func (tx *Tx) Decertify(calibration string, t *dataset.Type, span dimension.Timespan, ids []dimension.DataID) (changed int, err error) {
	from, registered, err := tx.membership(calibration, dataset.Calibration, t)
	if err != nil {
		return 0, err
	}
	if registered.Calibs == "" {
		return 0, &NoCalibrationError{Type: t.Name}
	}
	of := make([]*dimension.DataID, 0, len(ids)+1)
	for i := range ids {
		of = append(of, &ids[i])
	}
	if len(ids) == 0 {
		of = append(of, nil)
	}
	for _, id := range of {
		rows, err := tx.certified(registered, from, id, span)
		if err != nil {
			return 0, fmt.Errorf("decertify in %q: %w", calibration, err)
		}
		var rest []certified
		for _, c := range rows {
			if err := tx.exec("DELETE FROM "+tx.conn.Dialect().Quote(registered.Calibs)+" WHERE id = ?", c.key); err != nil {
				return 0, fmt.Errorf("decertify in %q: %w", calibration, err)
			}
			for _, left := range []dimension.Timespan{{Begin: c.span.Begin, End: span.Begin}, {Begin: span.End, End: c.span.End}} {
				if !left.IsEmpty() {
					part := c
					part.span = left
					rest = append(rest, part)
				}
			}
		}
		if err := tx.insertCertified(registered, from, rest); err != nil {
			return 0, fmt.Errorf("decertify in %q: %w", calibration, err)
		}
		changed += len(rows)
	}
	return changed, nil
}

// SetDoc changes what is said of a collection; empty says nothing.
func (tx *Tx) SetDoc(name, doc string) error {
	x, err := tx.catalog.Collection(tx.ctx, name)
	if err != nil {
		return err
	}
	var text any
	if doc != "" {
		text = doc
	}
	if err := tx.exec("UPDATE collection SET doc = ? WHERE "+tx.registry.layout.CollectionKey+" = ?", text, x.Key); err != nil {
		return fmt.Errorf("document collection %q: %w", name, err)
	}
	tx.catalog.Forget(name)
	return nil
}

// DeleteCollection deletes a TAGGED, CALIBRATION or CHAINED collection that no chain holds. Datasets stay. A run gives a
// *CollectionKindError: its datasets have to be removed with it.
func (tx *Tx) DeleteCollection(name string) error {
	x, err := tx.catalog.Collection(tx.ctx, name)
	if err != nil {
		return err
	}
	if x.Kind == dataset.Run {
		return &CollectionKindError{Name: name, Is: x.Kind, Expected: dataset.Tagged}
	}
	if err := tx.exec("DELETE FROM collection WHERE "+tx.registry.layout.CollectionKey+" = ?", x.Key); err != nil {
		return fmt.Errorf("delete collection %q: %w", name, err)
	}
	tx.catalog.Forget(name)
	// Keys are used again.
	clear(tx.summaries)
	return nil
}

// CountDatasets returns how many datasets of each type a run holds.
func (r *Registry) CountDatasets(ctx context.Context, run string) (out map[string]int64, err error) {
	out = map[string]int64{}
	err = r.view(ctx, func(c *catalog.Catalog) error {
		x, err := c.Collection(ctx, run)
		if err != nil {
			return err
		}
		if x.Kind != dataset.Run {
			return &CollectionKindError{Name: run, Is: x.Kind, Expected: dataset.Run}
		}
		return c.Conn().Each(ctx, "SELECT t.name, COUNT(*) FROM dataset d JOIN dataset_type t ON t.id = d.dataset_type_id WHERE d."+r.layout.RunRef+" = ? GROUP BY t.name", []any{x.Key}, func(row []driver.Value) error {
			name, err := dialect.AsString(row[0])
			if err != nil {
				return err
			}
			out[name], err = dialect.AsInt(row[1])
			return err
		})
	})
	return out, err
}
