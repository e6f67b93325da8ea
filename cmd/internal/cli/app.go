// Package cli owns the commands of valet: their names, flags, help, messages and exit codes. It wires the packages below and decides
// nothing that they can decide.
//
// Rules of output: stdout is data only; logs, progress, summaries and errors go to stderr. An error is one line "error: ...",
// then "hint: ..." lines with the remedy. Every command runs in-process on an App, so that tests need no child process.
//
// Each command lives in one file: newXCommand declares it, xOptions holds its flags, runX does it.
package cli

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"valet/datastore/vfs"
	"valet/quantum/ledger"
	"valet/tasks"
)

// App is one execution of the program: everything it takes from the outside world. Nothing in this package reads the process's
// own streams, environment or clock.
type App struct {
	// Program is the name that valet was called by, and Args are its arguments.
	Program        string
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	LookupEnv      func(name string) (string, bool)
	Now            func() time.Time
	// Tasks are the task classes that pipelines and -t may name.
	Tasks tasks.Table
	// Signals are SIGINT and SIGTERM as they arrive; nil if nobody interrupts.
	Signals <-chan os.Signal
	// Disk holds the artifacts; nil is the disk of the machine. Layer is put around every connection to a database; nil is none.
	// BusyTimeout is how long a locked database is waited for; 0 is the registry's default.
	Disk        vfs.FS
	Layer       func(driver.Conn) driver.Conn
	BusyTimeout time.Duration
	// Ledger is for tests: clock, machine and the limit of leases.
	Ledger ledger.Options

	global     globalOptions
	profiles   profiles
	logs       logging
	interrupts *interrupts
	explained  *explained
}

// Main runs the command that the arguments name, prints its error if it fails, and returns the exit code.
func (a *App) Main(ctx context.Context) (code int) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a.interrupts = watchInterrupts(a.Signals, cancel)
	defer a.interrupts.close()
	defer func() {
		if p := recover(); p != nil {
			a.printError(&InternalError{Reason: fmt.Sprint(p), Stack: string(debug.Stack())})
			code = ExitInternal
		}
	}()

	a.logs = defaultLogging(a)
	root := newRootCommand(a)
	root.SetArgs(a.Args)
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	err := root.ExecuteContext(ctx)
	if e := a.profiles.stop(); e != nil {
		err = errors.Join(err, e)
	}
	if err != nil && errors.Is(err, context.Canceled) && a.interrupts.count() > 0 {
		err = &InterruptedError{}
	}
	if err != nil {
		a.printError(err)
	}
	return exitCode(err)
}

// Log is the logger of a component at the level that --log-level gives it.
func (a *App) Log(component string) zerolog.Logger { return a.logs.component(component) }

// env is the value of an environment variable, empty if unset.
func (a *App) env(name string) string {
	if a.LookupEnv == nil {
		return ""
	}
	v, _ := a.LookupEnv(name)
	return v
}

// commands are all commands in the order of the help.
func (a *App) commands() []*cobra.Command {
	return append([]*cobra.Command{
		newDemoCommand(a),
		newRunCommand(a),
		newGraphCommand(a),
		newRerunCommand(a),
		newMeasureCommand(a),
		newRunsCommand(a),
		newStatusCommand(a),
		newFailuresCommand(a),
		newWhyCommand(a),
		newLogCommand(a),
		newReportCommand(a),
		newRebuildLedgerCommand(a),
		newQueryCollectionsCommand(a),
		newQueryDatasetTypesCommand(a),
		newQueryDatasetsCommand(a),
		newQueryDataIDsCommand(a),
		newQueryDimensionRecordsCommand(a),
		newGetCommand(a),
		newMeasurementsCommand(a),
		newDiffCommand(a),
		newCheckCommand(a),
		newJobCommand(a),
		newExportMeasurementsCommand(a),
		newResourcesCommand(a),
		newPlotCommand(a),
		newServeCommand(a),
		newPackCommand(a),
		newUnpackCommand(a),
		newBenchCommand(a),
	}, a.changingCommands()...)
}
