package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"valet/datastore/butler"
	"valet/datastore/formatter"
	"valet/quantum"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/tasks/metadata"
)

// trace is what a quantum left in a run.
type trace struct {
	id            dimension.DataID
	metadata, log dataset.ID
}

// Derive reads the attempts of a run from its datasets: one with <label>_metadata ended well, one with a <label>_log alone failed, and the
// log tells why and which attempts there were before. It opens every such file, so a million quanta take minutes. Attempts come task by
// task in the order of data IDs, those of one quantum oldest first. Nothing is known of blocked quanta, or of those that left no log.
func Derive(ctx context.Context, b *butler.Butler, run string) iter.Seq2[*Attempt, error] {
	return func(yield func(*Attempt, error) bool) {
		labels, err := Labels(ctx, b.Registry, run)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, label := range labels {
			traces, err := traces(ctx, b.Registry, run, label, nil)
			if err != nil {
				yield(nil, err)
				return
			}
			for page := range slices.Chunk(traces, 512) {
				attempts, err := derivePage(ctx, b, label, page)
				if err != nil {
					yield(nil, err)
					return
				}
				for _, a := range attempts {
					if !yield(a, nil) {
						return
					}
				}
			}
		}
	}
}

// Labels are the labels of the tasks that left metadata or logs in a run, sorted.
func Labels(ctx context.Context, reg *registry.Registry, run string) ([]string, error) {
	summaries, err := reg.Summaries(ctx, run)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range summaries[run] {
		for suffix, class := range map[string]string{metadataSuffix: "TaskMetadata", logSuffix: "ButlerLogRecords"} {
			label, ok := strings.CutSuffix(name, suffix)
			if !ok || label == "" || slices.Contains(out, label) {
				continue
			}
			typ, err := reg.DatasetType(ctx, name)
			if err != nil {
				return nil, err
			}
			if typ.StorageClass == class {
				out = append(out, label)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// DeriveQuantum reads the attempts at one quantum from its datasets, the oldest first, as Derive does; none if it left nothing. id may have
// implied values too.
func DeriveQuantum(ctx context.Context, b *butler.Butler, run, label string, id dimension.DataID) ([]*Attempt, error) {
	given := map[string]any{}
	for i, v := range id.RequiredValues() {
		given[id.Group().Required[i].Name] = v.Any()
	}
	found, err := traces(ctx, b.Registry, run, label, given)
	if err != nil {
		return nil, err
	}
	return derivePage(ctx, b, label, found)
}

// traces finds the metadata and logs of a task at the data IDs that have the given values, in the order of data IDs. Files are not looked
// at while the rows are read.
func traces(ctx context.Context, reg *registry.Registry, run, label string, given map[string]any) ([]trace, error) {
	var out []trace
	at := map[string]int{}
	for _, suffix := range []string{metadataSuffix, logSuffix} {
		typ, err := reg.DatasetType(ctx, label+suffix)
		if err != nil {
			if err = absent(err); err != nil {
				return nil, err
			}
			continue
		}
		q := registry.Query{Dimensions: typ.Dimensions, Datasets: []registry.DatasetSearch{{Type: typ.Name, Collections: []string{run}}}, DataID: given}
		for row, err := range reg.Select(ctx, q) {
			if err != nil {
				return nil, err
			}
			key := row.DataID.Key()
			i, ok := at[key]
			if !ok {
				i = len(out)
				at[key] = i
				out = append(out, trace{id: dimension.NewDataID(typ.Dimensions, row.DataID.RequiredValues())})
			}
			if suffix == metadataSuffix {
				out[i].metadata = row.Datasets[0].ID
			} else {
				out[i].log = row.Datasets[0].ID
			}
		}
	}
	slices.SortFunc(out, func(a, b trace) int { return a.id.Compare(b.id) })
	return out, nil
}

// absent is nil if err says that a dataset type or collection does not exist.
func absent(err error) error {
	var missing *registry.NotFoundError
	if errors.As(err, &missing) {
		return nil
	}
	return err
}

// derivePage reads the files of some quanta.
func derivePage(ctx context.Context, b *butler.Butler, label string, page []trace) ([]*Attempt, error) {
	var ids []dataset.ID
	for _, t := range page {
		for _, id := range []dataset.ID{t.metadata, t.log} {
			if !id.IsZero() {
				ids = append(ids, id)
			}
		}
	}
	records, err := b.Registry.Records(ctx, b.Store.Config.Name, b.Store.Config.Table, ids)
	if err != nil {
		return nil, err
	}
	files := make(map[dataset.ID]*dataset.FileRecord, len(records))
	for i := range records {
		files[records[i].ID] = &records[i]
	}
	read := func(id dataset.ID) []byte {
		r := files[id]
		if r == nil {
			return nil
		}
		// A file that is lost or damaged takes only its own details with it.
		data, err := b.Store.Read(r)
		if err != nil {
			return nil
		}
		return data
	}
	var out []*Attempt
	for _, t := range page {
		out = append(out, derive(label, t, read)...)
	}
	return out, ctx.Err()
}

// derive tells the attempts at one quantum.
func derive(label string, t trace, read func(dataset.ID) []byte) []*Attempt {
	last := &Attempt{Task: label, DataID: t.id, Worker: -1, Log: t.log}
	var out []*Attempt
	var attempt *formatter.Attempt
	var log *formatter.Log
	if !t.log.IsZero() {
		var err error
		if log, err = formatter.ParseLog(read(t.log)); err == nil {
			attempt, err = log.Attempt()
		}
		if err != nil {
			attempt, log = nil, nil
		}
	}
	if attempt != nil {
		for i := range attempt.PreviousAttempts {
			p := &attempt.PreviousAttempts[i]
			a := &Attempt{Task: label, DataID: t.id, Worker: -1}
			a.fail(p, p.Logs)
			if p.Exception == nil {
				// It ended well and was done again all the same.
				a.State, a.Reason, a.Class, a.Message = quantum.Succeeded, quantum.Ran, "", ""
			}
			out = append(out, a)
		}
	}
	if t.metadata.IsZero() {
		if attempt == nil {
			attempt, log = &formatter.Attempt{}, &formatter.Log{}
		}
		last.fail(attempt, log.Records)
	} else {
		last.succeed(read(t.metadata))
		if last.State == quantum.NoWork && log != nil {
			last.Message = noWorkMessage(log.Records)
		}
	}
	out = append(out, last)
	for i, a := range out {
		a.Try = i
	}
	return out
}

// succeed fills in an attempt that has metadata.
func (a *Attempt) succeed(text []byte) {
	a.State, a.Reason = quantum.Succeeded, quantum.Ran
	m, err := metadata.Parse(text)
	if err != nil {
		return
	}
	a.times(m)
	if v, err := m.Get("quantum.caveats"); err == nil && v.Kind == metadata.Number {
		a.Caveats = quantum.Caveats(v.Number)
	}
	if a.Caveats&quantum.NoWorkCaveat != 0 {
		a.State, a.Reason = quantum.NoWork, quantum.TaskFoundNoWork
		if a.Caveats&quantum.AdjustQuantumRaised != 0 {
			a.Reason = quantum.InputFileMissing
		}
	}
}

// fail fills in an attempt of which there is only a log.
func (a *Attempt) fail(p *formatter.Attempt, records []formatter.Record) {
	a.State, a.Reason = quantum.Failed, quantum.TaskError
	if p.Exception != nil {
		a.Class, a.Message = p.Exception.TypeName, p.Exception.Message
	} else if a.Message = "the log does not say why"; len(records) > 0 && records[len(records)-1].Level >= errorLevel {
		a.Message = records[len(records)-1].Message
		if class, message, ok := exceptionOf(a.Message); ok {
			a.Class, a.Message = class, message
		}
	}
	if m, err := metadata.Parse(p.Metadata); err == nil {
		a.times(m)
	}
	if a.Started.IsZero() && len(records) > 0 {
		a.Started = records[0].Time
		a.Duration = max(0, records[len(records)-1].Time.Sub(a.Started))
	}
}

const errorLevel = 40

// exceptionOf reads class and message from the last record of a failed quantum, for logs in the form of lines, which lack the exception
// (pipelines.md 5.4).
func exceptionOf(record string) (class, message string, ok bool) {
	_, rest, ok := strings.Cut(record, " failed. Exception ")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, ": ")
}

// noWorkMessage is why there was nothing to do, as the log says it.
func noWorkMessage(records []formatter.Record) string {
	for _, r := range slices.Backward(records) {
		if strings.HasPrefix(r.Message, "Nothing to do for task ") {
			if _, why, ok := strings.Cut(r.Message, "skipping: ("); ok {
				return strings.TrimSuffix(why, ")")
			}
			return r.Message
		}
	}
	return ""
}

// times reads when the attempt started and ended.
func (a *Attempt) times(m *metadata.Metadata) {
	at := func(name string) (t time.Time) {
		if v, err := m.Get("quantum." + name); err == nil && v.Kind == metadata.Text {
			for _, layout := range []string{"2006-01-02T15:04:05.999999-07:00", "2006-01-02T15:04:05.999999"} {
				if t, err = time.Parse(layout, v.Text); err == nil {
					return t.UTC()
				}
			}
		}
		return time.Time{}
	}
	if start, end := at("prepUtc"), at("endUtc"); !start.IsZero() {
		a.Started, a.Duration = start, max(0, since(end, start))
	}
}

func since(end, start time.Time) time.Duration {
	if end.IsZero() {
		return 0
	}
	return end.Sub(start)
}

// DeriveStatus is Status of a run that the ledger does not know, read from its datasets.
func DeriveStatus(ctx context.Context, b *butler.Butler, run string) (*Status, error) {
	s := &Status{Run: Run{Name: run, State: Derived}}
	var last *Attempt
	count := func() {
		t := &s.Tasks[len(s.Tasks)-1].Counts
		t.Planned++
		switch last.State {
		case quantum.Succeeded:
			t.Succeeded++
		case quantum.NoWork:
			t.NoWork++
		default:
			t.Failed++
		}
	}
	for a, err := range Derive(ctx, b, run) {
		if err != nil {
			return nil, err
		}
		if last != nil && a.Try == 0 {
			count()
		}
		if last == nil || last.Task != a.Task {
			s.Tasks = append(s.Tasks, TaskStatus{Label: a.Task, Dimensions: a.DataID.Group().RequiredNames()})
		}
		if !a.Started.IsZero() {
			if s.Started.IsZero() || a.Started.Before(s.Started) {
				s.Started = a.Started
			}
			if a.Ended().After(s.Ended) {
				s.Ended = a.Ended()
			}
		}
		last = a
	}
	if last != nil {
		count()
	}
	for i := range s.Tasks {
		s.Counts.add(&s.Tasks[i].Counts)
	}
	s.Created, s.Seconds = s.Started, s.Ended.Sub(s.Started).Seconds()
	return s, nil
}

// GroupFailures groups the failed ones among newest attempts as Failures does, for attempts from Derive. Of several attempts at one quantum
// that follow each other, the last counts.
func GroupFailures(attempts iter.Seq2[*Attempt, error], by string) ([]*FailureGroup, error) {
	g := &grouping{by: by, groups: map[string]*FailureGroup{}}
	known := []string{ByMessage, ByTask}
	var last *Attempt
	count := func() {
		if last == nil || last.State != quantum.Failed {
			return
		}
		message := Normalize(last.Message)
		unique, key := last.Task, last.Task
		switch by {
		case ByMessage:
			unique, key = last.Class+"\x00"+message, message
		case ByTask:
		default:
			v := last.DataID.Get(by)
			if v.IsZero() {
				return
			}
			unique, key = v.Text(), v.Text()
		}
		g.add(unique, key, last.Task, 1, last.Class, message, last.DataID, last.Log)
	}
	for a, err := range attempts {
		if err != nil {
			return nil, err
		}
		if last == nil || last.Task != a.Task {
			for _, name := range a.DataID.Group().RequiredNames() {
				if !slices.Contains(known, name) {
					known = append(known, name)
				}
			}
		}
		if a.Try == 0 {
			count()
		}
		last = a
	}
	count()
	if !slices.Contains(known, by) {
		return nil, &GroupKeyError{Key: by, Known: known}
	}
	slices.SortStableFunc(g.order, func(a, b *FailureGroup) int { return cmp.Compare(b.Count, a.Count) })
	return g.order, nil
}

var emptyOptions = json.RawMessage("{}")
