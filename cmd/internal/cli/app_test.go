package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// testApp is an App with its outputs in memory.
func testApp(args ...string) (a *App, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	return &App{
		Args: args, Stdin: strings.NewReader(""), Stdout: stdout, Stderr: stderr,
		Now: func() time.Time { return time.Date(2026, 11, 23, 17, 50, 34, 0, time.UTC) }, Tasks: knownTasks(),
	}, stdout, stderr
}

// Every command's help has examples and its exit codes, and no option without an explanation.
func TestHelpIsComplete(t *testing.T) {
	a, _, _ := testApp()
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.IsAdditionalHelpTopicCommand() || cmd.Hidden {
			return
		}
		help := cmd.UsageString()
		for _, want := range []string{"Examples:", "Exit codes:"} {
			if !strings.Contains(help, want) {
				t.Errorf("%s: no %q in the help", cmd.CommandPath(), want)
			}
		}
		for _, line := range strings.Split(help, "\n") {
			if len([]rune(line)) > 140 {
				t.Errorf("%s: line of %d characters: %s", cmd.CommandPath(), len(line), line)
			}
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newRootCommand(a))
}

func TestMessages(t *testing.T) {
	tests := []struct {
		name   string
		args   string
		code   int
		stderr string
	}{
		{"unknown command", "rnu", 2, "error: unknown command \"rnu\"\nhint: did you mean 'valet run'?\n"},
		{"nothing like it", "frobnicate", 2, "error: unknown command \"frobnicate\"\nhint: see 'valet --help'\n"},
		{"unknown topic", "help exit-code", 2, "error: unknown command or topic \"exit-code\"\nhint: did you mean 'valet help exit-codes'?\n"},
		{"unknown option", "run --inptu u/sci", 2, "error: unknown option --inptu\nhint: did you mean --input?\n"},
		{"unknown short option", "run -Z", 2, "error: unknown option -Z\nhint: see 'valet run --help'\n"},
		{"no number", "run -j many", 2, "error: --processes: \"many\" is no number of the kind it takes\nhint: see 'valet run --help'\n"},
		{"missing value", "run --retries", 2, "error: flag needs an argument: --retries\nhint: see 'valet run --help'\n"},
		{"argument", "run x", 2, "error: unexpected argument \"x\": the command takes none\nhint: see 'valet run --help'\n"},
		{"no pipeline", "run -b REPO", 2, "error: no pipeline: give -p FILE, or -t CLASS\nhint: see 'valet run --help'\n"},
		{"no repository", "run -p x.yaml", 2, "error: no repository: give -b REPO\nhint: see 'valet run --help'\n"},
		{"python only", "run --pdb", 2, "error: --pdb needs Python, which valet does not run: use pipetask for it\nhint: see 'valet run --help'\n"},
		{"level", "measure --log-level lowd x.json", 2, "error: --log-level: unknown level \"lowd\"\nhint: levels are trace, debug, verbose, info, warning, error, critical\n"},
		{"component", "measure --log-level registri=debug x.json", 2, "error: --log-level: unknown component \"registri\"\nhint: did you mean \"registry\"?\n"},
		{"quiet and verbose", "measure -q -v x.json", 2, "error: -q and -v exclude each other\nhint: see 'valet --help'\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, stdout, stderr := testApp(strings.Fields(test.args)...)
			if code := a.Main(t.Context()); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if diff := cmp.Diff(test.stderr, stderr.String()); diff != "" {
				t.Error(diff)
			}
			if stdout.Len() > 0 {
				t.Errorf("stdout %q", stdout)
			}
		})
	}
}

type namedError struct{ error }

func (namedError) ClassName() string { return "lsst.daf.butler.MissingCollectionError" }

type hintError struct {
	hint string
	error
}

func (e hintError) Hint() string  { return e.hint }
func (e hintError) Unwrap() error { return e.error }

func TestErrors(t *testing.T) {
	plain := errors.New("collection \"u/x\" is missing")
	tests := []struct {
		name string
		err  error
		code int
		want string
	}{
		{"plain", plain, 1, "error: collection \"u/x\" is missing\n"},
		{"class", fmt.Errorf("open: %w", namedError{plain}), 1, "error: MissingCollectionError: open: collection \"u/x\" is missing\n"},
		{"hint of two lines", hintError{"list them\nor not", plain}, 1, "error: collection \"u/x\" is missing\nhint: list them\nhint: or not\n"},
		{"empty hint above a hint", hintError{"", hintError{"below", plain}}, 1, "error: collection \"u/x\" is missing\nhint: below\n"},
		{"disk full", fmt.Errorf("write a: %w", syscall.ENOSPC), 75, "error: write a: no space left on device\nhint: free some room or raise the limit, then run the same command again\n"},
		{"file handles", fmt.Errorf("open a: %w", syscall.EMFILE), 75, "error: open a: too many open files\nhint: free some room or raise the limit, then run the same command again\n"},
		{"interrupted", &InterruptedError{Resume: "valet run"}, 130, "error: interrupted\nhint: resume with: valet run\n"},
		{"told already", &reportedError{20}, 20, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, _, stderr := testApp()
			a.printError(test.err)
			if diff := cmp.Diff(test.want, stderr.String()); diff != "" {
				t.Error(diff)
			}
			if code := exitCode(test.err); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
		})
	}
}

func TestPanicIsInternalError(t *testing.T) {
	a, _, stderr := testApp("measure", "x.json")
	a.LookupEnv = func(string) (string, bool) { panic("no environment") }
	if code := a.Main(t.Context()); code != ExitInternal {
		t.Errorf("exit code %d", code)
	}
	if !strings.HasPrefix(stderr.String(), "error: internal error: no environment\nhint: ") {
		t.Errorf("stderr %s", stderr)
	}
}

// The first signal drains a command that can; the second cancels it.
func TestInterrupts(t *testing.T) {
	signals := make(chan os.Signal)
	ctx, cancel := context.WithCancelCause(t.Context())
	in := watchInterrupts(signals, cancel)
	defer in.close()
	drained := make(chan struct{})
	restore := in.onDrain(func() { close(drained) })
	defer restore()
	signals <- os.Interrupt
	<-drained
	if ctx.Err() != nil {
		t.Error("the first signal canceled")
	}
	signals <- os.Interrupt
	<-ctx.Done()
	if !errors.Is(context.Cause(ctx), &InterruptedError{}) && in.count() != 2 {
		t.Errorf("cause %v", context.Cause(ctx))
	}
}

func TestNearest(t *testing.T) {
	names := []string{"run", "graph", "measure", "query-datasets", "query-data-ids", "query-dataset-types"}
	for word, want := range map[string]string{
		"rnu": "run", "Run": "run", "grpah": "graph", "query-dataset": "query-datasets", "mesure": "measure", "xyz": "", "": "",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestLogging(t *testing.T) {
	a, _, stderr := testApp()
	l, err := newLogging(a, &globalOptions{logFormat: "json", color: "auto", logLevels: []string{"warning", "registry=debug", "lsst.daf.butler=DEBUG"}})
	if err != nil {
		t.Fatal(err)
	}
	log := l.component("registry")
	log.Debug().Str("run", "u/x").Msg("opened")
	other := l.component("tasks")
	other.Info().Msg("not shown")
	want := `{"level":"debug","component":"registry","run":"u/x","time":"2026-11-23T17:50:34Z","message":"opened"}` + "\n"
	if diff := cmp.Diff(want, stderr.String()); diff != "" {
		t.Error(diff)
	}
}
