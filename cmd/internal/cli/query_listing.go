package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
)

// noResults is what butler prints where a table would be empty.
const noResults = "No results. Try --help for more information."

// repositoryOption is the repository of a command that takes it as its first argument or with -b.
type repositoryOption struct{ repo string }

// AddFlags declares the flag.
func (o *repositoryOption) AddFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.repo, "butler-config", "b", "", "`REPO`, in place of the first argument")
}

// take returns the repository and the other arguments, of which there are at least low and, unless high is negative, at most high.
func (o *repositoryOption) take(cmd *cobra.Command, args []string, low, high int, names string) (repo string, rest []string, err error) {
	repo, rest = o.repo, args
	if repo == "" {
		if len(args) == 0 {
			return "", nil, usagef(cmd, "no repository: give REPO or -b REPO")
		}
		repo, rest = args[0], args[1:]
	}
	if names == "" {
		names = "REPO"
	}
	return repo, rest, argsBetween(low, high, names)(cmd, rest)
}

// withButler runs f on a repository that is opened for reading.
func (a *App) withButler(ctx context.Context, repo string, f func(b *butler.Butler) error) (err error) {
	b, err := a.openButler(ctx, repo, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	return f(b)
}

// listing is the answer of a query.
type listing struct {
	columns []ui.Column
	rows    [][]ui.Cell
	// notes say why there are no rows: in place of the table, or on stderr where the format has no place for them.
	notes []string
}

// writeListing writes a listing in the format that was asked for.
func (a *App) writeListing(cmd *cobra.Command, o *outputOptions, l listing) error {
	format, err := o.check(cmd)
	if err != nil {
		return err
	}
	if len(l.rows) == 0 {
		if format == ui.TableFormat {
			return a.writeLines(o, l.notes)
		}
		fmt.Fprint(a.Stderr, textOf(l.notes))
	}
	return a.writeRows(cmd, o, "None", l.columns, func(rows ui.Rows) error {
		for _, r := range l.rows {
			if err := rows.Row(r...); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeStream writes rows as they come, which may be reused from one to the next. Nothing is written if the first is an error.
func (a *App) writeStream(cmd *cobra.Command, o *outputOptions, columns []ui.Column, rows iter.Seq2[[]ui.Cell, error]) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	cells, err, more := next()
	if err != nil {
		return err
	}
	return a.writeRows(cmd, o, "None", columns, func(out ui.Rows) error {
		for ; more; cells, err, more = next() {
			if err != nil {
				return err
			}
			if err := out.Row(cells...); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeLines writes lines to stdout or --out.
func (a *App) writeLines(o *outputOptions, lines []string) error {
	return ui.WriteFile(o.out, a.Stdout, func(w io.Writer) error {
		_, err := io.WriteString(w, textOf(lines))
		return err
	})
}

func textOf(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// classError is an error that upstream has a class for and no package below knows.
type classError struct{ class, reason, hint string }

func (e *classError) Error() string { return e.reason }

// ClassName is upstream's exception.
func (e *classError) ClassName() string { return e.class }

// Hint says how to go on.
func (e *classError) Hint() string { return e.hint }
