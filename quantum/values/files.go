package values

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"valet/registry/dataset"
	"valet/tasks/metric"
)

// Files reads the files of measurements of a Set, given by their places, several at a time, and calls f with each in the order given. It is for
// what the index does not hold: identifiers, extras and other blobs. A file that cannot be read has an error and no measurement, as have bundles, which hold nothing else. The error of f
// ends it.
func (x *Index) Files(ctx context.Context, s *Set, places []int, f func(place int, m *metric.Measurement, err error) error) error {
	for part := range slices.Chunk(places, page) {
		ids := make([]dataset.ID, len(part))
		for k, i := range part {
			ids[k] = s.candidates[s.rows[i].candidate].id
		}
		records, err := x.records(ctx, ids)
		if err != nil {
			return err
		}
		read, faults := make([]*metric.Measurement, len(part)), make([]error, len(part))
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(x.options.Workers)
		for k := range part {
			r := records[ids[k]]
			if r == nil {
				faults[k] = &NoFileError{ids[k]}
				continue
			}
			g.Go(func() error {
				text, err := x.butler.Store.Read(r)
				if err == nil {
					read[k], err = metric.Reader{NoQuantity: true}.Parse(text)
				}
				faults[k] = err
				return gctx.Err()
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for k, i := range part {
			if err := f(i, read[k], faults[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

// records are the file records of datasets, from the first store that has one.
func (x *Index) records(ctx context.Context, ids []dataset.ID) (map[dataset.ID]*dataset.FileRecord, error) {
	out := make(map[dataset.ID]*dataset.FileRecord, len(ids))
	for _, store := range x.butler.Store.Files() {
		found, err := x.butler.Registry.Records(ctx, store.Config.Name, store.Config.Table, ids)
		if err != nil {
			return nil, err
		}
		for k := range found {
			if out[found[k].ID] == nil {
				out[found[k].ID] = &found[k]
			}
		}
	}
	return out, nil
}
