package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"valet/cmd/internal/ui"
	"valet/quantum/ledger"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// failuresOptions are the flags of failures.
type failuresOptions struct {
	repositoryOption
	listing outputOptions
	by      string
}

func newFailuresCommand(a *App) *cobra.Command {
	var o failuresOptions
	cmd := &cobra.Command{
		Use:   "failures REPO RUN [OPTIONS]",
		Short: "Group the failures of a run, with a log and the command to run them again",
		Long: `Failures groups the quanta whose newest attempt failed, the largest group first. By default those with the same class and message are
one group: data IDs, numbers, paths and UUIDs in the message do not count. Each group comes with its first data ID, the log of that
quantum, and the command that runs the group again.`,
		Example: `  valet failures REPO u/metrics
  valet failures REPO u/metrics --group-by detector
  valet failures REPO u/metrics --group-by task --format jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 1, 1, "RUN")
			if err != nil {
				return err
			}
			if _, err := o.listing.check(cmd); err != nil {
				return err
			}
			return a.withRun(cmd, repo, rest[0], func(r *recordedRun) error { return a.runFailures(cmd, &o, r) })
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&o.by, "group-by", ledger.ByMessage, "`KEY`: message, task, or a dimension such as detector")
	o.listing.AddFlags(cmd.Flags())
	o.repositoryOption.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

// failureGroups are the failures of a run and the files of the first logs.
func (r *recordedRun) failureGroups(ctx context.Context, by string) (groups []*ledger.FailureGroup, logs map[dataset.ID]string, err error) {
	if r.derived {
		groups, err = ledger.GroupFailures(ledger.Derive(ctx, r.Butler, r.name), by)
	} else {
		groups, err = r.ledger.Failures(ctx, r.name, by)
	}
	if err != nil {
		return nil, nil, err
	}
	var ids []dataset.ID
	for _, g := range groups {
		ids = append(ids, g.Log)
	}
	logs, err = r.logPaths(ctx, ids)
	return groups, logs, err
}

func (a *App) runFailures(cmd *cobra.Command, o *failuresOptions, r *recordedRun) error {
	groups, logs, err := r.failureGroups(cmd.Context(), o.by)
	if err != nil {
		return err
	}
	format, _ := o.listing.check(cmd)
	if format == ui.TableFormat {
		return ui.WriteFile(o.listing.out, a.Stdout, func(w io.Writer) error {
			out := bufio.NewWriter(w)
			if len(groups) == 0 {
				fmt.Fprintf(out, "No quantum of %s failed.\n", r.name)
			}
			for i, g := range groups {
				if i > 0 {
					fmt.Fprintln(out)
				}
				writeFailureGroup(out, g, o.by, logs[g.Log], a.rerunGroup(r, g, o.by))
			}
			return out.Flush()
		})
	}
	columns := []ui.Column{{Name: "group", Kind: ui.Text}, {Name: "count", Kind: ui.Int}, {Name: "class", Kind: ui.Text}, {Name: "message", Kind: ui.Text},
		{Name: "tasks", Kind: ui.Texts}, {Name: "task", Kind: ui.Text}, {Name: "dataId", Kind: ui.JSON}, {Name: "log", Kind: ui.Text}, {Name: "rerun", Kind: ui.Text}}
	return a.writeRows(cmd, &o.listing, "", columns, func(rows ui.Rows) error {
		for _, g := range groups {
			err := rows.Row(ui.TextCell(g.Key), ui.IntCell(int64(g.Count)), ui.TextCell(g.Class), ui.TextCell(g.Message), ui.TextsCell(g.Tasks), ui.TextCell(g.Task),
				ui.JSONCell(string(dataIDJSON(g.First))), textOrNull(logs[g.Log]), ui.TextCell(a.rerunGroup(r, g, o.by)))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// writeFailureGroup tells of a group in a few lines: messages and paths are too long for a table.
func writeFailureGroup(w io.Writer, g *ledger.FailureGroup, by, log, rerun string) {
	of := strings.Join(g.Tasks, ", ")
	if by != ledger.ByMessage && by != ledger.ByTask {
		of = by + " " + g.Key + " (" + of + ")"
	}
	fmt.Fprintf(w, "%s of %s failed\n", plural(g.Count, "quantum", "quanta"), ui.OneLine(of))
	first := ""
	if by != ledger.ByMessage && g.Count > 1 {
		first = "the first: "
	}
	fmt.Fprintf(w, "  %s%s\n", first, ui.OneLine(failureText(g.Class, g.Message)))
	fmt.Fprintf(w, "  first    %s\n", ui.OneLine(g.Task+" "+dataIDWords(g.First)))
	if log != "" {
		fmt.Fprintf(w, "  log      %s\n", ui.OneLine(log))
	}
	fmt.Fprintf(w, "  rerun    %s\n", ui.OneLine(rerun))
}

// failureText is the class and the message of a failure.
func failureText(class, message string) string {
	if class == "" {
		return message
	}
	return class + ": " + message
}

// rerunGroup is the command that runs the quanta of a group again.
func (a *App) rerunGroup(r *recordedRun, g *ledger.FailureGroup, by string) string {
	args := []string{"rerun", r.repo, r.name, "--failed"}
	switch by {
	case ledger.ByMessage:
		if text := telling(g.Message); text != "" {
			args = append(args, "--message", text)
		}
	case ledger.ByTask:
		args = append(args, "--task", g.Key)
	default:
		args = append(args, "-d", by+" = "+literal(g.First.Get(by)))
	}
	return a.command(args...)
}

// telling is a part of a message by which --message knows it and that fits into a command line: its longest line, or the beginning of that.
func telling(message string) string {
	longest := ""
	for _, line := range strings.FieldsFunc(message, unicode.IsControl) {
		if line = strings.TrimSpace(line); len(line) > len(longest) {
			longest = line
		}
	}
	const most = 160
	if len(longest) > most {
		longest = strings.TrimSpace(strings.ToValidUTF8(longest[:most], ""))
	}
	return longest
}

// literal is a value as expressions write it. They have no way to write a text with a quote in it.
func literal(v dimension.Value) string {
	if v.IsInt() {
		return strconv.FormatInt(v.Int(), 10)
	}
	return "'" + v.Text() + "'"
}

// dataIDWords is a data ID as command lines take it: the required values in order.
func dataIDWords(id dimension.DataID) string {
	var words []string
	for i, v := range id.RequiredValues() {
		words = append(words, shellQuote(id.Group().Required[i].Name+"="+v.Text()))
	}
	return strings.Join(words, " ")
}
