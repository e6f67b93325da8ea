package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

func newIngestFilesCommand(a *App) *cobra.Command {
	var o repositoryOption
	var transferName, prefix, pattern, ids string
	var fixed []string
	var untracked bool
	cmd := &cobra.Command{
		Use:   "ingest-files REPO DATASET_TYPE RUN FILE [OPTIONS]",
		Short: "Make datasets of files",
		Long: `Ingest-files makes datasets of existing files. FILE (.csv, .jsonl or .json) has a row for each, with its path and a column for each
required dimension that --data-id does not give. The run is made if it is new. With --pattern, FILE is a directory, and data IDs are read
off the names of the files below it. Files keep their extension, which must be one that the storage class can be read of.

With --transfer copy or move files get the place and name of their dataset in the repository; link (hard, or symbolic where that cannot
be), hardlink, symlink and relsymlink make a link there; direct leaves them where they are, and records their absolute path or URI; auto
leaves files that are in the repository where they are, and links others. What is wrong with any of them is told at once, and nothing is
changed.`,
		Example: "  valet ingest-files REPO isr_metadata u/ingested files.csv --transfer link\n  valet ingest-files REPO isr_metadata u/ingested DIR --pattern '{instrument}/isr_{exposure}_{detector}.json'",
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 3, 3, "REPO DATASET_TYPE RUN FILE")
			if err != nil {
				return err
			}
			transfer, err := butler.ParseTransfer(transferName)
			if err != nil {
				return usagef(cmd, "--transfer: %v", err)
			}
			mode, err := dataset.ParseIDMode(ids)
			if err != nil {
				return usagef(cmd, "--id-generation-mode: %v", err)
			}
			var rows []butler.Ingest
			if pattern != "" {
				rows, err = rowsByPattern(rest[2], pattern)
			} else {
				rows, err = ingestRows(rest[2], prefix)
			}
			if err != nil {
				return err
			}
			return a.changeButler(cmd.Context(), repo, func(b *butler.Butler) error {
				if err := addFixed(b.Registry.Universe(), rows, fixed); err != nil {
					return usagef(cmd, "--data-id: %v", err)
				}
				return a.ingest(cmd.Context(), b, butler.IngestOptions{Type: rest[0], Run: rest[1], Transfer: transfer, IDs: mode, Untracked: untracked}, rows)
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&transferName, "transfer", "t", string(butler.Copy), "`HOW` files come into the repository: "+strings.Join(butler.Transfers, ", "))
	cmd.Flags().StringVar(&prefix, "prefix", "", "`DIRECTORY` of relative paths (default: the working directory)")
	cmd.Flags().StringVar(&pattern, "pattern", "", "take the files below the directory FILE whose path there is like `PATTERN`: {DIMENSION} stands for its value, * for any text")
	cmd.Flags().Var(listValue{&fixed, "NAME=VALUE[,..]"}, "data-id", "values that hold for all files; may be repeated")
	cmd.Flags().StringVar(&ids, "id-generation-mode", string(dataset.UniqueID), "`HOW` dataset IDs are made: unique, or the same for the same data ID with dataid_type or dataid_type_run")
	cmd.Flags().BoolVar(&untracked, "no-track-file-attrs", false, "do not record sizes and checksums, for files that may be changed")
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

// ingestRows reads the table of files.
func ingestRows(file, prefix string) ([]butler.Ingest, error) {
	f := &rowFile{path: file}
	var rows []butler.Ingest
	for row := range f.rows() {
		in := butler.Ingest{At: row.at, DataID: row.values, Err: row.err}
		if in.Err == nil {
			path, ok := row.values["path"].(string)
			if !ok || path == "" {
				in.Err = errors.New("no path")
			}
			if in.Path = path; prefix != "" && !filepath.IsAbs(path) && !strings.Contains(path, "://") {
				in.Path = filepath.Join(prefix, path)
			}
			delete(row.values, "path")
			for name, v := range row.values {
				if n, ok := v.(fmt.Stringer); ok { // a number of JSON
					row.values[name] = n.String()
				}
			}
		}
		rows = append(rows, in)
	}
	return rows, f.err
}

// addFixed gives all rows the values that hold for all files. A row may have the same value already, but no other.
func addFixed(u *dimension.Universe, rows []butler.Ingest, fixed []string) error {
	for _, text := range fixed {
		name, value, ok := strings.Cut(text, "=")
		if !ok || u.Dimension(name) == nil {
			return fmt.Errorf("%q is not DIMENSION=VALUE", text)
		}
		for i := range rows {
			if rows[i].Err != nil {
				continue
			}
			if old, there := rows[i].DataID[name]; there && fmt.Sprint(old) != value {
				rows[i].Err = fmt.Errorf("%s is %v, which --data-id says is %s", name, old, value)
				continue
			}
			rows[i].DataID[name] = value
		}
	}
	return nil
}

func (a *App) ingest(ctx context.Context, b *butler.Butler, o butler.IngestOptions, rows []butler.Ingest) error {
	n, err := b.IngestFiles(ctx, o, rows)
	if err == nil && !a.global.quiet {
		fmt.Fprintf(a.Stderr, "%s: %d datasets in %s\n", o.Type, n, o.Run)
	}
	return err
}

func newPutCommand(a *App) *cobra.Command {
	var o repositoryOption
	var run string
	cmd := &cobra.Command{
		Use:   "put REPO DATASET_TYPE FILE [DIMENSION=VALUE..] --run RUN",
		Short: "Store a file as a dataset",
		Long: `Put stores a copy of one file as the dataset of a type and data ID in a run, which is made if it is new. The file must be as the storage
class of the dataset type has it.`,
		Example: "  valet put REPO isr_metadata meta.json instrument=TestCam exposure=42 detector=3 --run u/mine",
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 2, -1, "REPO DATASET_TYPE FILE")
			if err != nil {
				return err
			}
			if run == "" {
				return usagef(cmd, "no run: give --run RUN")
			}
			q, err := parseQuantum(cmd, rest[1:])
			if err != nil {
				return err
			}
			return a.changeButler(cmd.Context(), repo, func(b *butler.Butler) error {
				t, err := b.Registry.DatasetType(cmd.Context(), rest[0])
				if err != nil {
					return err
				}
				for key, v := range q.given {
					if text, ok := v.(string); ok {
						q.given[key] = typedValue(b.Registry.Universe(), key, text)
					}
				}
				id, err := b.Registry.ResolveDataID(cmd.Context(), t, q.given)
				if err != nil {
					return err
				}
				return a.ingest(cmd.Context(), b, butler.IngestOptions{Type: rest[0], Run: run, Transfer: butler.Copy}, []butler.Ingest{{At: 1, Path: rest[1], DataID: id}})
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&run, "run", "", "`RUN` of the dataset")
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}
