package butler

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"valet/datastore"
	"valet/registry"
	"valet/registry/dataset"
)

// importBatch is how many files are stored in one transaction, which keeps others from writing.
const importBatch = 1000

// apply changes the repository.
func (m *importer) apply(ctx context.Context) error {
	if err := m.makeReady(ctx); err != nil {
		return err
	}
	for batch := range slices.Chunk(m.files, importBatch) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.store(ctx, batch); err != nil {
			return err
		}
	}
	return m.associate(ctx)
}

// makeReady stores records, types and collections.
func (m *importer) makeReady(ctx context.Context) error {
	n := len(m.newTypes) + len(m.newCollections)
	for _, list := range m.records {
		n += len(list)
	}
	if n == 0 {
		return nil
	}
	records := 0
	err := m.b.Registry.Write(ctx, func(tx *registry.Tx) error {
		records = 0
		for _, e := range m.b.Registry.Universe().Elements() {
			if len(m.records[e]) == 0 {
				continue
			}
			changed, err := tx.InsertDimensionRecords(e, registry.SkipExisting, slices.Values(m.records[e]))
			if err != nil {
				return m.recordFaults(err)
			}
			records += changed
		}
		for _, t := range m.newTypes {
			if _, err := tx.RegisterDatasetType(t); err != nil {
				return err
			}
		}
		for _, c := range m.newCollections {
			if _, err := tx.RegisterCollection(c.Name, c.Kind, c.Doc); err != nil {
				return err
			}
			if c.Kind == dataset.Chained {
				if err := tx.SetChain(c.Name, c.Children); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil {
		m.done.Records, m.done.Types, m.done.Collections = records, len(m.newTypes), len(m.newCollections)
	}
	return err
}

// recordFaults makes what the registry says of records tell their lines.
func (m *importer) recordFaults(err error) error {
	var e *registry.RecordsError
	if !errors.As(err, &e) {
		return err
	}
	out := &ImportError{Name: m.name}
	for _, f := range e.Faults {
		reason := "record of " + e.Element + ": " + f.Reason
		if f.Record != "" {
			reason = "record of " + f.Record + ": " + f.Reason
		}
		if f.More > 0 {
			reason += fmt.Sprintf(" (and %d more that need it)", f.More)
		}
		// Records are known by their lines here.
		out.add(f.At, "%s", strings.ReplaceAll(reason, "first in record ", "first in line "))
	}
	out.Total = max(out.Total, e.Total)
	return out.err()
}

// store brings files and stores their datasets.
func (m *importer) store(ctx context.Context, batch []importFile) (err error) {
	come := arrival{butler: m.b}
	defer func() { err = come.end(err) }()
	w := m.b.Store.Writer()
	var fresh []dataset.Ref
	var records []dataset.FileRecord
	for i := range batch {
		f := &batch[i]
		if err := m.bring(w, f); err != nil {
			return &importFileError{m.name, f.line, err}
		}
		if !f.stays {
			come.made = append(come.made, f.record)
		}
		for k, ref := range f.refs {
			r := f.record
			r.ID = ref.ID
			if records = append(records, r); !f.rows[k] {
				fresh = append(fresh, ref)
			}
		}
	}
	var stored []File
	if len(records) > 0 {
		stored = []File{{Ref: dataset.Ref{ID: records[0].ID}, Record: records[0]}}
	}
	err = come.store(ctx, come.paths(), stored, func(tx *registry.Tx) error {
		if err := tx.InsertRefs(time.Now(), fresh); err != nil {
			return err
		}
		return tx.InsertRecords(m.b.Store.Config.Name, m.b.Store.Config.Table, records)
	})
	if err != nil {
		return err
	}
	m.done.Datasets += len(records)
	return m.removeSources(batch)
}

// importFileError says which file of a text could not be brought.
type importFileError struct {
	name string
	line int
	err  error
}

func (e *importFileError) Error() string { return fmt.Sprintf("%s:%d: %s", e.name, e.line, e.err) }

func (e *importFileError) Unwrap() error { return e.err }

// bring makes a file at its place.
func (m *importer) bring(w *datastore.Writer, f *importFile) error {
	if f.source == "" {
		return nil
	}
	if f.stays && (m.o.NoAttributes || !m.b.Store.Config.Checksum && f.member == "") {
		if m.o.NoAttributes {
			f.record.Size = -1
		}
		return nil
	}
	data, err := m.b.Store.Read(&dataset.FileRecord{ID: f.record.ID, Path: fileURI(f.source) + f.member, Size: -1})
	if err != nil {
		return err
	}
	f.record.Size, f.record.Checksum = int64(len(data)), m.b.Store.Checksum(data)
	if m.o.NoAttributes {
		f.record.Size, f.record.Checksum = -1, ""
	}
	if f.stays {
		return nil
	}
	source := f.source
	if f.member != "" {
		source = ""
	}
	return m.b.place(w, m.o.Transfer, &f.record, data, source)
}

// removeSources ends a move.
func (m *importer) removeSources(batch []importFile) (err error) {
	if m.o.Transfer != MoveIn {
		return nil
	}
	for i := range batch {
		if e := m.b.files.Remove(batch[i].source); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("the dataset is stored, its source is left: %w", e))
		}
	}
	return err
}

// associate stores associations.
func (m *importer) associate(ctx context.Context) error {
	if len(m.members) == 0 {
		return nil
	}
	n := 0
	err := m.b.Registry.Write(ctx, func(tx *registry.Tx) error {
		n = 0
		for i := range m.members {
			x := &m.members[i]
			var err error
			if x.kind == dataset.Calibration {
				err = tx.Certify(x.collection, x.t, x.refs, x.span)
			} else {
				err = tx.Associate(x.collection, x.t, x.refs)
			}
			if err != nil {
				return err
			}
			n += len(x.refs)
		}
		return nil
	})
	if err == nil {
		m.done.Members = n
	}
	return err
}
