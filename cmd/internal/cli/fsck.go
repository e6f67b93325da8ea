package cli

import (
	"context"
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
removals that were not ended, measured values of datasets that are gone, and what valet's ledger has otherwise than the datasets: runs that
are gone, quanta that lost their metadata, failed ones that another program did. Runs without records, and those that are being written, are
not compared. It prints a row for each fault, with its remedy, and fails if one is left.

With --repair it mends what can be mended without losing anything: files and datasets stay, the ledger follows the datasets, and runs of
processes that died are given free. With --checksum it also reads every file whose
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
		// mend repairs what no single transaction does; nil leaves that to a.mend.
		reportWith := func(f registry.Fault, mend func() error) {
			if failed != nil {
				return
			}
			found++
			mended := false
			if repair && (mend != nil || f.Repair != nil || f.Kind == butler.UnfinishedRemoval || f.Kind == lostValues) {
				if mend == nil {
					mend = func() error { return a.mend(ctx, b, f) }
				}
				if err := mend(); err != nil {
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
		report := func(f registry.Fault) { reportWith(f, nil) }
		if err := b.Check(ctx, o, report); err != nil {
			return err
		}
		if n, err := values.Lost(ctx, b.Registry, false); err != nil {
			return err
		} else if n > 0 {
			report(registry.Fault{Kind: lostValues, Object: fmt.Sprintf("%d datasets in the index of measured values are gone", n), Remedy: "delete their values"})
		}
		l := ledger.New(b.Registry, a.Ledger)
		err := l.Check(ctx, func(f ledger.Finding) {
			if f.Kind == ledger.DeadLease && !repair {
				// No fault: a process was killed, and the next command that writes to the run takes it over.
				return
			}
			reportWith(ledgerFault(&f), func() error { return l.Mend(ctx, b, f.Run, versionLine()) })
		})
		if err != nil {
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

// mend repairs one fault in transactions of its own.
func (a *App) mend(ctx context.Context, b *butler.Butler, f registry.Fault) error {
	switch {
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

// ledgerFault says what a finding of the ledger is in words.
func ledgerFault(f *ledger.Finding) registry.Fault {
	out := registry.Fault{Kind: string(f.Kind), Object: f.Run}
	switch f.Kind {
	case ledger.GoneRun:
		out.Remedy = "forget what the ledger knows of it"
	case ledger.LostQuanta:
		out.Object = fmt.Sprintf("%s: %s done by the ledger and without metadata", f.Run, plural(f.Count, "quantum", "quanta"))
		out.Remedy = "--repair counts them as not done; 'valet rerun REPO " + f.Run + " --missing' makes them again"
	case ledger.UnknownQuanta:
		out.Object = fmt.Sprintf("%s: %s with metadata that the ledger does not know or has as failed", f.Run, plural(f.Count, "quantum", "quanta"))
		out.Remedy = "--repair reads them from their datasets, as 'valet rebuild-ledger' does for a run without records"
	case ledger.DeadLease:
		out.Object = fmt.Sprintf("%s: process %d on %s", f.Run, f.Holder.PID, f.Holder.Host)
		out.Remedy = "give the run free; the next command that writes to it does so too"
	}
	return out
}
