package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dimension"
)

func newInsertDimensionRecordsCommand(a *App) *cobra.Command {
	var o repositoryOption
	var skip, replace bool
	cmd := &cobra.Command{
		Use:   "insert-dimension-records REPO ELEMENT FILE [OPTIONS]",
		Short: "Insert records of a dimension",
		Long: `Insert-dimension-records inserts records of a dimension element from a file: .json with an array of objects, .jsonl with an object a
line, or .csv with a header. Keys are the fields that 'valet query-dimension-records' shows; what is left out is null. A region is
hexadecimal or an IVOA POS text in degrees, a timespan {"begin": TIME, "end": TIME} in TAI; in CSV an empty cell is null.

All records are inserted or none: whatever is wrong with any of them is told at once.`,
		Example: `  valet insert-dimension-records REPO visit visits.jsonl
  valet insert-dimension-records REPO detector detectors.csv --skip-existing`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 2, 2, "REPO ELEMENT FILE")
			if err != nil {
				return err
			}
			mode := registry.NewRecords
			switch {
			case skip && replace:
				return usagef(cmd, "--skip-existing and --replace exclude each other")
			case skip:
				mode = registry.SkipExisting
			case replace:
				mode = registry.ReplaceExisting
			}
			return a.changeButler(cmd.Context(), repo, func(b *butler.Butler) error {
				return a.insertDimensionRecords(cmd.Context(), b, rest[0], rest[1], mode)
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&skip, "skip-existing", false, "leave records that exist as they are")
	cmd.Flags().BoolVar(&replace, "replace", false, "overwrite records that exist")
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

// changeButler runs f on a repository that is opened for writing.
func (a *App) changeButler(ctx context.Context, repo string, f func(b *butler.Butler) error) (err error) {
	b, err := a.openButler(ctx, repo, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	return f(b)
}

// element finds an element whose records can be inserted.
func element(u *dimension.Universe, name string) (*dimension.Element, error) {
	e := u.Element(name)
	if e == nil {
		var names []string
		for _, known := range u.Elements() {
			names = append(names, known.Name)
		}
		err := &classError{class: "DimensionNameError", reason: fmt.Sprintf("no dimension element %q", name)}
		if near := nearest(name, names); near != "" {
			err.hint = fmt.Sprintf("did you mean %q?", near)
		}
		return nil, err
	}
	return e, nil
}

func (a *App) insertDimensionRecords(ctx context.Context, b *butler.Butler, name, file string, mode registry.RecordMode) error {
	e, err := element(b.Registry.Universe(), name)
	if err != nil {
		return err
	}
	f := &rowFile{path: file}
	// The file is read before the database is locked, so that nobody has to wait for that. Records at fault are told with those that the
	// database finds at fault.
	p, err := b.Registry.PrepareRecords(ctx, e, func(yield func(registry.RecordInput) bool) {
		for row := range f.rows() {
			in := registry.RecordInput{At: row.at, Err: row.err}
			if in.Err == nil {
				in.Record, in.Err = registry.ReadRecord(e, row.values)
			}
			if !yield(in) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }() // It is only read.
	if f.err != nil {
		return f.err
	}
	changed, err := b.Registry.InsertPrepared(ctx, p, mode)
	if err == nil && !a.global.quiet {
		fmt.Fprintf(a.Stderr, "%s: %d of %d records inserted\n", e, changed, p.Given())
	}
	return err
}
