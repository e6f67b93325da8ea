package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
	"valet/quantum/ledger"
	"valet/registry"
	"valet/registry/dataset"
)

// recordedRun is a run that a command looks at.
type recordedRun struct {
	*butler.Butler
	ledger *ledger.Ledger
	name   string
	// repo is how the user named the repository, for commands to type next.
	repo string
	// derived says that the ledger does not know the run: what is known of it is read from its datasets.
	derived bool
}

// withRun opens a repository for reading and finds the run that a user named: by its name, or by that of its chain. A run that the ledger
// does not know is noted on stderr.
func (a *App) withRun(cmd *cobra.Command, repo, name string, f func(r *recordedRun) error) error {
	ctx := cmd.Context()
	return a.withButler(ctx, repo, func(b *butler.Butler) error {
		r, err := a.findRun(ctx, b, repo, name)
		if err != nil {
			return err
		}
		if r.derived {
			log := a.Log("ledger")
			log.Warn().Str("run", r.name).Msg("valet has no records of this run; what follows is read from its datasets, which takes time and tells nothing of blocked quanta. " +
				"'" + a.command("rebuild-ledger", repo, r.name) + "' stores it")
		}
		return f(r)
	})
}

// findRun finds the run of a name, or the newest of a chain.
func (a *App) findRun(ctx context.Context, b *butler.Butler, repo, name string) (*recordedRun, error) {
	r := &recordedRun{Butler: b, ledger: ledger.New(b.Registry, ledger.Options{}), name: name, repo: repo}
	if known, err := r.isRecorded(ctx); err != nil || known {
		return r, err
	}
	c, err := b.Registry.Collection(ctx, name)
	var missing *registry.NotFoundError
	if errors.As(err, &missing) {
		return nil, a.unknownRun(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	switch c.Kind {
	case dataset.Run:
		r.derived = true
		return r, nil
	case dataset.Chained:
		for _, child := range c.Children {
			of, err := b.Registry.Collection(ctx, child)
			if err != nil {
				return nil, err
			}
			if of.Kind != dataset.Run {
				continue
			}
			r.name = child
			known, err := r.isRecorded(ctx)
			r.derived = !known
			log := a.Log("ledger")
			log.Info().Str("run", child).Msg("this is the newest run of " + name)
			return r, err
		}
		return nil, &classError{class: "ValueError", reason: fmt.Sprintf("chain %q holds no run", name), hint: "name a run; '" + a.command("runs", repo) + "' lists them"}
	}
	return nil, &classError{class: "CollectionTypeError", reason: fmt.Sprintf("%q is a %s collection, not a run", name, c.Kind),
		hint: "name a run; '" + a.command("runs", repo) + "' lists them"}
}

// isRecorded reports whether the ledger knows the run.
func (r *recordedRun) isRecorded(ctx context.Context) (bool, error) {
	_, err := r.ledger.Executions(ctx, r.name)
	var unknown *ledger.UnknownRunError
	if errors.As(err, &unknown) {
		return false, nil
	}
	return err == nil, err
}

// unknownRun is the error of a name that is no run, with the one that may be meant.
func (a *App) unknownRun(ctx context.Context, r *recordedRun) error {
	e := &classError{class: "MissingCollectionError", reason: fmt.Sprintf("there is no run or chain %q", r.name), hint: "'" + a.command("runs", r.repo) + "' lists the runs"}
	all, err := r.Registry.Collections(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, c := range all {
		if c.Kind == dataset.Run || c.Kind == dataset.Chained {
			names = append(names, c.Name)
		}
	}
	if near := nearest(r.name, names); near != "" {
		e.hint = fmt.Sprintf("did you mean %s?", shellQuote(near))
	}
	return e
}

// status is where the run stands, by the ledger or, for a run that it does not know, by its datasets.
func (r *recordedRun) status(ctx context.Context) (*ledger.Status, error) {
	if r.derived {
		return ledger.DeriveStatus(ctx, r.Butler, r.name)
	}
	return r.ledger.Status(ctx, r.name)
}

// logPaths are the files of logs, by dataset. Those that are not stored any more are missing.
func (r *recordedRun) logPaths(ctx context.Context, ids []dataset.ID) (map[dataset.ID]string, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), dataset.ID.IsZero)
	paths := make(map[dataset.ID]string, len(ids))
	for _, s := range r.Store.Files() {
		for page := range slices.Chunk(ids, 500) {
			records, err := r.Registry.Records(ctx, s.Config.Name, s.Config.Table, page)
			if err != nil {
				return nil, err
			}
			for _, f := range records {
				if paths[f.ID] != "" {
					continue
				}
				paths[f.ID] = f.Path
				if !strings.Contains(f.Path, "://") {
					paths[f.ID] = filepath.Join(s.Config.Root, f.Path)
				}
			}
		}
	}
	return paths, nil
}

// command is a command line of valet, ready to be typed.
func (a *App) command(args ...string) string {
	words := []string{a.program()}
	for _, arg := range args {
		words = append(words, shellQuote(arg))
	}
	return strings.Join(words, " ")
}
