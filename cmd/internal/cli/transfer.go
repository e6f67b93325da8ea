package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
	"valet/registry/dataset"
)

func newTransferCommand(a *App) *cobra.Command {
	var chosen chosenDatasets
	cmd := &cobra.Command{
		Use:   "transfer REPO1 REPO2 [DATASET_TYPE..] [OPTIONS]",
		Short: "Copy datasets to another repository",
		Long: `Transfer copies the chosen datasets of the first repository to the second one, with their IDs, types, runs, files and the dimension records
that they need. Datasets that are there already are left out, so that an interrupted transfer is ended by the same command.`,
		Example: `  valet transfer REPO1 REPO2 'metricvalue_*' --collections u/metrics --where "instrument='TestCam' AND visit < 50"`,
		Args:    argsBetween(2, -1, "REPO1 REPO2"),
		RunE: func(cmd *cobra.Command, args []string) error {
			types := splitCommas(args[2:])
			if len(types) == 0 {
				types = []string{"*"}
			}
			if len(chosen.collections) == 0 {
				chosen.collections = []string{"*"}
			}
			if _, _, err := chosen.read(cmd); err != nil {
				return err
			}
			return a.withButler(cmd.Context(), args[0], func(from *butler.Butler) error {
				return a.changeButler(cmd.Context(), args[1], func(to *butler.Butler) error {
					found, err := chosen.find(cmd, from.Registry, types)
					if err != nil {
						return err
					}
					var refs []dataset.Ref
					for _, of := range found {
						refs = append(refs, of.refs...)
					}
					done, err := to.TransferFrom(cmd.Context(), from, refs)
					if !a.global.quiet && (err == nil || done.Datasets > 0) {
						fmt.Fprintf(a.Stderr, "%d datasets transferred, %d were there already, %d have no file\n", done.Datasets, done.Existing, done.Unstored)
					}
					return err
				})
			})
		},
	}
	cmd.Flags().SortFlags = false
	chosen.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}
