package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
)

func newImportCommand(a *App) *cobra.Command {
	var o repositoryOption
	var file, transferName string
	var skip []string
	var track, noTrack bool
	cmd := &cobra.Command{
		Use:   "import REPO DIRECTORY [OPTIONS]",
		Short: "Store the datasets of a directory that Butler.export or 'valet export' wrote",
		Long: `Import stores what the YAML file of an export says: dimension records, dataset types, collections, datasets with their IDs and files, members of TAGGED
and CALIBRATION collections. What is in the repository already with the same content is left out, so that the same command ends an import
that was interrupted; what is there with other content is a conflict. All that is wrong is told at once, with its line, and nothing is changed.

With --transfer auto, files in the directory of the repository stay where they are and others are linked; direct leaves all where they are.`,
		Example: `  valet import REPO DIRECTORY
  valet import REPO DIRECTORY --transfer copy --skip-dimensions instrument,detector,physical_filter`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 1, 1, "REPO DIRECTORY")
			if err != nil {
				return err
			}
			mode, err := transferMode(cmd, transferName, butler.Auto, butler.Copy, butler.MoveIn, butler.Link, butler.Symlink, butler.RelSymlink, butler.Direct)
			if err != nil {
				return err
			}
			if !filepath.IsAbs(file) {
				in := filepath.Join(rest[0], file)
				if _, err := os.Stat(in); err == nil || !cmd.Flags().Changed("export-file") {
					file = in
				}
			}
			return a.changeButler(cmd.Context(), repo, func(b *butler.Butler) error {
				done, err := b.Import(cmd.Context(), butler.ImportOptions{Directory: rest[0], File: file, Transfer: mode, SkipElements: skip, NoAttributes: noTrack || !track})
				if !a.global.quiet && (err == nil || done.Datasets > 0) {
					fmt.Fprintf(a.Stderr, "%d datasets, %d dimension records, %d dataset types, %d collections, %d associations imported, %d datasets were there already\n",
						done.Datasets, done.Records, done.Types, done.Collections, done.Members, done.Existing)
				}
				return err
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&transferName, "transfer", "t", string(butler.Auto), "`HOW` files come into the repository: auto, copy, move, link, hardlink, symlink, relsymlink or direct")
	cmd.Flags().StringVar(&file, "export-file", "export.yaml", "the YAML `FILE`; looked for in DIRECTORY, then in the working directory")
	cmd.Flags().StringSliceVarP(&skip, "skip-dimensions", "s", nil, "leave out the records of `ELEMENTS`; may be repeated")
	cmd.Flags().BoolVar(&track, "track-file-attrs", true, "record sizes (and checksums, if the repository keeps them) of files")
	cmd.Flags().BoolVar(&noTrack, "no-track-file-attrs", false, "record neither sizes nor checksums")
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}
