package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"valet/datastore/formatter"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/tasks/metadata"
	"valet/tasks/verify"
)

// quantumFile is where the metadata of a quantum are.
type quantumFile struct {
	dataID dimension.DataID
	record dataset.FileRecord
}

// readBatch reads files in parallel; results has a place for each. An error that is not the file's own, such as too few file
// handles, ends it.
func (s *usageScan) readBatch(ctx context.Context, t *dataset.Type, files []quantumFile, results []quantumUsage) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0)) // a worker waits for the disk as often as it parses
	for first := 0; first < len(files); first += usagePart {
		group.Go(func() error {
			for i := first; i < min(first+usagePart, len(files)); i++ {
				if err := ctx.Err(); err != nil {
					return err
				}
				f := &files[i]
				usage, err := s.usageIn(&f.record)
				if err != nil && isTemporary(err) {
					return fmt.Errorf("read %s: %w", f.record.Path, err)
				}
				results[i] = quantumUsage{t.Name, f.dataID, f.record, usage, err}
			}
			return nil
		})
	}
	return group.Wait()
}

// errNoFile says that a dataset is registered and not stored.
var errNoFile = errors.New("the datastore has no file of the dataset")

// usageIn reads a metadata file.
func (s *usageScan) usageIn(record *dataset.FileRecord) (verify.Usage, error) {
	if record.Path == "" {
		return verify.Usage{}, errNoFile
	}
	text, err := s.butler.Store.Read(record)
	if err != nil {
		return verify.Usage{}, err
	}
	m, err := parseTaskMetadata(record, text)
	if err != nil {
		return verify.Usage{}, err
	}
	return verify.UsageOf(m)
}

// parseTaskMetadata parses a file by what its record says that it is.
func parseTaskMetadata(record *dataset.FileRecord, text []byte) (*metadata.Metadata, error) {
	switch record.Formatter {
	case formatter.JSONClass:
		return metadata.Parse(text)
	case formatter.YAMLClass:
		return metadata.ParsePropertySet(text)
	}
	if err := formatter.CanRead(record.Formatter); err != nil {
		return nil, err
	}
	return nil, &formatter.ClassError{Class: record.Formatter, Content: "no task metadata"}
}
