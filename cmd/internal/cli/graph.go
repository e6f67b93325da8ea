package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/quantum"
	"valet/registry/query"
	"valet/tasks/pipeline"
)

// graphOptions are the flags of graph.
type graphOptions struct {
	inputOptions
	listing outputOptions
	save    string
	explain bool
}

// AddFlags declares the flags.
func (o *graphOptions) AddFlags(f *pflag.FlagSet) {
	o.inputOptions.AddFlags(f)
	f.StringVar(&o.save, "save", "", "write the quantum graph to `FILE.qg`, which pipetask reads")
	f.BoolVar(&o.explain, "explain", false, "tell for each quantum whether it would run, and why, and what building the graph cost: statements, rows and time per phase")
	o.listing.AddFlags(f)
	addPythonOnly(f)
}

func newGraphCommand(a *App) *cobra.Command {
	var o graphOptions
	cmd := &cobra.Command{
		Use:   "graph -b REPO -p FILE[#LABELS] -i IN[,IN..] -o OUT [OPTIONS]",
		Short: "Build, count and explain the quantum graph; run nothing",
		Long: `Graph builds the quantum graph that 'valet run' would run with the same options, and prints its quanta per task. Nothing is
written to the repository. An empty graph is explained: which constraint removed the last data ID.

With --explain, the log tells of each quantum why it would run or not, and the phases of building the graph follow with their statements,
parameters, rows and seconds. In the format json they are the list "phases" beside the list "tasks": each phase has an entry for each
statement, then one, whose "sql" is null, for what was done besides; seconds are those of the entry alone.`,
		Example: `  valet graph -b REPO -p metrics.yaml -i u/sci -o u/metrics
  valet graph -b REPO -p metrics.yaml -i u/sci -o u/metrics --explain
  valet graph -p metrics.yaml --show pipeline-graph`,
		Args: argsBetween(0, 0, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd, !o.onlyShowsPipeline()); err != nil {
				return err
			}
			if o.save != "" {
				return notYet(cmd, "--save")
			}
			return a.runGraph(cmd.Context(), cmd, &o)
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

func (a *App) runGraph(ctx context.Context, cmd *cobra.Command, o *graphOptions) (err error) {
	if _, err := o.listing.check(cmd); err != nil {
		return err
	}
	p, err := a.loadPipeline(&o.inputOptions)
	if err != nil {
		return err
	}
	if o.repo == "" {
		return a.showPipeline(&o.inputOptions, p)
	}
	a.explain(o.explain)
	b, err := a.openButler(ctx, o.repo, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	g, err := a.buildGraph(ctx, b, &o.inputOptions, p, nil)
	if err != nil || len(o.show) > 0 {
		return err
	}
	a.explainGraph(g, o.explain)
	if g.Len() == 0 {
		return errors.Join(a.explainCost(), &emptyGraphError{skipped: g.Skipped()})
	}
	return a.writeGraph(cmd, &o.listing, g)
}

// writeGraph writes the counts and, if asked to, the phases: after the table, or beside the counts in one JSON object. Other formats have no
// room for them, so that they go to stderr.
func (a *App) writeGraph(cmd *cobra.Command, o *outputOptions, g *quantum.Graph) error {
	count := func(rows ui.Rows) error { return countGraph(rows, g) }
	format, err := o.check(cmd)
	switch {
	case err != nil:
		return err
	case a.explained == nil:
		return a.writeRows(cmd, o, "", graphColumns, count)
	case format != ui.TableFormat && format != ui.JSONFormat:
		return errors.Join(a.writeRows(cmd, o, "", graphColumns, count), a.explainCost())
	}
	err = ui.WriteFile(o.out, a.Stdout, func(w io.Writer) error {
		if format == ui.TableFormat {
			if err := printGraph(w, g); err != nil {
				return err
			}
			fmt.Fprintln(w)
			return a.explained.print(w)
		}
		var tasks bytes.Buffer
		rows, err := ui.NewRows(&tasks, format, "", graphColumns)
		if err == nil {
			err = errors.Join(count(rows), rows.Close())
		}
		phases, e := a.explained.MarshalJSON()
		if err = errors.Join(err, e); err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "{\"tasks\": %s,\n\"phases\": %s}\n", bytes.TrimSpace(tasks.Bytes()), bytes.TrimSpace(phases))
		return err
	})
	if err != nil && o.out != "" {
		return fmt.Errorf("write %s: %w", o.out, err)
	}
	return err
}

// buildGraph resolves the pipeline in the repository, builds the graph and prints the --show items. Before it looks at what the output
// run holds, it calls before, which may be nil.
func (a *App) buildGraph(ctx context.Context, b *butler.Butler, o *inputOptions, p *pipeline.Pipeline, before func(*quantum.Collections) error) (*quantum.Graph, error) {
	a.explained.done("opening the repository", 0)
	resolved, err := a.resolveIn(ctx, b, o, p)
	if err != nil {
		return nil, err
	}
	a.explained.done("dataset types", len(resolved.DatasetTypes))
	if o.onlyShowsPipeline() {
		return nil, a.show(o, resolved, nil)
	}
	var retained []string
	if o.retained != "" {
		if retained, err = readRetained(o.retained); err != nil {
			return nil, err
		}
	}
	where, err := query.Parse(o.where)
	if err != nil {
		return nil, fmt.Errorf("-d: %w", err)
	}
	src := source(b)
	now, err := a.runTime(ctx, src, o)
	if err != nil {
		return nil, err
	}
	collections, err := quantum.ResolveCollections(ctx, src, quantum.CollectionOptions{
		Inputs: o.inputs, Output: o.output, OutputRun: o.outputRun, ExtendRun: o.extendRun, ReplaceRun: o.replaceRun,
		PruneMode: quantum.PruneMode(o.pruneMode), Rebase: o.rebase, SkipIn: o.skipExistingIn, SkipInRun: o.skipExisting,
		RunTimeName: now,
	})
	if err != nil {
		return nil, err
	}
	a.explained.done("collections", len(collections.Inputs))
	if before != nil {
		if err := before(collections); err != nil {
			return nil, err
		}
		a.explained.done("locking the run", 0)
	}
	build := quantum.Options{Collections: collections, Where: where, Constraint: quantum.ParseConstraint(o.constraint), Clobber: o.clobber, Now: now, Phase: a.explained.observer()}
	if resolved.Instrument != "" {
		build.DataID = map[string]any{"instrument": resolved.Instrument}
	}
	if retained != nil {
		// Without collections to look in it is refused, whatever the names.
		build.Retained = map[string]bool{}
		if len(collections.SkipIn) > 0 {
			build.Retained = a.retainedTypes(retained, resolved)
		}
	}
	log := a.Log("quantum")
	started := time.Now()
	// A graph only grows while it is built: what the collector would wait for is memory that a graph of millions needs itself.
	defer debug.SetGCPercent(debug.SetGCPercent(graphGCPercent))
	g, err := quantum.Build(ctx, src, resolved, build)
	a.explained.end()
	if err != nil {
		return nil, err
	}
	log.Debug().Int("quanta", g.Len()).Dur("took", time.Since(started)).Msg("quantum graph is built")
	if len(o.show) > 0 {
		return g, a.show(o, resolved, g)
	}
	return g, nil
}

// graphGCPercent is how much garbage may be about, in percent of what is used, while a graph is built.
const graphGCPercent = 40

// graphColumns are the counts of a graph per task.
var graphColumns = []ui.Column{
	{Name: "planned", Title: "Quanta", Kind: ui.Int}, {Name: "skipped", Title: "Skipped", Kind: ui.Int},
	{Name: "no_work", Title: "No work", Kind: ui.Int}, {Name: "task", Title: "Task", Kind: ui.Text, Left: true},
}

// countGraph writes a row per task.
func countGraph(rows ui.Rows, g *quantum.Graph) error {
	for _, q := range g.Tasks {
		count := func(s quantum.State) ui.Cell { return ui.IntCell(int64(q.Count(s))) }
		if err := rows.Row(count(quantum.Planned), count(quantum.Skipped), count(quantum.NoWork), ui.TextCell(q.Task.Label)); err != nil {
			return err
		}
	}
	return nil
}

// printGraph prints the quanta per task as a table.
func printGraph(w io.Writer, g *quantum.Graph) error {
	rows, err := ui.NewRows(w, ui.TableFormat, "", graphColumns)
	if err != nil {
		return err
	}
	if err := countGraph(rows, g); err != nil {
		return err
	}
	return rows.Close()
}

// showGraph prints the --show items that need a graph.
func (a *App) showGraph(g *quantum.Graph, item string) (handled bool, err error) {
	w := bufio.NewWriter(a.Stdout)
	switch item {
	case "graph":
	case "uri":
		showInputFiles(w, g)
		return true, w.Flush()
	default:
		return false, nil
	}
	for _, q := range g.Tasks {
		fmt.Fprintf(w, "task %s:\n", q.Task.Label)
		for i, state := range q.States {
			if state != quantum.Planned {
				continue
			}
			fmt.Fprintf(w, "  quantum %s dataId=%s:\n", q.ID(i), q.DataID(i))
			for c, edge := range q.Task.Inputs {
				if id, ok := q.Input(c, i); ok {
					fmt.Fprintf(w, "    input %s: %s id=%s\n", edge.Connection, edge.Type.Name, id)
				} else if q.Inputs[c].Producer != nil {
					fmt.Fprintf(w, "    input %s: %s of this graph\n", edge.Connection, edge.Type.Name)
				}
			}
			for c, edge := range q.Task.Outputs {
				id, _ := q.Outputs[c].DataIDs.At(i, nil)
				fmt.Fprintf(w, "    output %s: %s@%s\n", edge.Connection, edge.Type.Name, id)
			}
		}
	}
	return true, w.Flush()
}

// showInputFiles prints the file of every existing input, once for each quantum that reads it.
func showInputFiles(w io.Writer, g *quantum.Graph) {
	for _, q := range g.Tasks {
		for c := range q.Inputs {
			in := &q.Inputs[c]
			for i, row := range in.Rows {
				if in.Producer != nil || row < 0 || q.States[i] != quantum.Planned {
					continue
				}
				if record, ok := in.Existing.Record(int(row)); ok {
					fmt.Fprintf(w, "%s %s %s\n", q.Task.Label, q.DataID(i), record.Path)
				}
			}
		}
	}
}
