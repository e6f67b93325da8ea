package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newRunCommand(a *App) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run -b REPO -p FILE[#LABELS] -i IN[,IN..] -o OUT [OPTIONS]",
		Short: "Run a pipeline over the data of a repository",
		Long: `Run builds the quantum graph of a pipeline over the input collections, runs its quanta, and writes their datasets into a new run
of the output chain. Its options and their meaning are those of 'pipetask run'.

The first SIGINT or SIGTERM drains: running quanta are finished and stored, then the command to resume is printed. The second
stops at once; what is stored stays whole.

The last line on stderr is a summary that programs may parse.`,
		Example: `  valet run -b REPO -p metrics.yaml -i u/sci -o u/metrics --register-dataset-types
  valet run -b REPO -p metrics.yaml#timing_isr -i u/sci -o u/metrics -d "instrument='TestCam' AND detector < 4" -j 8
  valet run -b REPO -p metrics.yaml -o u/metrics --extend-run --clobber-outputs   # again what failed
  valet run -p metrics.yaml --show config=timing_isr`,
		Args: argsBetween(0, 0, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return a.runRun(cmd.Context(), &o)
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitRepeatable, ExitInvalid, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

func newGraphCommand(a *App) *cobra.Command {
	var o graphOptions
	cmd := &cobra.Command{
		Use:   "graph -b REPO -p FILE[#LABELS] -i IN[,IN..] -o OUT [OPTIONS]",
		Short: "Build, count and explain the quantum graph; run nothing",
		Long: `Graph builds the quantum graph that 'valet run' would run with the same options, and prints its quanta per task. Nothing is
written to the repository. An empty graph is explained: which constraint removed the last data ID.`,
		Example: `  valet graph -b REPO -p metrics.yaml -i u/sci -o u/metrics
  valet graph -b REPO -p metrics.yaml -i u/sci -o u/metrics --explain
  valet graph -p metrics.yaml --show pipeline-graph`,
		Args: argsBetween(0, 0, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd, !o.onlyShowsPipeline()); err != nil {
				return err
			}
			return a.runGraph(cmd.Context(), &o)
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

type graphOptions struct {
	inputOptions
	save    string
	explain bool
}

// AddFlags declares the flags.
func (o *graphOptions) AddFlags(f *pflag.FlagSet) {
	o.inputOptions.AddFlags(f)
	f.StringVar(&o.save, "save", "", "write the quantum graph to `FILE.qg`, which pipetask reads")
	f.BoolVar(&o.explain, "explain", false, "tell for each quantum left out why")
	addPythonOnly(f)
}

// errNotBuilt is what commands say whose machinery this build lacks.
func errNotBuilt(what string) error {
	return fmt.Errorf("%s: not in this build of valet", what)
}

func (a *App) runRun(ctx context.Context, o *runOptions) error {
	if o.onlyShowsPipeline() {
		return a.showPipeline(&o.inputOptions)
	}
	return errNotBuilt("run quanta")
}

func (a *App) runGraph(ctx context.Context, o *graphOptions) error {
	if o.onlyShowsPipeline() {
		return a.showPipeline(&o.inputOptions)
	}
	return errNotBuilt("build a quantum graph")
}
