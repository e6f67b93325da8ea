package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
	"valet/registry/dataset"
)

func newRegisterDatasetTypeCommand(a *App) *cobra.Command {
	var o repositoryOption
	var calibration bool
	cmd := &cobra.Command{
		Use:   "register-dataset-type REPO NAME STORAGE_CLASS [DIMENSION..] [OPTIONS]",
		Short: "Register a dataset type",
		Long: `Register-dataset-type registers a dataset type with its storage class and dimensions. A type that is registered already in the same way is
fine; in another way it is refused. So is a storage class that neither the Python stack nor the configuration of the repository defines.`,
		Example: "  valet register-dataset-type REPO isr_metadata TaskMetadata instrument exposure detector",
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 2, -1, "REPO NAME STORAGE_CLASS")
			if err != nil {
				return err
			}
			var names []string
			for _, d := range rest[2:] {
				names = append(names, strings.Split(d, ",")...)
			}
			return a.changeButler(cmd.Context(), repo, func(b *butler.Butler) error {
				g, err := b.Registry.Universe().Group(names...)
				if err != nil {
					return err
				}
				if rest[1] == "" {
					return usagef(cmd, "the storage class is empty")
				}
				if err := b.CheckStorageClass(rest[1]); err != nil {
					return err
				}
				made, err := b.Registry.RegisterDatasetType(cmd.Context(), &dataset.Type{Name: rest[0], StorageClass: rest[1], Dimensions: g, IsCalibration: calibration})
				if err == nil && !made && !a.global.quiet {
					fmt.Fprintf(a.Stderr, "dataset type %s is registered already in the same way\n", rest[0])
				}
				return err
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&calibration, "is-calibration", false, "its datasets may be certified in CALIBRATION collections")
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}
