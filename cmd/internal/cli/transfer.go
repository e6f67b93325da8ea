package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
	"valet/registry/dataset"
)

func newTransferCommand(a *App) *cobra.Command {
	var chosen chosenDatasets
	var transferName string
	var register, dimensions, noDimensions, dryRun bool
	cmd := &cobra.Command{
		Use:   "transfer REPO1 REPO2 [DATASET_TYPE..] [OPTIONS]",
		Short: "Bring datasets to another repository",
		Long: `Transfer brings the chosen datasets of the first repository to the second one, with their IDs, types, runs, files and the dimension records that
they need, those that visits populate (exposures, regions, systems) among them. Datasets that are there already are left out, so that an
interrupted transfer is ended by the same command.

Files are copied; --transfer link, symlink or relsymlink makes links to those of the first repository, and auto links too, but leaves files that
are outside of it where they are. Chains, tags and validity ranges do not go along, as with 'butler transfer-datasets': 'valet export' and
'valet import' bring them.`,
		Example: `  valet transfer REPO1 REPO2 'metricvalue_*' --collections u/metrics --where "instrument='TestCam' AND visit < 50"`,
		Args:    argsBetween(2, -1, "REPO1 REPO2"),
		RunE: func(cmd *cobra.Command, args []string) error {
			types := splitCommas(args[2:])
			if len(chosen.collections) == 0 {
				chosen.collections = []string{"*"}
			}
			if _, _, err := chosen.read(cmd); err != nil {
				return err
			}
			if transferName == string(butler.Direct) {
				return usagef(cmd, "--transfer: direct is not possible, because the files belong to the first repository, which may remove them")
			}
			mode, err := transferMode(cmd, transferName, butler.Copy, butler.Link, butler.Symlink, butler.RelSymlink, butler.Auto)
			if err != nil {
				return err
			}
			o := butler.TransferOptions{Mode: mode, KnownTypes: !register, KnownRecords: noDimensions || !dimensions, DryRun: dryRun}
			return a.withButler(cmd.Context(), args[0], func(from *butler.Butler) error {
				return a.changeButler(cmd.Context(), args[1], func(to *butler.Butler) error {
					found, err := chosen.findAll(cmd, from.Registry, types)
					if err != nil {
						return err
					}
					done, err := to.TransferFrom(cmd.Context(), from, refsOf(found), o)
					if !a.global.quiet && (err == nil || done.Datasets > 0) {
						word := "transferred"
						if dryRun {
							word = "would be transferred"
						}
						fmt.Fprintf(a.Stderr, "%d datasets %s, %d were there already, %d have no file\n", done.Datasets, word, done.Existing, done.Unstored)
					}
					return err
				})
			})
		},
	}
	cmd.Flags().SortFlags = false
	chosen.AddFlags(cmd.Flags())
	cmd.Flags().StringVarP(&transferName, "transfer", "t", string(butler.Copy), "`HOW` files come to the other repository: copy, link, hardlink, symlink, relsymlink or auto")
	cmd.Flags().BoolVar(&register, "register-dataset-types", true, "register dataset types that the other repository does not have")
	cmd.Flags().BoolVar(&dimensions, "transfer-dimensions", true, "bring the dimension records that the datasets need")
	cmd.Flags().BoolVar(&noDimensions, "no-transfer-dimensions", false, "bring no dimension records: they are there already")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only count")
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

// refsOf are the datasets of all types.
func refsOf(found []typedRefs) (refs []dataset.Ref) {
	for _, of := range found {
		refs = append(refs, of.refs...)
	}
	return refs
}

// transferMode reads --transfer.
func transferMode(cmd *cobra.Command, name string, allowed ...butler.Transfer) (butler.Transfer, error) {
	mode, err := butler.ParseTransferOf(name, allowed...)
	if err != nil {
		return "", usagef(cmd, "--transfer: %v", err)
	}
	return mode, nil
}
