package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"valet/registry/dimension"
	"valet/registry/internal/dialect"
)

// PreparedRecords are records of one element that were read and checked without the database, so that its write lock is held for no more than
// the insertion. They lie in memory or, when they are many, in a temporary file that has no name and goes with the process.
type PreparedRecords struct {
	registry *Registry
	e        *dimension.Element
	faults   *recordFaults
	spool    spool
	// given counts all records, also those at fault.
	given int
}

// Given is how many records there were, those at fault included.
func (p *PreparedRecords) Given() int { return p.given }

// Close removes the temporary file.
func (p *PreparedRecords) Close() error { return p.spool.close() }

// PrepareRecords reads and checks records of one element, and finds the pixels of the sky that they overlap. Faults of single records are
// kept: InsertPrepared tells them with those that the database knows of. The error is that of an element without records, of the temporary
// file, or of ctx. Memory does not grow with the number of records.
func (r *Registry) PrepareRecords(ctx context.Context, e *dimension.Element, records iter.Seq[RecordInput]) (_ *PreparedRecords, err error) {
	if !e.HasTable() {
		return nil, &RecordsError{Element: e.Name, Total: 1, Faults: []RecordFault{{Reason: noTable(e)}}}
	}
	if r.universe.Element(e.Name) != e {
		return nil, fmt.Errorf("insert records of %s: it does not belong to this registry", e)
	}
	p := &PreparedRecords{registry: r, e: e, faults: newRecordFaults(e)}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("prepare records of %s: %w", e, err), p.Close())
		}
	}()
	w := &overlapWriter{e: e, common: r.universe.Dimension(r.universe.CommonSkypix)}
	for in := range records {
		if p.given++; p.given%recordChunk == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !p.faults.check(in) {
			continue
		}
		if e.Spatial != nil && w.isHTM() {
			if in.pixels, err = w.pixels(in.Record); err != nil {
				p.faults.add(in, "%s", err)
				continue
			}
			in.prepared = true
		}
		if err := p.spool.add(&in); err != nil {
			return nil, err
		}
	}
	return p, p.spool.end()
}

// InsertPrepared inserts records in one transaction, as Tx.InsertDimensionRecords does. The database is locked for no longer than the
// insertion takes: what is wrong with the records is looked for before the transaction, or after it was given up.
func (r *Registry) InsertPrepared(ctx context.Context, p *PreparedRecords, mode RecordMode) (changed int, err error) {
	w := &recordWriter{e: p.e, mode: mode, faults: p.faults}
	looked := 0 // records in which faults were looked for
	if p.faults.total == 0 {
		err = r.Write(ctx, func(tx *Tx) error {
			w.tx = tx
			changed, looked = 0, 0
			if err := w.prepare(); err != nil {
				return err
			}
			return p.chunks(0, func(chunk []RecordInput) error {
				n, err := w.write(chunk)
				changed, looked = changed+n, looked+len(chunk)
				if err == nil {
					err = p.faults.err()
				}
				return err
			})
		})
		var refused *RecordsError
		if !errors.As(err, &refused) {
			if err != nil {
				return 0, fmt.Errorf("insert records of %s: %w", p.e, err)
			}
			return changed, nil
		}
	}
	err = p.chunks(looked, func(chunk []RecordInput) error {
		return r.db.Read(ctx, func(c *dialect.Conn) error {
			w.tx = &Tx{ctx: ctx, registry: r, conn: c}
			return w.diagnose(chunk)
		})
	})
	if err != nil {
		return 0, fmt.Errorf("look for faults in records of %s: %w", p.e, err)
	}
	return 0, p.faults.err()
}

// chunks calls f with all records but the first few, a chunk at a time.
func (p *PreparedRecords) chunks(skip int, f func([]RecordInput) error) error {
	in, err := p.spool.read()
	if err != nil {
		return err
	}
	chunk := make([]RecordInput, 0, recordChunk)
	for {
		record, err := readSpooled(in, p.e)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the temporary file: %w", err)
		}
		if err == nil {
			if skip > 0 {
				skip--
				continue
			}
			chunk = append(chunk, record)
		}
		if len(chunk) > 0 && (err != nil || len(chunk) == recordChunk) {
			if err := f(chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
		if err != nil {
			return nil
		}
	}
}
