package registry

import (
	"database/sql/driver"
	"fmt"
	"slices"

	"valet/registry/dimension"
	"valet/registry/internal/dialect"
	"valet/registry/sphere"
)

// OverlapsError says why the overlaps of regions with pixels of the sky cannot be kept.
type OverlapsError struct{ Element, Reason string }

func (e *OverlapsError) Error() string {
	return fmt.Sprintf("the overlaps of %s with the sky cannot be kept: %s", e.Element, e.Reason)
}

// Hint says how to go on.
func (e *OverlapsError) Hint() string { return "nothing was changed" }

// ClassName is upstream's exception.
func (e *OverlapsError) ClassName() string { return "NotImplementedError" }

// overlapWriter keeps the rows that depend on records of an element: those of its region, and the summaries of its governed elements.
type overlapWriter struct {
	tx *Tx
	e  *dimension.Element
	// common is the pixelization of the rows.
	common *dimension.Element
	// governed are the spatial elements whose governor e is.
	governed []*dimension.Element
}

func (tx *Tx) newOverlapWriter(e *dimension.Element) (*overlapWriter, error) {
	u := tx.registry.universe
	w := &overlapWriter{tx: tx, e: e, common: u.Dimension(u.CommonSkypix)}
	if e.Governor {
		for _, x := range u.Elements() {
			if x.Spatial != nil && !x.IsSkypix() && x.HasTable() && slices.Contains(x.Required, e) {
				w.governed = append(w.governed, x)
			}
		}
	}
	concerned := w.governed
	if e.Spatial != nil {
		concerned = append(slices.Clone(concerned), e)
	}
	if len(concerned) == 0 {
		return w, nil
	}
	if !w.isHTM() {
		return nil, &OverlapsError{e.Name, fmt.Sprintf("the common pixelization is %q; only HTM is supported", u.CommonSkypix)}
	}
	for _, x := range concerned {
		row, err := tx.conn.Row(tx.ctx, "SELECT skypix_system, skypix_level FROM "+tx.conn.Dialect().Quote(x.Name+"_skypix_overlap_summary")+" WHERE skypix_system <> ? OR skypix_level <> ? LIMIT 1",
			w.common.System.Name, int64(w.common.Level))
		if err != nil {
			return nil, err
		}
		if row != nil {
			return nil, &OverlapsError{x.Name, fmt.Sprintf("the repository keeps them for %v%v too", row[0], row[1])}
		}
	}
	return w, nil
}

// isHTM reports whether the common pixelization is one whose pixels are known here.
func (w *overlapWriter) isHTM() bool {
	return w.common != nil && w.common.IsSkypix() && w.common.System.Class == "lsst.sphgeom.HtmPixelization"
}

// insert writes the rows of new records.
func (w *overlapWriter) insert(chunk []RecordInput) error {
	for _, x := range w.governed {
		q := w.tx.conn.Dialect().Quote
		head := "INSERT INTO " + q(x.Name+"_skypix_overlap_summary") + " (skypix_system, skypix_level, " + q(w.e.Name) + ") VALUES "
		_, err := w.tx.conn.InsertRowsThen(w.tx.ctx, head, " ON CONFLICT DO NOTHING", 3, len(chunk), func(i int, row []driver.NamedValue) {
			row[0].Value, row[1].Value, row[2].Value = w.common.System.Name, int64(w.common.Level), chunk[i].Record.Values[0]
		})
		if err != nil {
			return err
		}
	}
	if w.e.Spatial == nil {
		return nil
	}
	// A record has few pixels, as a rule; the whole sky has too many to be gathered for a chunk of records.
	const atOnce = 1 << 16
	type pixel struct {
		record int
		index  uint64
	}
	var pixels []pixel
	flush := func() error {
		head, required := w.head(), len(w.e.Required)
		_, err := w.tx.conn.InsertRowsThen(w.tx.ctx, head, " ON CONFLICT DO NOTHING", 3+required, len(pixels), func(i int, row []driver.NamedValue) {
			row[0].Value, row[1].Value = w.common.System.Name, int64(w.common.Level)
			for k, v := range chunk[pixels[i].record].Record.Values[:required] {
				row[2+k].Value = v
			}
			row[2+required].Value = int64(pixels[i].index)
		})
		pixels = pixels[:0]
		return err
	}
	for i, in := range chunk {
		ranges := in.pixels
		if !in.prepared {
			var err error
			if ranges, err = w.pixels(in.Record); err != nil {
				return fmt.Errorf("%s: %w", recordName(w.e, in.Record), err)
			}
		}
		for _, r := range ranges {
			for n := r.Begin; n < r.End; n++ {
				pixels = append(pixels, pixel{i, n})
			}
		}
		if len(pixels) >= atOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// pixels are those that the region of a record may overlap.
func (w *overlapWriter) pixels(r *dimension.Record) ([]sphere.Range, error) {
	v, _ := r.Get("region")
	bytes, ok := v.([]byte)
	if !ok {
		return nil, nil
	}
	region, err := sphere.Decode(bytes)
	if err != nil {
		return nil, err
	}
	return sphere.HTMEnvelope(region, w.common.Level)
}

func (w *overlapWriter) head() string {
	q := w.tx.conn.Dialect().Quote
	head := "INSERT INTO " + q(w.e.Name+"_skypix_overlap") + " (skypix_system, skypix_level"
	for _, d := range w.e.Required {
		head += ", " + q(d.Name)
	}
	return head + ", skypix_index) VALUES "
}

// remove deletes the rows of records that are replaced.
func (w *overlapWriter) remove(chunk []RecordInput) error {
	if w.e.Spatial == nil {
		return nil
	}
	q := w.tx.conn.Dialect().Quote
	columns := ""
	for i, d := range w.e.Required {
		if i > 0 {
			columns += ", "
		}
		columns += q(d.Name)
	}
	const size = 200
	for from := 0; from < len(chunk); from += size {
		piece := chunk[from:min(from+size, len(chunk))]
		args := []any{w.common.System.Name, int64(w.common.Level)}
		for _, in := range piece {
			args = append(args, in.Record.Values[:len(w.e.Required)]...)
		}
		err := w.tx.exec("DELETE FROM "+q(w.e.Name+"_skypix_overlap")+" WHERE skypix_system = ? AND skypix_level = ? AND ("+columns+") IN (VALUES "+dialect.Values(len(piece), len(w.e.Required))+")", args...)
		if err != nil {
			return err
		}
	}
	return nil
}
