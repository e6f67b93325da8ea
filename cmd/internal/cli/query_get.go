package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/registry"
)

// getOptions are the flags of get.
type getOptions struct {
	repositoryOption
	collections []string
	out         string
}

func newGetCommand(a *App) *cobra.Command {
	var o getOptions
	cmd := &cobra.Command{
		Use:   "get REPO DATASET_TYPE DIMENSION=VALUE.. --collections C[,C..] [OPTIONS]",
		Short: "Print the file of a dataset",
		Long:  `Get prints the content of the file that holds the dataset of a type and data ID, from the first of the collections that has it.`,
		Example: `  valet get REPO metricvalue_ap_association_DiaForcedSourceMemory instrument=TestCam visit=42 detector=3 --collections u/metrics
  valet get REPO diaPipe_metadata instrument=TestCam visit=42 detector=3 --collections u/sci --out metadata.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 1, -1, "DATASET_TYPE")
			if err != nil {
				return err
			}
			if len(o.collections) == 0 {
				return usagef(cmd, "no collections: give --collections C")
			}
			id := map[string]any{}
			for _, pair := range rest[1:] {
				key, value, ok := strings.Cut(pair, "=")
				if !ok || key == "" {
					return usagef(cmd, "%q is not DIMENSION=VALUE", pair)
				}
				id[key] = value
			}
			return a.withButler(cmd.Context(), repo, func(b *butler.Butler) error { return a.runGet(cmd, &o, b, rest[0], id) })
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringSliceVar(&o.collections, "collections", nil, "`COLLECTIONS` to search, in order; may be repeated")
	cmd.Flags().StringVar(&o.out, "out", "", "write to `FILE`, which appears when it is complete")
	o.repositoryOption.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

func (a *App) runGet(cmd *cobra.Command, o *getOptions, b *butler.Butler, name string, id map[string]any) error {
	ctx := cmd.Context()
	t, err := b.Registry.DatasetType(ctx, name)
	if err != nil {
		return err
	}
	for key, text := range id {
		d := b.Registry.Universe().Dimension(key)
		if d == nil {
			return &classError{class: "DimensionNameError", reason: fmt.Sprintf("no dimension %q", key)}
		}
		v, err := d.ConvertValue(text)
		if err != nil {
			return err
		}
		id[key] = v.Any()
	}
	for _, d := range t.Dimensions.RequiredNames() {
		if _, ok := id[d]; !ok {
			return &classError{class: "DimensionNameError", reason: fmt.Sprintf("the data ID of a %s needs %s", name, d), hint: "add " + d + "=VALUE"}
		}
	}
	q := registry.Query{Dimensions: t.Dimensions, DataID: id, Limit: 1, Datasets: []registry.DatasetSearch{{Type: name,
		Collections: o.collections, Records: true, RecordTable: b.Store.Config.Table}}}
	var found *registry.Found
	for row, err := range b.Registry.Select(ctx, q) {
		if err != nil {
			return err
		}
		f := row.Datasets[0]
		found = &f
	}
	if found == nil {
		return &classError{class: "DatasetNotFoundError", reason: fmt.Sprintf("no %s of that data ID in %s", name, quoteList(o.collections))}
	}
	if found.Record == nil {
		return &classError{class: "FileNotFoundError", reason: fmt.Sprintf("dataset %s of %s is not stored in one file", found.ID, name)}
	}
	data, err := b.Store.Read(found.Record)
	if err != nil {
		return err
	}
	return ui.WriteFile(o.out, a.Stdout, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
