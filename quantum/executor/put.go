package executor

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"valet/datastore/butler"
	"valet/datastore/formatter"
	"valet/quantum"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/tasks"
	"valet/tasks/metric"
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
			res.fail(quantum.OutputError, err)
			a.failed = true
			return nil
		}
		at := id
		if ids := res.out.Item.Task.Outputs[c].DataIDs; ids != res.out.Item.Task.DataIDs {
			at, _ = ids.At(res.out.Item.Row, nil)
		}
		if err := w.put(res, out, at, w.buf, false); err != nil {
			return err
		}
		a.puts++
		file := &res.files[len(res.files)-1]
		a.outputs = append(a.outputs, file.Ref.ID)
		if m, ok := obj.(*metric.Measurement); ok {
			res.out.Measured = append(res.out.Measured, Measured{m, file.Record})
		}
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

// write writes a file. keeps says that it holds what the one in its place told, which must not be lost.
func (w *worker) write(path string, data []byte, keeps bool) error {
	// A process may be suspended for long at any point: it has to ask each time.
	if err := w.run.mayWrite(); err != nil {
		return err
	}
	if keeps {
		return w.writer.WriteOver(path, data)
	}
	return w.writer.Write(path, data)
}

// put writes one file of a quantum and adds it to the result. A dataset of an earlier attempt lends its ID. keeps is that of write.
func (w *worker) put(res *result, out *output, id dimension.DataID, data []byte, keeps bool) error {
	ref := dataset.Ref{Type: out.typ, DataID: id, Run: w.run.name}
	for _, old := range res.out.Item.Task.InTheWay[res.out.Item.Row] {
		if old.Type.Name == out.typ.Name {
			ref.ID = old.Found.ID
		}
	}
	if ref.ID.IsZero() {
		ref.ID = w.lentID(out, res.out.Item.Task, id)
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
	if w.run.pack != nil {
		w.keep(res, path, data)
		path = "" // known when the group is written
	} else if err := w.write(path, data, keeps); err != nil {
		return fmt.Errorf("write dataset %q %s: %w", out.typ.Name, id, err)
	}
	res.files = append(res.files, butler.File{Ref: ref, Record: dataset.FileRecord{ID: ref.ID, Path: path, Formatter: f.Class,
		StorageClass: out.typ.StorageClass, Component: dataset.WholeDataset, Checksum: w.run.butler.Store.Checksum(data), Size: int64(len(data))}})
	return nil
}

// putLog writes the log; what earlier attempts logged is kept inside, oldest first (pipelines.md 5.4).
func (w *worker) putLog(res *result, t *taskRun, id dimension.DataID, records []formatter.Record, a *formatter.Attempt) error {
	if w.run.existed {
		old, err := w.earlierLog(res.out.Item, t, id)
		if err != nil {
			return fmt.Errorf("keep the earlier log of dataset %q %s: %w", t.log.typ.Name, id, err)
		}
		if old != nil {
			// An earlier log that is damaged is no reason to fail: it is replaced.
			earlier, _ := old.EarlierAttempts()
			a.PreviousAttempts = append(earlier, a.PreviousAttempts...)
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
	return w.put(res, t.log, id, w.buf, len(a.PreviousAttempts) > 0)
}

// earlierLog is the log of the attempt before, or nil. Its row is gone when the quantum is run again; a log that a killed process
// left without any row counts if it tells of a failure. The error is that of a disk that does not give the log out: replacing it then
// would lose it.
func (w *worker) earlierLog(it Item, t *taskRun, id dimension.DataID) (*formatter.Log, error) {
	for _, old := range it.Task.InTheWay[it.Row] {
		if old.Type.Name == t.log.typ.Name && old.Found.Record != nil {
			l, err := w.readLog(old.Found.Record)
			return l, diskFault(err)
		}
	}
	var err error
	if w.path, err = t.log.placer.AppendPath(w.path[:0], id, dataset.ID{}); err != nil {
		return nil, nil // a path with the ID of the dataset in it is always new
	}
	l, err := w.readLog(&dataset.FileRecord{Path: string(w.path), Formatter: formatter.LogClass, StorageClass: t.log.typ.StorageClass,
		Component: dataset.WholeDataset, Size: -1})
	if fault := diskFault(err); fault != nil {
		return nil, fault
	}
	if err == nil {
		if a, err := l.Attempt(); err == nil && (a.Exception != nil || len(a.PreviousAttempts) > 0) {
			return l, nil
		}
	}
	// What a power failure left of a new log, such as an empty file, does not hide the one that was kept.
	if rec := w.run.keptLog(w.path, t); rec != nil {
		l, err = w.readLog(rec)
		return l, diskFault(err)
	}
	return nil, nil
}

// diskFault is err if the disk is its reason and the file is there.
func diskFault(err error) error {
	var e *fs.PathError
	if !errors.As(err, &e) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	return err
}

func (w *worker) readLog(rec *dataset.FileRecord) (*formatter.Log, error) {
	obj, err := w.reader.read(rec)
	if err != nil {
		return nil, err
	}
	l, ok := obj.(*formatter.Log)
	if !ok {
		return nil, fmt.Errorf("%s is no log", rec.Path)
	}
	return l, nil
}

// sweep removes what earlier attempts left of a quantum in a run that existed before, and this one did not write: files of the
// datasets that were in the way, and files without rows of a process that was killed. It runs after the quantum's own files are
// written and before their rows are; what cannot be removed is harmless.
func (w *worker) sweep(res *result) {
	it := res.out.Item
	if !w.run.existed || it.Task.Taken[it.Row] || w.run.mayWrite() != nil {
		return
	}
	written := func(path string) bool {
		for i := range res.files {
			if res.files[i].Record.Path == path {
				return true
			}
		}
		return false
	}
	for _, old := range it.Task.InTheWay[it.Row] {
		if rec := old.Found.Record; rec != nil && !old.Shared && !written(rec.Path) {
			_ = w.run.butler.Store.Remove(rec)
		}
	}
	t := w.run.tasks[it.Task]
	id := it.Task.DataID(it.Row)
	remove := func(out *output, id dimension.DataID) {
		if out == nil {
			return
		}
		var err error
		// A path outside the run's directory may be that of another run's dataset.
		if w.path, err = out.placer.AppendPath(w.path[:0], id, dataset.ID{}); err == nil && strings.HasPrefix(string(w.path), w.run.name+"/") {
			w.run.sweepTemporary(path.Dir(string(w.path)))
			if !written(string(w.path)) {
				_ = w.run.butler.Store.Remove(&dataset.FileRecord{Path: string(w.path)})
			}
		}
	}
	for c, out := range t.outputs {
		// Another quantum may write an output at a coarser data ID.
		if it.Task.Outputs[c].DataIDs == it.Task.DataIDs {
			remove(out, id)
		}
	}
	remove(t.metadata, id)
	remove(t.log, id)
}

// sweepTemporary removes, once for each directory, what a killed process left that was about to replace a file.
func (r *run) sweepTemporary(dir string) {
	if _, done := r.swept.LoadOrStore(dir, true); !done {
		r.butler.Store.RemoveTemporary(dir)
	}
}
