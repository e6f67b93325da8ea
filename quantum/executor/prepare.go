package executor

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"valet/datastore/butler"
	"valet/datastore/formatter"
	"valet/quantum"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/tasks"
	"valet/tasks/pipeline"
)

// PrepareOptions of Prepare.
type PrepareOptions struct {
	// Register registers dataset types that are new.
	Register bool
	// SkipInit writes neither configs nor packages; NoVersions no packages.
	SkipInit, NoVersions bool
	// Version is that of valet, for packages.
	Version string
	// Warn is told what does not keep the run from going on: files of a replaced run that could not be removed. It may be nil.
	Warn func(error)
}

// MissingTypeError names dataset types that are not registered.
type MissingTypeError struct{ Names []string }

func (e *MissingTypeError) Error() string {
	return fmt.Sprintf("dataset types not registered: %s", strings.Join(e.Names, ", "))
}

// ClassName is the upstream error class.
func (e *MissingTypeError) ClassName() string {
	return "lsst.daf.butler.registry._exceptions.MissingDatasetTypeError"
}

// Hint says what to do.
func (e *MissingTypeError) Hint() string {
	return "add --register-dataset-types; nothing was changed"
}

// ConfigConflictError says that a task has another config than earlier quanta of the run had.
type ConfigConflictError struct {
	Task, Run   string
	Differences []string
}

func (e *ConfigConflictError) Error() string {
	return fmt.Sprintf("config of task %q differs from the one that run %q was begun with: %s", e.Task, e.Run, strings.Join(e.Differences, "; "))
}

// ClassName is the upstream error class.
func (e *ConfigConflictError) ClassName() string {
	return "lsst.daf.butler.registry._exceptions.ConflictingDefinitionError"
}

// Hint says what to do.
func (e *ConfigConflictError) Hint() string {
	return "configs in one run must be consistent: undo the change, or make a new run without --extend-run"
}

// Check finds what would keep a run from being prepared, before anything is written: dataset types that are not registered, tasks
// that cannot be made, formats that valet does not write, and datasets that would share a file.
func Check(ctx context.Context, b *butler.Butler, g *quantum.Graph, o PrepareOptions) error {
	if _, err := typesToRegister(ctx, b, g, o); err != nil {
		return err
	}
	r, err := newRun(ctx, b, g)
	if err != nil {
		return err
	}
	return checkCollisions(ctx, r, g)
}

// Prepare makes the run ready for its quanta: collections, dataset types, configs and packages (pipelines.md 3.3, 4.1, 5.1). All is
// written in one transaction, which is also the one in which a replaced run is pruned; its files go afterwards. Check should have been
// asked before.
func Prepare(ctx context.Context, b *butler.Butler, g *quantum.Graph, o PrepareOptions) error {
	missing, err := typesToRegister(ctx, b, g, o)
	if err != nil {
		return err
	}
	var files []butler.File
	if !o.SkipInit {
		if files, err = writeInit(ctx, b, g, o); err != nil {
			return err
		}
	}
	c := g.Collections
	prune := &pruning{butler: b, graph: g}
	err = b.Store.Sync()
	if err == nil {
		err = prune.before(ctx)
	}
	if err == nil {
		err = b.Registry.Write(ctx, func(tx *registry.Tx) error {
			if c.Output != "" {
				if _, err := tx.RegisterCollection(c.Output, dataset.Chained, ""); err != nil {
					return err
				}
			}
			if _, err := tx.RegisterCollection(c.Run, dataset.Run, ""); err != nil {
				return err
			}
			if c.ChainChanges {
				if err := tx.SetChain(c.Output, c.Chain); err != nil {
					return err
				}
			}
			if err := prune.take(tx); err != nil {
				return err
			}
			for _, t := range missing {
				if _, err := tx.RegisterDatasetType(t); err != nil {
					return err
				}
			}
			return b.Insert(tx, files, time.Now())
		})
	}
	if err = b.Settle(err, files); err != nil {
		var unsettled *registry.UnsettledError
		for i := range files {
			if !errors.As(err, &unsettled) {
				_ = b.Store.Remove(&files[i].Record)
			}
		}
		return err
	}
	if err := prune.finish(ctx); err != nil && (ctx.Err() != nil || o.Warn == nil) {
		return err
	} else if err != nil {
		o.Warn(err)
	}
	return nil
}

// typesToRegister are the dataset types that are missing and may be registered.
func typesToRegister(ctx context.Context, b *butler.Butler, g *quantum.Graph, o PrepareOptions) ([]*dataset.Type, error) {
	missing, err := missingTypes(ctx, b, g.Pipeline)
	if err != nil || len(missing) == 0 || o.Register {
		return missing, err
	}
	e := &MissingTypeError{}
	for _, t := range missing {
		e.Names = append(e.Names, t.Name)
	}
	return nil, e
}

// missingTypes are the dataset types of the pipeline that are not registered, in their order.
func missingTypes(ctx context.Context, b *butler.Butler, p *pipeline.Resolved) ([]*dataset.Type, error) {
	known, err := b.Registry.DatasetTypes(ctx)
	if err != nil {
		return nil, err
	}
	registered := map[string]*dataset.Type{}
	for _, t := range known {
		registered[t.Name] = t
	}
	var out []*dataset.Type
	for _, t := range p.DatasetTypes {
		if registered[t.Name] == nil {
			typ := datasetType(t)
			if err := typ.Validate(); err != nil {
				return nil, err
			}
			out = append(out, typ)
		}
	}
	return out, nil
}

// writeInit writes configs and packages. In a run that exists, a config that is there must be equal, and packages stay as they are.
func writeInit(ctx context.Context, b *butler.Butler, g *quantum.Graph, o PrepareOptions) ([]butler.File, error) {
	w := initWriter{ctx: ctx, butler: b, graph: g, placers: placers{butler: b, run: g.Collections.Run, records: butler.Records{Ctx: ctx, Expander: b.Registry.Expander()}}}
	old := map[string]*tasks.Config{}
	for _, q := range g.Tasks {
		text, err := w.existing(q.Task.ConfigType)
		if err != nil {
			return nil, err
		}
		if text == nil {
			continue
		}
		c, err := tasks.ParseSaved(q.Task.Config.Class(), text)
		if err != nil {
			return nil, fmt.Errorf("compare config of task %q: %w", q.Task.Label, err)
		}
		if diff := q.Task.Config.Differences(c); len(diff) > 0 {
			return nil, &ConfigConflictError{Task: q.Task.Label, Run: g.Collections.Run, Differences: diff}
		}
		old[q.Task.Label] = c
	}
	for _, q := range g.Tasks {
		if old[q.Task.Label] == nil {
			if err := w.write(q.Task.ConfigType, q.Task.Config.AppendSaved(nil)); err != nil {
				return w.files, w.undo(err)
			}
		}
	}
	packages := g.Pipeline.DatasetType("packages")
	if packages == nil || o.NoVersions {
		return w.files, nil
	}
	text, err := w.existing(packages)
	if err == nil && text == nil {
		err = w.write(packages, formatter.AppendPackages(nil, formatter.Packages{"valet": o.Version}))
	}
	return w.files, w.undo(err)
}

type initWriter struct {
	ctx     context.Context
	butler  *butler.Butler
	graph   *quantum.Graph
	placers placers
	files   []butler.File
}

// existing is the file of an init dataset of the run, nil if there is none.
func (w *initWriter) existing(t *pipeline.DatasetType) ([]byte, error) {
	if t == nil || !t.Registered || !w.graph.Collections.RunExists {
		return nil, nil
	}
	src := Source{w.butler.Registry, w.butler.Store.Config.Table}
	var record *dataset.FileRecord
	for row, err := range src.Rows(w.ctx, quantum.Search{Dimensions: t.Dimensions, Types: []string{t.Name}, Collections: []string{w.graph.Collections.Run}}) {
		if err != nil {
			return nil, err
		}
		if r := row.Datasets[0].Record; r != nil {
			copied := *r
			record = &copied
		}
	}
	if record == nil {
		return nil, nil
	}
	return w.butler.Store.Read(record)
}

func (w *initWriter) write(t *pipeline.DatasetType, data []byte) error {
	out, err := w.placers.output(t)
	if err != nil {
		return err
	}
	id := dataset.NewID()
	none := dimension.NewDataID(t.Dimensions, nil)
	at, err := out.placer.AppendPath(nil, none, id)
	if err != nil {
		return err
	}
	// A process may have been killed while it replaced what another one that was killed had left.
	w.butler.Store.RemoveTemporary(path.Dir(string(at)))
	if err := w.butler.Store.Writer().Write(string(at), data); err != nil {
		return fmt.Errorf("write dataset %q: %w", t.Name, err)
	}
	w.files = append(w.files, butler.File{Ref: dataset.Ref{ID: id, Type: out.typ, DataID: none, Run: w.graph.Collections.Run},
		Record: dataset.FileRecord{ID: id, Path: string(at), Formatter: out.placer.Formatter().Class, StorageClass: out.typ.StorageClass,
			Component: dataset.WholeDataset, Checksum: w.butler.Store.Checksum(data), Size: int64(len(data))}})
	return nil
}

// undo removes what was written if err is one.
func (w *initWriter) undo(err error) error {
	if err != nil {
		for i := range w.files {
			_ = w.butler.Store.Remove(&w.files[i].Record)
		}
	}
	return err
}
