package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
)

// changingCommands are those that make, fill and tidy repositories, in the order of the help.
func (a *App) changingCommands() []*cobra.Command {
	return []*cobra.Command{
		newCreateCommand(a),
		newInsertDimensionRecordsCommand(a),
		newRegisterInstrumentCommand(a),
		newRegisterDatasetTypeCommand(a),
		newIngestFilesCommand(a),
		newPutCommand(a),
		newCollectionChainCommand(a),
		newAssociateCommand(a),
		newDisassociateCommand(a),
		newCertifyCommand(a),
		newDecertifyCommand(a),
		newRemoveRunsCommand(a),
		newRemoveCollectionsCommand(a),
		newPruneDatasetsCommand(a),
		newFsckCommand(a),
		newTransferCommand(a),
		newExportCommand(a),
		newImportCommand(a),
	}
}

func newCreateCommand(a *App) *cobra.Command {
	var universe string
	cmd := &cobra.Command{
		Use:   "create REPO [OPTIONS]",
		Short: "Create a repository",
		Long: `Create makes an empty repository in a new or existing directory, as 'butler create' does: a database with the current schema and a
butler.yaml. When it fails, nothing of it is left behind.`,
		Example: "  valet create REPO\n  valet create REPO --dimension-config my-dimensions.yaml",
		Args:    argsBetween(1, 1, "REPO"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			o := butler.CreateOptions{FS: a.Disk, Layer: a.Layer}
			if universe != "" {
				if o.Universe, err = butler.ReadUniverse(universe); err != nil {
					return err
				}
			}
			if err := butler.Create(cmd.Context(), args[0], o); err != nil {
				return err
			}
			if !a.global.quiet {
				fmt.Fprintf(a.Stderr, "created repository %s\n", args[0])
			}
			return nil
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&universe, "dimension-config", "", "`FILE` in YAML or JSON with the dimensions of the repository (default: those of the current Python stack)")
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}
