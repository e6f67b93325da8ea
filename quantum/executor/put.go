package executor

import (
	"fmt"

	"valet/datastore/butler"
	"valet/datastore/formatter"
	"valet/quantum"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/tasks"
)

// putOutputs writes the outputs that the task gave.
func (w *worker) putOutputs(res *result, t *taskRun, id dimension.DataID, given tasks.Outputs, a *account) error {
	missing := 0
	for c, out := range t.outputs {
		obj, ok := given[out.connection]
		if !ok || obj == nil {
			missing++
			continue
		}
		var err error
		if w.buf, err = encode(w.buf[:0], obj); err != nil {
			res.state, res.failure, a.failed = quantum.Failed, failureOf(err), true
			return nil
		}
		at := id
		if ids := res.item.Task.Outputs[c].DataIDs; ids != res.item.Task.DataIDs {
			at, _ = ids.At(res.item.Row, nil)
		}
		if err := w.put(res, out, at, w.buf); err != nil {
			return err
		}
		a.puts++
		a.outputs = append(a.outputs, res.files[len(res.files)-1].Ref.ID)
	}
	if missing > 0 && !a.failed {
		a.caveats |= quantum.AnyOutputMissing
		if missing == len(t.outputs) {
			a.caveats |= quantum.AllOutputsMissing
		}
	}
	return nil
}

// encode appends the file of an output object.
func encode(dst []byte, obj any) ([]byte, error) {
	if m, ok := obj.(interface {
		AppendYAML(dst []byte) ([]byte, error)
	}); ok {
		return m.AppendYAML(dst)
	}
	return dst, fmt.Errorf("output of type %T cannot be written", obj)
}

// put writes one file of a quantum and adds it to the result. A dataset of an earlier attempt lends its ID.
func (w *worker) put(res *result, out *output, id dimension.DataID, data []byte) error {
	ref := dataset.Ref{Type: out.typ, DataID: id, Run: w.run.name}
	for _, old := range res.item.Task.InTheWay[res.item.Row] {
		if old.Type.Name == out.typ.Name {
			ref.ID = old.Found.ID
		}
	}
	if ref.ID.IsZero() {
		ref.ID = dataset.NewID()
	}
	var err error
	if w.path, err = out.placer.AppendPath(w.path[:0], id, ref.ID); err != nil {
		return fmt.Errorf("place dataset %q %s: %w", out.typ.Name, id, err)
	}
	f, err := out.placer.FormatterOf(id)
	if err != nil {
		return err
	}
	path := string(w.path)
	if err := w.writer.Write(path, data); err != nil {
		return fmt.Errorf("write dataset %q %s: %w", out.typ.Name, id, err)
	}
	res.files = append(res.files, butler.File{Ref: ref, Record: dataset.FileRecord{ID: ref.ID, Path: path, Formatter: f.Class,
		StorageClass: out.typ.StorageClass, Component: dataset.WholeDataset, Checksum: w.run.butler.Store.Checksum(data), Size: int64(len(data))}})
	return nil
}

// putLog writes the log; what an earlier attempt logged is kept inside (pipelines.md 5.4).
func (w *worker) putLog(res *result, t *taskRun, id dimension.DataID, records []formatter.Record, a *formatter.Attempt) error {
	for _, old := range res.item.Task.InTheWay[res.item.Row] {
		if old.Type.Name != t.log.typ.Name || old.Found.Record == nil {
			continue
		}
		// An earlier log that cannot be read is no reason to fail: it is replaced.
		if obj, err := w.read(old.Found.Record); err == nil {
			if l, ok := obj.(*formatter.Log); ok {
				a.PreviousAttempts, _ = l.EarlierAttempts()
			}
		}
	}
	w.buf = formatter.AppendLogStart(w.buf[:0])
	for i := range records {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = formatter.AppendRecord(w.buf, &records[i])
	}
	w.buf = formatter.AppendLogEnd(w.buf, a)
	return w.put(res, t.log, id, w.buf)
}
