package cli

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/quantum/ledger"
	"valet/quantum/values"
	"valet/registry"
)

// faultsError says that a repository is not whole.
type faultsError struct{ found, left int }

func (e *faultsError) Error() string {
	if e.left == e.found {
		return fmt.Sprintf("%d faults found", e.found)
	}
	return fmt.Sprintf("%d faults found, %d of them left", e.found, e.left)
}

// Hint says how to go on.
func (e *faultsError) Hint() string {
	return "each row says what to do; --repair does what is safe"
}

func newFsckCommand(a *App) *cobra.Command {
	var o repositoryOption
	var listing outputOptions
	var repair, checksum bool
	cmd := &cobra.Command{
		Use:   "fsck REPO [OPTIONS]",
		Short: "Check that a repository is whole",
		Long: `Fsck looks for rows without files and files without rows, files and members of zip files of a wrong size, zip files whose index is
missing or disagrees with the rows, rows that name what does not exist, chains in a circle, regions whose overlaps are missing or too many,
removals that were not ended, measured values of datasets that are gone, and runs that only valet's ledger knows. It prints a row for each
fault, with its remedy, and fails if one is left.

With --repair it mends what can be mended without losing anything: files and datasets stay. With --checksum it also reads every file whose
checksum is recorded, and every member of a zip file.`,
		Example: "  valet fsck REPO\n  valet fsck REPO --repair",
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, _, err := o.take(cmd, args, 0, 0, "")
			if err != nil {
				return err
			}
			if _, err := listing.check(cmd); err != nil {
				return err
			}
			with := a.withButler
			if repair {
				with = a.changeButler
			}
			return with(cmd.Context(), repo, func(b *butler.Butler) error {
				return a.fsck(cmd, &listing, b, repair, butler.CheckOptions{Checksum: checksum, Now: a.Now()})
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&repair, "repair", false, "mend what can be mended safely")
	cmd.Flags().BoolVar(&checksum, "checksum", false, "read the files and compare their checksums")
	o.AddFlags(cmd.Flags())
	listing.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

var faultColumns = []ui.Column{{Name: "kind", Kind: ui.Text}, {Name: "object", Kind: ui.Text}, {Name: "remedy", Kind: ui.Text}, {Name: "repaired", Kind: ui.Bool}}

func (a *App) fsck(cmd *cobra.Command, listing *outputOptions, b *butler.Butler, repair bool, o butler.CheckOptions) error {
	ctx := cmd.Context()
	progress := a.startProgress("files")
	o.Progress = func(n int) { progress.Set(ui.Counts{Done: int64(n)}) }
	start := time.Now()
	found, left := 0, 0
	err := a.writeRows(cmd, listing, "None", faultColumns, func(rows ui.Rows) error {
		var failed error
		report := func(f registry.Fault) {
			if failed != nil {
				return
			}
			found++
			mended := false
			if repair && (f.Repair != nil || f.Kind == butler.UnfinishedRemoval || f.Kind == ledgerOfNoRun || f.Kind == lostValues) {
				if err := a.mend(ctx, b, f); err != nil {
					f.Remedy += "; that fails: " + err.Error()
				} else {
					mended = true
				}
			}
			if !mended {
				left++
			}
			failed = rows.Row(ui.TextCell(f.Kind), ui.TextCell(f.Object), ui.TextCell(f.Remedy), ui.BoolCell(mended))
		}
		if err := b.Check(ctx, o, report); err != nil {
			return err
		}
		if n, err := values.Lost(ctx, b.Registry, false); err != nil {
			return err
		} else if n > 0 {
			report(registry.Fault{Kind: lostValues, Object: fmt.Sprintf("%d datasets in the index of measured values are gone", n), Remedy: "delete their values"})
		}
		if err := checkLedger(ctx, b, ledger.New(b.Registry, a.Ledger), report); err != nil {
			return err
		}
		return failed
	})
	progress.Close()
	if err != nil {
		return err
	}
	if left > 0 {
		return &faultsError{found, left}
	}
	if !a.global.quiet {
		fmt.Fprintf(a.Stderr, "the repository is whole: %d faults repaired, %.1f s\n", found, time.Since(start).Seconds())
	}
	return nil
}

// mend repairs one fault in a transaction of its own.
func (a *App) mend(ctx context.Context, b *butler.Butler, f registry.Fault) error {
	switch {
	case f.Kind == ledgerOfNoRun:
		return ledger.New(b.Registry, a.Ledger).Forget(ctx, f.Object)
	case f.Kind == lostValues:
		_, err := values.Lost(ctx, b.Registry, true)
		return err
	case f.Repair == nil:
		return b.EmptyTrash(ctx)
	}
	return b.Registry.Write(ctx, f.Repair)
}

// lostValues is the kind of fault of measured values whose datasets another program removed.
const lostValues = "values-of-no-dataset"

// ledgerOfNoRun is the kind of fault of a run that only the ledger knows.
const ledgerOfNoRun = "ledger-of-no-run"

// checkLedger looks for runs that only the ledger knows.
func checkLedger(ctx context.Context, b *butler.Butler, l *ledger.Ledger, report func(registry.Fault)) error {
	if exists, err := l.Exists(ctx); err != nil || !exists {
		return err
	}
	var lost []string
	err := b.Registry.Rows(ctx, "SELECT r.name FROM valet_run r WHERE NOT EXISTS (SELECT 1 FROM collection c WHERE c.name = r.name) AND EXISTS (SELECT 1 FROM valet_task t WHERE t.run = r.id) ORDER BY r.name", nil, func(row []driver.Value) error {
		lost = append(lost, fmt.Sprint(row[0]))
		return nil
	})
	for _, run := range lost {
		report(registry.Fault{Kind: ledgerOfNoRun, Object: run, Remedy: "forget what the ledger knows of it"})
	}
	return err
}
