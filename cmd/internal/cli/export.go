package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
	"valet/registry"
)

// newExportCommand is one name for two exports, as both have it in the field: of datasets in the form that 'butler import' reads, and, with --out, of
// measurements to one file, which has the name export-measurements too.
func newExportCommand(a *App) *cobra.Command {
	var o measurementsOptions
	var file, transferName string
	var findFirst, allRecords bool
	cmd := &cobra.Command{
		Use:   "export REPO DIRECTORY [DATASET_TYPE..] [OPTIONS]",
		Short: "Write datasets to a directory that 'butler import' and 'valet import' read",
		Long: `Export writes the chosen datasets to a directory, with a YAML file that says all that another repository needs to have them: IDs, types, dimension
records, and the collections given by --collections with what their chains reach, of which TAGGED and CALIBRATION ones keep their
members among the datasets. Without --collections everything goes along.

With --transfer copy, link, symlink, relsymlink or auto (which links) the directory gets the files; with direct the YAML file names those of the
repository, with none by their paths in it. The same command ends an export that was interrupted.

With --out FILE it writes measurements instead: see 'valet export-measurements'.`,
		Example: `  valet export REPO DIRECTORY
  valet export REPO DIRECTORY 'metricvalue_*' --collections u/metrics --where "instrument='TestCam' AND visit < 50"
  valet export REPO --out measurements.parquet`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("out") {
				return a.runExportMeasurements(cmd, &o, args)
			}
			repo, rest, err := o.take(cmd, args, 0, -1, "REPO DIRECTORY")
			if err != nil {
				return err
			}
			if len(rest) == 0 {
				return usagef(cmd, "no directory for datasets: give DIRECTORY; and for measurements no file: give --out FILE")
			}
			mode, err := transferMode(cmd, transferName, butler.Copy, butler.Link, butler.Symlink, butler.RelSymlink, butler.Auto, butler.Direct, butler.NoTransfer)
			if err != nil {
				return err
			}
			types := splitCommas(rest[1:])
			chosen := chosenDatasets{conditionOptions: o.condition, collections: o.collections, findFirst: findFirst}
			if len(chosen.collections) == 0 {
				chosen.collections = []string{"*"}
			}
			if _, _, err := chosen.read(cmd); err != nil {
				return err
			}
			directory, err := filepath.Abs(rest[0])
			if err != nil {
				return err
			}
			if !filepath.IsAbs(file) {
				file = filepath.Join(directory, file)
			}
			return a.withButler(cmd.Context(), repo, func(b *butler.Butler) error {
				return a.export(cmd, b, &chosen, types, butler.ExportOptions{Directory: directory, File: file, Transfer: mode, AllRecords: allRecords})
			})
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&transferName, "transfer", "t", string(butler.Copy), "`HOW` files come to the directory: copy, link, hardlink, symlink, relsymlink, auto, direct or none")
	f.StringVar(&file, "export-file", "export.yaml", "name of the YAML `FILE`; in the directory unless it is absolute")
	f.BoolVar(&findFirst, "find-first", false, "only the dataset of the first collection that has one, for each type and data ID")
	f.BoolVar(&allRecords, "all-dimension-records", false, "all dimension records of the repository, not only those that the datasets need")
	o.AddFlags(f)
	f.Lookup("collections").Usage = "collections or globs to search, which go along; may be repeated (default all)"
	f.Lookup("out").Usage = "write measurements to `FILE` instead, and take all options of export-measurements"
	for _, name := range []string{"all", "unit", "stats", "group-by", "style", "kind", "data-id-keys", "no-store", "order-by", "limit", "format"} {
		f.Lookup(name).Hidden = true
	}
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

func (a *App) export(cmd *cobra.Command, b *butler.Butler, chosen *chosenDatasets, types []string, o butler.ExportOptions) error {
	found, err := chosen.findAll(cmd, b.Registry, types)
	if err != nil {
		return err
	}
	if o.Collections, err = b.Registry.QueryCollections(cmd.Context(), registry.CollectionQuery{Expression: chosen.collections, Chains: registry.ExpandChains}); err != nil {
		return err
	}
	done, err := b.Export(cmd.Context(), refsOf(found), o)
	if err == nil && !a.global.quiet {
		fmt.Fprintf(a.Stderr, "%d datasets in %d files, %d dimension records, %d collections exported, %d datasets have no file\n", done.Datasets, done.Files, done.Records, done.Collections, done.Unstored)
	}
	return err
}

// findAll is find for which no types are all of them, of which there may be none.
func (o *chosenDatasets) findAll(cmd *cobra.Command, r *registry.Registry, types []string) ([]typedRefs, error) {
	if len(types) > 0 {
		return o.find(cmd, r, types)
	}
	known, err := r.DatasetTypes(cmd.Context())
	if err != nil || len(known) == 0 {
		return nil, err
	}
	return o.find(cmd, r, []string{"*"})
}
