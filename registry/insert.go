package registry

import (
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// summaryKey is one row of a summary table: that of a dataset type, or of a governor's value.
type summaryKey struct {
	collection driver.Value
	table      string
	value      driver.Value
}

// InsertDatasets inserts new datasets of one type into one run: dataset, summary and tags rows, in an order that satisfies the
// foreign keys (repository.md 8.2). Data IDs need their required values only. A dataset of the same type, run and data ID, or
// of the same ID, gives a *DatasetExistsError; the transaction must then be given up.
func (tx *Tx) InsertDatasets(t *dataset.Type, run string, ingested time.Time, refs []dataset.Ref) error {
	if len(refs) == 0 {
		return nil
	}
	if reason := tx.registry.refuseDatasets; reason != "" {
		return &RefusedError{Reason: reason}
	}
	registered, err := tx.catalog.Type(tx.ctx, t.Name)
	if err != nil {
		return fmt.Errorf("insert datasets %s: %w", t.Name, err)
	}
	if registered.Dimensions != t.Dimensions {
		return &dataset.ConflictError{Registered: registered.Type, Given: t}
	}
	into, err := tx.collectionOf(run, dataset.Run)
	if err != nil {
		return fmt.Errorf("insert datasets %s: %w", t.Name, err)
	}
	for i := range refs {
		if refs[i].DataID.Group() != t.Dimensions && len(t.Dimensions.Names()) > 0 {
			return fmt.Errorf("insert datasets %s: data ID %s is not of dimensions %s", t.Name, refs[i].DataID, t.Dimensions)
		}
	}
	if failed, err := tx.insertDatasets(registered, into, ingested, refs); err != nil {
		if violation := (*ConstraintError)(nil); errors.As(err, &violation) {
			err = tx.blame(registered, into, refs, failed, violation)
		}
		return fmt.Errorf("insert datasets %s into run %q: %w", t.Name, run, err)
	}
	return nil
}

// insertDatasets reports which refs the failed statement was about.
func (tx *Tx) insertDatasets(t *catalog.Type, run *catalog.Collection, ingested time.Time, refs []dataset.Ref) (dialect.Range, error) {
	l := tx.registry.layout
	ids := encodeIDs(tx.conn.Dialect(), refs)
	typeID, date := driver.Value(t.ID), ingestDate(l, ingested)
	head := "INSERT INTO dataset (id, dataset_type_id, ingest_date, " + l.RunRef + ") VALUES "
	failed, err := tx.conn.InsertRows(tx.ctx, head, 4, len(refs), func(i int, row []driver.NamedValue) {
		row[0].Value, row[1].Value, row[2].Value, row[3].Value = ids[i], typeID, date, run.Key
	})
	if err != nil {
		return failed, err
	}
	if err := tx.ensureSummaries(t, run, refs); err != nil {
		return dialect.Range{From: 0, To: len(refs)}, err
	}
	required := t.Dimensions.Required
	boxes := make([]box, len(required))
	return tx.conn.InsertRows(tx.ctx, tx.tagsHead(t), 3+len(required), len(refs), func(i int, row []driver.NamedValue) {
		row[0].Value, row[1].Value, row[2].Value = typeID, ids[i], run.Key
		for k, v := range refs[i].DataID.RequiredValues() {
			row[3+k].Value = boxes[k].of(v)
		}
	})
}

func (tx *Tx) tagsHead(t *catalog.Type) string {
	q := tx.conn.Dialect().Quote
	head := "INSERT INTO " + q(t.Tags) + " (dataset_type_id, dataset_id, " + tx.registry.layout.CollectionRef
	for _, d := range t.Dimensions.Required {
		head += ", " + q(d.Name)
	}
	return head + ") VALUES "
}

// box turns dimension values into parameters and makes the interface anew only when the value changes: the instrument hardly
// ever does.
type box struct {
	value dimension.Value
	boxed driver.Value
}

func (b *box) of(v dimension.Value) driver.Value {
	if v != b.value {
		b.value, b.boxed = v, v.Any()
	}
	return b.boxed
}

// encodeIDs encodes the IDs of refs with one string for all of them where IDs are hexadecimal text.
func encodeIDs(d dialect.Dialect, refs []dataset.Ref) []driver.Value {
	out := make([]driver.Value, len(refs))
	if !d.TextIDs() {
		for i := range refs {
			out[i] = d.EncodeID(refs[i].ID)
		}
		return out
	}
	digits := make([]byte, 32*len(refs))
	for i := range refs {
		hex.Encode(digits[32*i:], refs[i].ID[:])
	}
	text := string(digits)
	for i := range refs {
		out[i] = text[32*i : 32*i+32]
	}
	return out
}

// ingestDate is the value of dataset.ingest_date: TAI nanoseconds, or UTC text in the 1.0.0 layout; both with microseconds.
func ingestDate(l catalog.Layout, t time.Time) driver.Value {
	t = t.UTC().Truncate(time.Microsecond)
	if l.TextIngestDate {
		return catalog.IngestText(t)
	}
	return dimension.TAI(t)
}

// ensureSummaries makes the summary rows that tags rows refer to, once per transaction (repository.md 6.3).
func (tx *Tx) ensureSummaries(t *catalog.Type, into *catalog.Collection, refs []dataset.Ref) error {
	if err := tx.ensureSummary(into, "collection_summary_dataset_type", "dataset_type_id", t.ID); err != nil {
		return err
	}
	for k, d := range t.Dimensions.Required {
		if !d.Governor {
			continue
		}
		var last dimension.Value
		for i := range refs {
			v := refs[i].DataID.RequiredValues()[k]
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
