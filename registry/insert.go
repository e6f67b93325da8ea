package registry

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"time"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
)

// summaryKey is one row of a summary table: that of a dataset type, or of a governor's value.
type summaryKey struct {
	collection driver.Value
	table      string
	value      driver.Value
}

// InsertDatasets inserts new datasets of one type into one run. It is InsertRefs for refs that need neither a type nor a run.
func (tx *Tx) InsertDatasets(t *dataset.Type, run string, ingested time.Time, refs []dataset.Ref) error {
	whole := make([]dataset.Ref, len(refs))
	for i, ref := range refs {
		ref.Type, ref.Run = t, run
		whole[i] = ref
	}
	return tx.InsertRefs(ingested, whole)
}

// home is where the datasets of one type and run go.
type home struct {
	*catalog.Type
	given *dataset.Type
	run   *catalog.Collection
	refs  []int32
}

func (h *home) of(refs []dataset.Ref) iter.Seq[*dataset.Ref] {
	return func(yield func(*dataset.Ref) bool) {
		for _, i := range h.refs {
			if !yield(&refs[i]) {
				return
			}
		}
	}
}

// each goes over refs without copying them.
func each(refs []dataset.Ref) iter.Seq[*dataset.Ref] {
	return func(yield func(*dataset.Ref) bool) {
		for i := range refs {
			if !yield(&refs[i]) {
				return
			}
		}
	}
}

// InsertRefs inserts new datasets of any types into any runs: dataset, summary and tags rows, in an order that satisfies the
// foreign keys (repository.md 8.2). Data IDs need their required values only. A dataset of the same type, run and data ID, or of the same
// ID, gives a *DatasetExistsError; the transaction must then be given up.
func (tx *Tx) InsertRefs(ingested time.Time, refs []dataset.Ref) error {
	if len(refs) == 0 {
		return nil
	}
	if reason := tx.registry.refuseDatasets; reason != "" {
		return &RefusedError{Reason: reason}
	}
	homes, homeOf, err := tx.homes(refs)
	if err != nil {
		return err
	}
	ids := encodeIDs(tx.conn.Dialect(), refs)
	if failed, err := tx.insertRows(homes, homeOf, ids, ingested, refs); err != nil {
		h := homes[0]
		if violation := (*ConstraintError)(nil); errors.As(err, &violation) {
			h, err = tx.blame(homes, homeOf, refs, failed, violation)
		}
		return fmt.Errorf("insert datasets %s into run %q: %w", h.Name, h.run.Name, err)
	}
	return nil
}

// homes finds the home of each ref and checks that the ref fits.
func (tx *Tx) homes(refs []dataset.Ref) (homes []*home, homeOf []int32, err error) {
	type key struct {
		typ *dataset.Type
		run string
	}
	known := map[key]int32{}
	homeOf = make([]int32, len(refs))
	for i := range refs {
		ref := &refs[i]
		at, ok := known[key{ref.Type, ref.Run}]
		if !ok {
			h, err := tx.home(ref.Type, ref.Run)
			if err != nil {
				return nil, nil, fmt.Errorf("insert datasets %s: %w", ref.Type.Name, err)
			}
			at = int32(len(homes))
			known[key{ref.Type, ref.Run}], homes = at, append(homes, h)
		}
		h := homes[at]
		if ref.DataID.Group() != h.given.Dimensions && len(h.given.Dimensions.Names()) > 0 {
			return nil, nil, fmt.Errorf("insert datasets %s: data ID %s is not of dimensions %s", ref.Type.Name, ref.DataID, h.given.Dimensions)
		}
		homeOf[i] = at
		h.refs = append(h.refs, int32(i))
	}
	return homes, homeOf, nil
}

func (tx *Tx) home(t *dataset.Type, run string) (*home, error) {
	registered, err := tx.catalog.Type(tx.ctx, t.Name)
	if err != nil {
		return nil, err
	}
	if registered.Dimensions != t.Dimensions {
		return nil, &dataset.ConflictError{Registered: registered.Type, Given: t}
	}
	into, err := tx.collectionOf(run, dataset.Run)
	if err != nil {
		return nil, err
	}
	return &home{Type: registered, given: t, run: into}, nil
}

// insertRows reports which refs the failed statement was about, as positions in refs.
func (tx *Tx) insertRows(homes []*home, homeOf []int32, ids []driver.Value, ingested time.Time, refs []dataset.Ref) (failed []int32, err error) {
	l := tx.registry.layout
	date := ingestDate(l, ingested)
	typeIDs := make([]driver.Value, len(homes))
	for i, h := range homes {
		typeIDs[i] = h.ID
	}
	head := "INSERT INTO dataset (id, dataset_type_id, ingest_date, " + l.RunRef + ") VALUES "
	at, err := tx.conn.InsertRows(tx.ctx, head, 4, len(refs), func(i int, row []driver.NamedValue) {
		row[0].Value, row[1].Value, row[2].Value, row[3].Value = ids[i], typeIDs[homeOf[i]], date, homes[homeOf[i]].run.Key
	})
	if err != nil {
		for i := at.From; i < at.To; i++ {
			failed = append(failed, int32(i))
		}
		return failed, err
	}
	for _, h := range homes {
		if err := tx.ensureSummaries(h.Type, h.run, h.of(refs)); err != nil {
			return h.refs, err
		}
	}
	// One table holds the tags of all types of one group of dimensions. Its largest indexes begin with the type.
	var tables []*home
	rows := map[string][]int32{}
	for _, h := range homes {
		if rows[h.Tags] == nil {
			tables = append(tables, h)
		}
		rows[h.Tags] = append(rows[h.Tags], h.refs...)
	}
	for _, t := range tables {
		required := t.Dimensions.Required
		boxes := make([]box, len(required))
		rows := rows[t.Tags]
		at, err := tx.conn.InsertRows(tx.ctx, tx.tagsHead(t.Type), 3+len(required), len(rows), func(i int, row []driver.NamedValue) {
			k := rows[i]
			row[0].Value, row[1].Value, row[2].Value = typeIDs[homeOf[k]], ids[k], homes[homeOf[k]].run.Key
			for d, v := range refs[k].DataID.RequiredValues() {
				row[3+d].Value = boxes[d].of(v)
			}
		})
		if err != nil {
			return rows[at.From:at.To], err
		}
	}
	return nil, nil
}

func (tx *Tx) tagsHead(t *catalog.Type) string {
	q := tx.conn.Dialect().Quote
	head := "INSERT INTO " + q(t.Tags) + " (dataset_type_id, dataset_id, " + tx.registry.layout.CollectionRef
	for _, d := range t.Dimensions.Required {
		head += ", " + q(d.Name)
	}
	return head + ") VALUES "
}

// ensureSummaries makes the summary rows that tags rows refer to, once per transaction (repository.md 6.3).
func (tx *Tx) ensureSummaries(t *catalog.Type, into *catalog.Collection, refs iter.Seq[*dataset.Ref]) error {
	if err := tx.ensureSummary(into, "collection_summary_dataset_type", "dataset_type_id", t.ID); err != nil {
		return err
	}
	for k, d := range t.Dimensions.Required {
		if !d.Governor {
			continue
		}
		var last dimension.Value
		for ref := range refs {
			v := ref.DataID.RequiredValues()[k]
			if v == last {
				continue
			}
			last = v
			if err := tx.ensureSummary(into, "collection_summary_"+d.Name, d.Name, v.Any()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *Tx) ensureSummary(into *catalog.Collection, table, column string, value driver.Value) error {
	key := summaryKey{into.Key, table, value}
	if tx.summaries[key] {
		return nil
	}
	q := tx.conn.Dialect().Quote
	err := tx.exec("INSERT INTO "+q(table)+" ("+tx.registry.layout.CollectionRef+", "+q(column)+") VALUES (?, ?) ON CONFLICT DO NOTHING", into.Key, value)
	if err == nil {
		tx.summaries[key] = true
	}
	return err
}
