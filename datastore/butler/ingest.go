package butler

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"valet/datastore"
	"valet/registry"
	"valet/registry/dataset"
)

// Ingest is a file that is to become a dataset.
type Ingest struct {
	// At says where it is from in messages, such as the line of a table.
	At int
	// Path of the file; for Direct it may be any URI.
	Path string
	// DataID holds values for at least the required dimensions of the type.
	DataID map[string]any
	// Err says why it could not be read.
	Err error
}

// IngestOptions say what files become.
type IngestOptions struct {
	// Type is the name of their registered dataset type; Run is made if it is new.
	Type, Run string
	Transfer  Transfer
	// IDs says how dataset IDs are made; none is unique ones.
	IDs dataset.IDMode
	// Untracked records neither sizes nor checksums, for files that others may change.
	Untracked bool
}

// IngestFiles stores files as datasets of a registered type in a run. What is wrong with any of them is told at once in an *IngestError
// before anything is changed. Files come to their places first, then all rows in one transaction; when that fails, the files that were
// brought are removed again. It returns the number of datasets.
//
// A crash leaves files without rows, which the same ingestion writes over when it is repeated, or all rows; after a move sources may be left
// whose datasets are stored.
func (b *Butler) IngestFiles(ctx context.Context, o IngestOptions, rows []Ingest) (int, error) {
	if b.chained() {
		return 0, &datastore.ChainError{}
	}
	t, err := b.Registry.DatasetType(ctx, o.Type)
	if err != nil {
		return 0, err
	}
	faults := &IngestError{Type: o.Type}
	list, err := b.plan(ctx, t, &o, rows, faults)
	if err != nil {
		return 0, err
	}
	if faults.Total > 0 {
		return 0, faults
	}
	return len(list), b.ingest(ctx, &o, list)
}

// ingest brings the files and stores the rows.
func (b *Butler) ingest(ctx context.Context, o *IngestOptions, list []ingestion) (err error) {
	if len(list) == 0 {
		return nil
	}
	come := arrival{butler: b}
	defer func() { err = come.end(err) }()
	w := b.Store.Writer()
	files := make([]File, len(list))
	for i := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		in := &list[i]
		if err := b.bring(w, in); err != nil {
			return fmt.Errorf("row %d: %w", in.at, err)
		}
		if in.transfer.brings() {
			come.made = append(come.made, in.file.Record)
		}
		if o.Untracked {
			in.file.Record.Size, in.file.Record.Checksum = -1, ""
		}
		files[i] = in.file
	}
	paths := make([]string, 0, len(list))
	for i := range list {
		if list[i].transfer != Direct {
			paths = append(paths, list[i].file.Record.Path)
		}
	}
	err = come.store(ctx, paths, files, func(tx *registry.Tx) error {
		if _, err := tx.RegisterCollection(o.Run, dataset.Run, ""); err != nil {
			return err
		}
		return b.Insert(tx, files, time.Now())
	})
	if err != nil {
		return err
	}
	for _, in := range list {
		if in.transfer != MoveIn {
			continue
		}
		if e := b.files.Remove(in.source); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("the dataset is stored, its source is left: %w", e))
		}
	}
	return err
}
