package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"valet/datastore/butler"
	"valet/quantum/values"
	"valet/registry"
	"valet/tasks/metric"
)

// indexPatience is how long storing values waits for a lock: a question must not wait for a run.
const indexPatience = 2 * time.Second

// withIndex opens a repository for reading, with its value index. What has to be read from files is stored in the repository if it can be
// written, unless keep is false.
func (a *App) withIndex(ctx context.Context, repo string, keep bool, f func(b *butler.Butler, x *values.Index) error) error {
	return a.withButler(ctx, repo, func(b *butler.Butler) (err error) {
		log := a.Log("values")
		told := time.Now()
		o := values.Options{Unstored: func(err error) {
			log.Info().Err(err).Msg("the values that were read are not stored in the repository, so that the next question reads them again")
		}, Reading: func(done, total int) {
			if now := time.Now(); done < total && now.Sub(told) > time.Second {
				told = now
				log.Info().Int("read", done).Int("of", total).Msg("reading measurements for the first time")
			}
		}}
		w := &indexWriter{app: a, repo: repo}
		if keep {
			o.Write = w.write
		}
		defer func() { err = errors.Join(err, w.close()) }()
		return f(b, values.New(b, o))
	})
}

// indexWriter opens the repository for writing when there is something to store.
type indexWriter struct {
	app  *App
	repo string
	mu   sync.Mutex
	b    *butler.Butler
}

func (w *indexWriter) write(ctx context.Context, f func(tx *registry.Tx) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.b == nil {
		patience := indexPatience
		if w.app.BusyTimeout > 0 {
			patience = min(patience, w.app.BusyTimeout)
		}
		b, err := butler.Open(ctx, w.repo, butler.Options{Getenv: w.app.lookupEnv, Log: w.app.Log("registry"), FS: w.app.Disk, Layer: w.app.Layer, BusyTimeout: patience})
		if err != nil {
			return err
		}
		w.b = b
	}
	return w.b.Registry.Write(ctx, f)
}

func (w *indexWriter) close() error {
	if w.b == nil {
		return nil
	}
	return w.b.Close()
}

// metricError adds the metric that may be meant to an error about one that does not exist.
func metricError(err error) error {
	var unknown *values.UnknownMetricError
	if !errors.As(err, &unknown) {
		return err
	}
	e := &classError{reason: unknown.Error(), hint: "no dataset type of storage class MetricValue is registered"}
	bare := make([]string, len(unknown.Known))
	for i, k := range unknown.Known {
		_, bare[i], _ = strings.Cut(k, ".")
	}
	near := nearest(unknown.Metric, unknown.Known)
	if near == "" {
		// The package may have been left out, or be wrong.
		_, name, dotted := strings.Cut(unknown.Metric, ".")
		if !dotted {
			name = unknown.Metric
		}
		if m := nearest(name, bare); m != "" {
			near = unknown.Known[slices.Index(bare, m)]
		}
	}
	switch {
	case near != "":
		e.hint = fmt.Sprintf("did you mean %s?", near)
	case len(unknown.Known) > 0:
		e.hint = "metrics are " + strings.Join(unknown.Known[:min(len(unknown.Known), 20)], ", ")
		if len(unknown.Known) > 20 {
			e.hint += ", ..."
		}
	}
	return e
}

// noMeasurementsError says that there is nothing to show.
type noMeasurementsError struct {
	collections []string
	why         []string
}

func (e *noMeasurementsError) Error() string {
	return "no measurements found in " + strings.Join(e.collections, ", ")
}

// Hint says why, as far as it is known.
func (e *noMeasurementsError) Hint() string {
	if len(e.why) == 0 {
		return "check the metrics, --collections and --where; datasets of storage class MetricValue are shown"
	}
	return strings.Join(e.why, "\n")
}

// maxFaults is how many unreadable measurements are named one by one.
const maxFaults = 50

// reportFaults tells of measurements that could not be read.
func (a *App) reportFaults(faults []values.Fault) {
	for i, f := range faults {
		if i == maxFaults {
			fmt.Fprintf(a.Stderr, "error: %d more measurements cannot be read\n", len(faults)-i)
			return
		}
		path := ""
		if f.Path != "" {
			path = f.Path + ": "
		}
		fmt.Fprintf(a.Stderr, "error: %s %s: %s%s\n", f.Dataset.Type.Name, f.Dataset.DataID, path, errorText(f.Err))
	}
}

// parseUnitFlag reads a unit; nil if there is none. The error has the units that may be meant.
func parseUnitFlag(text string, given bool) (*metric.Unit, error) {
	if !given {
		return nil, nil
	}
	u, err := metric.ParseUnit(text)
	if err != nil {
		return nil, fmt.Errorf("--unit: %w", err)
	}
	return &u, nil
}
