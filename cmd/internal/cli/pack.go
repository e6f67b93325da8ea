package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/registry"
)

// converter is Pack or Unpack.
type converter func(b *butler.Butler, ctx context.Context, run string, o butler.PackOptions) (butler.PackResult, error)

func newPackCommand(a *App) *cobra.Command {
	var compress bool
	pack := func(b *butler.Butler, ctx context.Context, run string, o butler.PackOptions) (butler.PackResult, error) {
		o.Compress = compress
		return b.Pack(ctx, run, o)
	}
	cmd := a.newConvertCommand(pack, &cobra.Command{
		Use:   "pack REPO RUN",
		Short: "Pack the files of a run into zip files",
		Long: `Pack moves the measurements, metadata, logs and other YAML and JSON files of a finished run into zip files in the run's directory. The
datasets stay what they are: valet and the Butler read them from there, and zips go with their last dataset. Configs and packages stay
loose.

With --compress the files are compressed in the zip files, and still read by everything that reads the others. What is packed already stays as
it is: 'valet unpack' comes first.

A crash at any step leaves every dataset readable; the same command ends what was begun. 'valet unpack' is the way back. 'valet run --pack'
writes zip files in the first place.`,
		Example: "  valet pack REPO u/metrics/20261123T180000Z",
	}, "packed", "into")
	cmd.Flags().BoolVar(&compress, "compress", false, "compress the files in the zip files: they take less room, and more time")
	return cmd
}

func newUnpackCommand(a *App) *cobra.Command {
	return a.newConvertCommand((*butler.Butler).Unpack, &cobra.Command{
		Use:   "unpack REPO RUN",
		Short: "Make single files of what valet packed",
		Long: `Unpack moves the datasets of a finished run from valet's zip files to the places that they have as files of their own, and removes the
zips. Zip files that others made are left alone.

A crash at any step leaves every dataset readable; the same command ends what was begun.`,
		Example: "  valet unpack REPO u/metrics/20261123T180000Z",
	}, "unpacked", "from")
}

func (a *App) newConvertCommand(convert converter, cmd *cobra.Command, done, where string) *cobra.Command {
	var o repositoryOption
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		repo, rest, err := o.take(cmd, args, 1, 1, "REPO RUN")
		if err != nil {
			return err
		}
		r, err := a.convertRun(cmd.Context(), repo, rest[0], convert)
		if !a.global.quiet && (err == nil || r.Moved > 0) {
			fmt.Fprintf(a.Stderr, "%s: %d datasets %s %s %d zip files, %d left as they are\n", rest[0], r.Moved, done, where, r.Zips, r.Left+len(r.Failed))
		}
		if err == nil && len(r.Failed) > 0 {
			err = &unreadableError{failed: r.Failed}
		}
		return err
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

// convertRun packs or unpacks a run while no other process can write to it.
func (a *App) convertRun(ctx context.Context, repo, run string, convert converter) (r butler.PackResult, err error) {
	b, err := a.openButler(ctx, repo, false)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	// What is no run is told before anything is written.
	if _, err := b.Registry.RunDatasets(ctx, run, nil); err != nil {
		return r, err
	}
	ctx, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	x := a.newExecution(b)
	x.lost = lost
	if err := x.acquire(ctx, run); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, x.close()) }()
	progress := a.startProgress("datasets")
	defer progress.Close()
	o := butler.PackOptions{Guard: func(tx *registry.Tx) error { return x.lease.Renew(tx) },
		Moved: func(n int) { progress.Set(ui.Counts{Done: int64(n)}) }}
	r, err = convert(b, ctx, run, o)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return r, err
}

// tidy removes what a killed process left of zip files in a run that is held. Otherwise the executor does it; here is nothing to execute.
func (x *execution) tidy(ctx context.Context, b *butler.Butler) error {
	if x.lease == nil {
		return nil
	}
	_, err := b.SweepPacks(ctx, x.lease.Run())
	return err
}

// unreadableError says that datasets could not be moved because their files are missing or damaged.
type unreadableError struct{ failed []error }

func (e *unreadableError) Error() string {
	if len(e.failed) == 1 {
		return e.failed[0].Error()
	}
	return fmt.Sprintf("%s, and %d more like that", e.failed[0], len(e.failed)-1)
}

// Unwrap is the first cause.
func (e *unreadableError) Unwrap() error { return e.failed[0] }

// Hint says what was done with the others.
func (e *unreadableError) Hint() string {
	return "such datasets were left as they are, all others are moved; remove them or restore their files, then do it again"
}
