package cli

import (
	"context"
	"time"

	"valet/datastore/butler"
	"valet/quantum/executor"
	"valet/quantum/values"
	"valet/registry"
	"valet/registry/dataset"
	"valet/tasks/pipeline"
)

// openButler opens the repository that -b or REPO names.
func (a *App) openButler(ctx context.Context, repo string, readOnly bool) (*butler.Butler, error) {
	return a.open(ctx, repo, butler.Options{ReadOnly: readOnly})
}

// openToRun opens a repository in which quanta are to run.
func (a *App) openToRun(ctx context.Context, repo string, readOnly bool) (*butler.Butler, error) {
	return a.open(ctx, repo, butler.Options{ReadOnly: readOnly, Bulk: true})
}

func (a *App) open(ctx context.Context, repo string, o butler.Options) (*butler.Butler, error) {
	log := a.Log("registry")
	b, err := butler.Open(ctx, repo, butler.Options{ReadOnly: o.ReadOnly, Bulk: o.Bulk, Getenv: a.lookupEnv, Log: log, FS: a.Disk, Layer: a.explained.layer(a.Layer), BusyTimeout: a.BusyTimeout,
		OnBusy: func(waited time.Duration, holder string) {
			if holder == "" {
				holder = "another process"
			}
			log.Warn().Dur("waited", waited).Msg("database is locked by " + holder + ", waiting")
		}})
	if err == nil {
		b.Forgetting = values.Forget
	}
	return b, err
}

// source lets graphs be built from a repository.
func source(b *butler.Butler) executor.Source {
	return executor.Source{Registry: b.Registry, RecordTable: b.Store.Config.Table}
}

// resolveIn resolves a pipeline against the definitions of a repository.
func (a *App) resolveIn(ctx context.Context, b *butler.Butler, o *inputOptions, p *pipeline.Pipeline) (*pipeline.Resolved, error) {
	types, err := b.Registry.DatasetTypes(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]*dataset.Type{}
	for _, t := range types {
		known[t.Name] = t
	}
	opts := a.resolveOptions(o)
	opts.Universe = b.Registry.Universe()
	opts.Registered = func(name string) (*pipeline.Definition, bool, error) {
		t := known[name]
		if t == nil {
			return nil, false, nil
		}
		return &pipeline.Definition{Dimensions: t.Dimensions.Names(), StorageClass: t.StorageClass, Calibration: t.IsCalibration}, true, nil
	}
	opts.Convertible = dataset.Convertible
	opts.Instrument = func(class string) (string, bool, error) { return instrumentOf(ctx, b.Registry, class) }
	return p.Resolve(a.Tasks, opts)
}

// instrumentOf finds the instrument whose record names a class (pipelines.md 1.10).
func instrumentOf(ctx context.Context, r *registry.Registry, class string) (string, bool, error) {
	x := r.Expander()
	instrument := r.Universe().Dimension("instrument")
	if instrument == nil {
		return "", false, nil
	}
	for row, err := range r.Select(ctx, registry.Query{Dimensions: instrument.Group()}) {
		if err != nil {
			return "", false, err
		}
		rec, err := x.Record(ctx, instrument, row.DataID)
		if err != nil {
			return "", false, err
		}
		if name, _ := rec.Get("class_name"); name == class {
			return row.DataID.Get("instrument").Text(), true, nil
		}
	}
	return "", false, nil
}
