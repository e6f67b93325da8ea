package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
)

func newRemoveCollectionsCommand(a *App) *cobra.Command {
	var o repositoryOption
	var confirm confirmOption
	var unlink bool
	cmd := &cobra.Command{
		Use:   "remove-collections REPO COLLECTION.. [OPTIONS]",
		Short: "Remove collections, but no datasets",
		Long: `Remove-collections removes CHAINED, TAGGED and CALIBRATION collections. Their datasets stay in their runs; runs are removed by 'valet
remove-runs'. Collections that other chains hold are removed only with --remove-from-parents. Names may be globs.`,
		Example: "  valet remove-collections REPO u/best",
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 1, -1, "REPO COLLECTION")
			if err != nil {
				return err
			}
			return a.changeButler(cmd.Context(), repo, func(b *butler.Butler) error {
				names, err := matching(cmd.Context(), b.Registry, splitCommas(rest), dataset.Tagged, dataset.Chained, dataset.Calibration)
				if err != nil {
					return err
				}
				if len(names) == 0 {
					return a.writeLines(&outputOptions{}, []string{"No non-RUN collections matched."})
				}
				plan := []string{"The following collections will be removed:"}
				for _, name := range names {
					c, err := b.Registry.Collection(cmd.Context(), name)
					if err != nil {
						return err
					}
					parents, err := b.Registry.Parents(cmd.Context(), name)
					if err != nil {
						return err
					}
					parents = slices.DeleteFunc(parents, func(p string) bool { return slices.Contains(names, p) })
					slices.Sort(parents)
					if len(parents) > 0 && !unlink {
						return &registry.CollectionInUseError{Name: name, Parents: parents}
					}
					line := fmt.Sprintf("  %s %s", c.Kind, name)
					if len(parents) > 0 {
						line += " (is taken out of " + strings.Join(parents, ", ") + ")"
					}
					plan = append(plan, line)
				}
				yes, err := a.agree(&confirm, plan)
				if err != nil || !yes {
					return err
				}
				return b.Registry.Write(cmd.Context(), func(tx *registry.Tx) error {
					for _, name := range names {
						// The plan says of which chains; those that are removed too need not be told.
						if err := tx.Release(name, true); err != nil {
							return err
						}
					}
					for _, name := range names {
						if err := tx.DeleteCollection(name); err != nil {
							return err
						}
					}
					return nil
				})
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&unlink, "remove-from-parents", false, "take them out of chains that hold them")
	confirm.AddFlags(cmd.Flags())
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}
