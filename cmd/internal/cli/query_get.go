package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
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
		Long: `Get prints the content of the file that holds the dataset of a type and data ID, from the first of the collections that has it.

A data ID may be given by other keys than its dimensions: day_obs and seq_num for a visit or exposure, detector=NAME or full_name=NAME
for a detector, or any field of their records (visit.target_name=NAME) if one record has it. A calibration is the one that is
valid at the visit, exposure or day_obs of the data ID.`,
		Example: `  valet get REPO metricvalue_ap_association_DiaForcedSourceMemory instrument=TestCam visit=42 detector=3 --collections u/metrics
  valet get REPO bias instrument=TestCam detector=R00_S01 day_obs=20260801 seq_num=42 --collections TestCam/defaults
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
	for key, text := range id {
		id[key] = typedValue(b.Registry.Universe(), key, text.(string))
	}
	ref, err := b.Registry.LocateDataset(ctx, registry.Lookup{Type: name, DataID: id, Collections: o.collections})
	if err != nil {
		return err
	}
	if ref == nil {
		return &classError{class: "DatasetNotFoundError", reason: fmt.Sprintf("no %s of that data ID in %s", name, quoteList(o.collections))}
	}
	for _, s := range b.Store.Files() {
		records, err := b.Registry.Records(ctx, s.Config.Name, s.Config.Table, []dataset.ID{ref.ID})
		if err != nil {
			return err
		}
		if len(records) != 1 {
			continue
		}
		data, err := s.Read(&records[0])
		if err != nil {
			return err
		}
		return ui.WriteFile(o.out, a.Stdout, func(w io.Writer) error {
			_, err := w.Write(data)
			return err
		})
	}
	return &classError{class: "FileNotFoundError", reason: fmt.Sprintf("dataset %s of %s is not stored in one file", ref.ID, name)}
}

// typedValue reads the value of a data ID's key, which is a dimension or a field of one, by the type of its column. What does not
// read as a number stays a text: it may be an alternate key.
func typedValue(u *dimension.Universe, key, text string) any {
	of := dimension.String
	name, field, qualified := strings.Cut(key, ".")
	if d := u.Dimension(key); d != nil {
		of = d.KeyType()
	} else {
		for _, e := range u.Elements() {
			if e.IsSkypix() || qualified && e.Name != name {
				continue
			}
			for _, c := range e.Fields() {
				if qualified && c.Name == field || !qualified && c.Name == key {
					of = c.Type
				}
			}
		}
	}
	switch of {
	case dimension.Int:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case dimension.Float:
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
	}
	return text
}
