package cli

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/tasks/pipeline"
)

// inputOptions are the flags of run and graph: the repository, the pipeline, the collections and what is to be done with quanta
// that exist already.
type inputOptions struct {
	repo     string
	pipeline string
	actions  []pipeline.Action
	selected string

	inputs     []string
	output     string
	outputRun  string
	extendRun  bool
	replaceRun bool
	pruneMode  string
	rebase     bool

	where           string
	skipExisting    bool
	skipExistingIn  []string
	retained        string
	clobber         bool
	constraint      []string
	ignoreContracts bool
	noVersions      bool

	show []string
}

// AddFlags declares the flags.
func (o *inputOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.repo, "butler-config", "b", "", "`REPO`: a repository directory, its butler.yaml, or a label of the repository index")
	f.StringVarP(&o.pipeline, "pipeline", "p", "", "pipeline YAML, `FILE[#LABELS]` (labels, subsets or ranges)")
	addActionFlags(f, &o.actions)
	f.StringVar(&o.selected, "select-tasks", "", "keep only the tasks that `EXPR` selects, such as '>=a & ~b'")
	f.VarP(listValue{&o.inputs, "COLL[,COLL..]"}, "input", "i", "input collections, searched in order")
	f.StringVarP(&o.output, "output", "o", "", "output `CHAIN`; made if it is new")
	f.StringVar(&o.outputRun, "output-run", "", "`RUN` for the outputs (default CHAIN/timestamp)")
	f.BoolVar(&o.extendRun, "extend-run", false, "go on in the newest run of the chain instead of a new one")
	f.BoolVar(&o.replaceRun, "replace-run", false, "take the newest run out of the chain before adding the new one")
	f.StringVar(&o.pruneMode, "prune-replaced", "", "what becomes of the replaced run, `MODE` unstore or purge")
	f.BoolVar(&o.rebase, "rebase", false, "let the inputs of the chain change to those given")
	f.StringVarP(&o.where, "data-query", "d", "", "`WHERE` expression that data IDs have to satisfy")
	f.BoolVar(&o.skipExisting, "skip-existing", false, "skip quanta that succeeded in the output run")
	f.Var(listValue{&o.skipExistingIn, "COLL[,COLL..]"}, "skip-existing-in", "skip quanta that succeeded in these collections")
	f.StringVar(&o.retained, "retained-dataset-types", "", "YAML `FILE` of dataset types that were kept: what wrote others runs again where they are needed")
	f.BoolVar(&o.clobber, "clobber-outputs", false, "with --extend-run: remove what failed quanta left and run them again")
	f.Var(listValue{&o.constraint, "all|off|TYPE[,TYPE]"}, "dataset-query-constraint", "input dataset types whose existence restricts the data IDs (default all)")
	f.BoolVar(&o.ignoreContracts, "ignore-contracts", false, "do not check the pipeline's contracts")
	f.BoolVar(&o.noVersions, "no-versions", false, "do not write the packages dataset")
	f.StringArrayVar(&o.show, "show", nil, "print `ITEM` and do nothing else: pipeline, config[=LABEL::FIELD], tasks, subsets, pipeline-graph[=dot|mermaid], task-graph, graph, uri; may be repeated")
}

// check finds contradictions that need no repository. Errors are *UsageError.
func (o *inputOptions) check(cmd *cobra.Command, needsRepo bool) error {
	switch {
	case o.pipeline == "" && len(o.actions) == 0:
		return usagef(cmd, "no pipeline: give -p FILE, or -t CLASS")
	case needsRepo && o.repo == "":
		return usagef(cmd, "no repository: give -b REPO")
	case o.pruneMode != "" && o.pruneMode != "unstore" && o.pruneMode != "purge":
		return usagef(cmd, "--prune-replaced: %q is none of unstore, purge", o.pruneMode)
	}
	return nil
}

// notYet refuses an option that nothing carries out yet: to take it and do nothing would be worse.
func notYet(cmd *cobra.Command, option string) *UsageError {
	e := usagef(cmd, "%s is not in this version of valet", option)
	e.Advice = "leave it out; nothing was changed"
	return e
}

// pythonOnly are options of pipetask that make no sense without Python. They are known so that the refusal says why.
var pythonOnly = []string{"pdb", "debug", "coverage", "coverage-packages", "mock", "mock-failure", "graph-fixup", "unmocked-dataset-types"}

// addPythonOnly declares, hidden, the options of pipetask that valet refuses or has no use for.
func addPythonOnly(f *pflag.FlagSet) {
	for _, name := range pythonOnly {
		f.Var(refusedValue{name}, name, "")
		f.Lookup(name).NoOptDefVal = "true"
		f.Lookup(name).Hidden = true
	}
	for _, name := range []string{"enable-implicit-threading", "start-method"} {
		f.String(name, "", "")
		f.Lookup(name).Hidden = true
	}
	f.Lookup("enable-implicit-threading").NoOptDefVal = "true"
}

// refusedValue is a flag whose use is an error.
type refusedValue struct{ name string }

func (v refusedValue) String() string { return "" }

func (v refusedValue) Type() string { return "" }

func (v refusedValue) Set(string) error {
	return fmt.Errorf("--%s needs Python, which valet does not run: use pipetask for it", v.name)
}

// runOptions are the flags of run.
type runOptions struct {
	inputOptions
	processes     int
	register      bool
	initOnly      bool
	skipInit      bool
	failFast      bool
	timeout       float64
	summary       string
	dryRun        bool
	retries       int
	explain       bool
	cpuProfile    string
	packOutputs   bool
	compress      bool
	junit         string
	promFile      string
	savedPipeline string
	// resume is the command that goes on after an interruption, if not this one with --extend-run.
	resume string
}

// AddFlags declares the flags.
func (o *runOptions) AddFlags(f *pflag.FlagSet) {
	o.inputOptions.AddFlags(f)
	o.addExecutionFlags(f)
	f.BoolVar(&o.initOnly, "init-only", false, "write configs and packages, run no quantum")
	f.BoolVar(&o.skipInit, "skip-init-writes", false, "write neither configs nor packages")
	f.StringVarP(&o.savedPipeline, "save-pipeline", "s", "", "write the pipeline, imports flattened, to `FILE`")
	f.StringVar(&o.cpuProfile, "profile", "", "write a CPU profile of valet to `FILE`")
	addPythonOnly(f)
}

// addExecutionFlags declares those that rerun has too: how quanta are run and what is reported.
func (o *runOptions) addExecutionFlags(f *pflag.FlagSet) {
	f.IntVarP(&o.processes, "processes", "j", runtime.GOMAXPROCS(0), "`N` quanta at a time (default all cores)")
	f.Lookup("processes").DefValue = "0"
	f.BoolVar(&o.register, "register-dataset-types", false, "register the pipeline's dataset types if they are new")
	f.BoolVar(&o.failFast, "fail-fast", false, "stop at the first failed quantum")
	f.Float64Var(&o.timeout, "timeout", 0, "`SECONDS` after which a quantum is given up (default none)")
	f.IntVar(&o.retries, "retries", 0, "run failed quanta up to `N` times more, if their failure may pass")
	f.BoolVar(&o.packOutputs, "pack", false, "pack the files of quanta into zip files, which the Butler reads")
	f.BoolVar(&o.compress, "compress", false, "with --pack, compress the files in the zip files: they take less room, and more time")
	f.BoolVar(&o.dryRun, "dry-run", false, "build and count the graph, write nothing")
	f.BoolVar(&o.explain, "explain", false, "log for each quantum why it runs or not, and print what building the graph cost: statements, rows and time per phase")
	f.StringVar(&o.summary, "summary", "", "write pipetask's summary JSON to `FILE`")
	f.StringVar(&o.junit, "junit", "", "write the outcome of every quantum as JUnit XML to `FILE`")
	f.StringVar(&o.promFile, "prom-file", "", "write the run's counts as Prometheus text to `FILE`")
}

// check finds contradictions that need no repository. Errors are *UsageError.
func (o *runOptions) check(cmd *cobra.Command) error {
	if err := o.inputOptions.check(cmd, !o.onlyShowsPipeline()); err != nil {
		return err
	}
	switch {
	case o.initOnly && o.skipInit:
		return usagef(cmd, "--init-only and --skip-init-writes exclude each other")
	}
	return o.checkExecution(cmd)
}

func (o *runOptions) checkExecution(cmd *cobra.Command) error {
	switch {
	case o.processes < 1:
		return usagef(cmd, "-j: %d is no number of processes", o.processes)
	case o.retries < 0:
		return usagef(cmd, "--retries: %d is negative", o.retries)
	case o.timeout < 0:
		return usagef(cmd, "--timeout: %v is negative", o.timeout)
	case o.compress && !o.packOutputs:
		return usagef(cmd, "--compress needs --pack: single files are never compressed")
	}
	return nil
}

// onlyShowsPipeline reports whether nothing asked for needs a repository.
func (o *inputOptions) onlyShowsPipeline() bool {
	return len(o.show) > 0 && !slices.ContainsFunc(o.show, func(item string) bool {
		name, _, _ := strings.Cut(item, "=")
		return slices.Contains([]string{"graph", "workflow", "uri"}, name)
	})
}
