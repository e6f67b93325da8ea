package butler

import (
	"context"
	"hash/crc32"

	"valet/datastore"
	"valet/datastore/formatter"
	"valet/registry"
	"valet/registry/dataset"
)

// PackOptions of Pack and Unpack, which only who holds the run may call.
type PackOptions struct {
	// Compress deflates the members that Pack makes.
	Compress bool
	// Guard, if set, is called in every transaction; its error undoes it and ends the work.
	Guard func(tx *registry.Tx) error
	// Moved, if set, is told how many datasets were moved so far.
	Moved func(datasets int)
}

// PackResult is what Pack and Unpack did.
type PackResult struct {
	// Moved is the number of datasets whose files were packed or unpacked, Zips that of the zip files written or removed.
	Moved, Zips int
	// Left is the number of datasets left as they are, for which there is a reason that is no error: their files are of a kind that is
	// not packed, shared, outside the directory of the run, or in a zip of somebody else.
	Left int
	// Failed are errors of files that cannot be read, missing ones included; their datasets are left as they are.
	Failed []error
}

// packable are the formats that Pack takes: those of measurements, metadata and logs. A Butler reads them from zips.
var packable = []string{formatter.YAMLClass, formatter.JSONClass, formatter.LogClass}

// maxPackable is the size of the largest file that is packed: a zip is made in memory.
const maxPackable = 16 << 20

// Pack moves the loose files of a run into zip files. For each of some hundred datasets at a time the zip is written and made durable,
// then one transaction changes the records, then the loose files go. A crash at any step leaves every dataset readable; calling Pack
// again ends what was begun.
func (b *Butler) Pack(ctx context.Context, run string, o PackOptions) (r PackResult, err error) {
	c, err := b.newConversion(ctx, run, o, &r)
	if err != nil {
		return r, err
	}
	if err := c.sweepLoose(); err != nil {
		return r, err
	}
	ids, err := b.datasetsOf(ctx, run)
	if err != nil {
		return r, err
	}
	pack, err := b.Store.NewPack(run)
	if err != nil {
		return r, err
	}
	var moves []registry.Move
	var compressor datastore.Compressor
	flush := func() error {
		if len(moves) == 0 {
			return nil
		}
		if err := c.writer.WritePack(pack); err != nil {
			return err
		}
		r.Zips++
		err := c.move(moves)
		pack.Reset()
		moves = moves[:0]
		return err
	}
	for len(ids) > 0 {
		piece := ids[:min(len(ids), c.size)]
		ids = ids[len(piece):]
		records, err := c.loose(piece)
		if err != nil {
			return r, err
		}
		for i := range records {
			rec := &records[i]
			data, err := b.Store.Read(rec)
			if err != nil {
				if err := c.failed(err); err != nil {
					return r, err
				}
				continue
			}
			if len(data) > maxPackable {
				r.Left++
				continue
			}
			m := datastore.Member{Path: rec.Path, Data: data, CRC: crc32.ChecksumIEEE(data)}
			if o.Compress {
				compressor.Compress(&m)
			}
			to, _, err := pack.Add(rec, &m)
			if err != nil {
				return r, err
			}
			moves = append(moves, registry.Move{ID: rec.ID, From: rec.Path, To: to})
			if pack.Full() {
				if err := flush(); err != nil {
					return r, err
				}
			}
		}
		if err := flush(); err != nil {
			return r, err
		}
	}
	// Datasets may have been removed meanwhile by others.
	if _, err := b.SweepPacks(ctx, run); err != nil {
		return r, err
	}
	return r, c.err
}

// Unpack moves the members of valet's zip files of a run to the places that they would have as loose files, in the order of Pack: a crash
// at any step leaves every dataset readable, and calling Unpack again ends what was begun. Zips go when nothing names them.
func (b *Butler) Unpack(ctx context.Context, run string, o PackOptions) (r PackResult, err error) {
	c, err := b.newConversion(ctx, run, o, &r)
	if err != nil {
		return r, err
	}
	zips, err := b.Store.Packs(run)
	if err != nil {
		return r, err
	}
	for _, zip := range zips {
		if datastore.IsKeptPack(zip) {
			continue
		}
		if err := c.unpack(zip); err != nil {
			return r, err
		}
		needed, err := b.packNeeded(ctx, run, zip)
		if err != nil {
			return r, err
		}
		if needed {
			continue
		}
		if err := b.Store.Remove(&dataset.FileRecord{Path: zip}); err != nil {
			return r, err
		}
		r.Zips++
	}
	return r, c.err
}
