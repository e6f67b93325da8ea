package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"valet/datastore/butler"
	"valet/quantum"
	"valet/quantum/executor"
	"valet/quantum/ledger"
	"valet/registry"
)

// execution is one start of the program on a run: the lease that keeps other processes off it, and the journal of what becomes of its
// quanta.
type execution struct {
	app     *App
	ledger  *ledger.Ledger
	lease   *ledger.Lease
	journal *ledger.Journal
	// lost ends the work when another process has the run.
	lost context.CancelCauseFunc
	stop context.CancelFunc
	done chan struct{}
	// locked says that the database was out of reach when the work ended, so that it is not waited for once more.
	locked bool
}

// storedOptions are what a later execution needs besides the pipeline to do the same again. They are stored in the ledger as JSON.
type storedOptions struct {
	Inputs         []string `json:"inputs,omitempty"`
	Output         string   `json:"output,omitempty"`
	Where          string   `json:"where,omitempty"`
	SkipExistingIn []string `json:"skip_existing_in,omitempty"`
	Constraint     []string `json:"dataset_query_constraint,omitempty"`
	// Searched are the collections in which inputs were looked for, without the run itself.
	Searched        []string `json:"searched,omitempty"`
	Selected        string   `json:"select_tasks,omitempty"`
	IgnoreContracts bool     `json:"ignore_contracts,omitempty"`
	NoVersions      bool     `json:"no_versions,omitempty"`
}

// acquire takes the right to write to a run and keeps it until close.
func (x *execution) acquire(ctx context.Context, run string) error {
	lease, err := x.ledger.Acquire(ctx, run)
	if err != nil {
		return err
	}
	x.lease, x.done = lease, make(chan struct{})
	ctx, x.stop = context.WithCancel(context.WithoutCancel(ctx))
	go x.beat(ctx)
	return nil
}

// beatEvery leaves several beats within the age at which others count the holder as dead.
const beatEvery = ledger.DefaultLeaseLimit / 4

// beat shows that this process lives for as long as it has the run.
func (x *execution) beat(ctx context.Context) {
	defer close(x.done)
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := x.lease.Beat(ctx)
		if errors.Is(err, executor.ErrFenced) && x.lost != nil {
			x.lost(err)
			return
		}
		if err != nil && ctx.Err() == nil {
			// Valid runs out if this goes on.
			log := x.app.Log("ledger")
			log.Warn().Err(err).Msg("cannot show that this run is alive")
		}
	}
}

// guard is asked by workers before they write: a process that was suspended for long must not write over what its successor wrote.
func (x *execution) guard() error {
	if x.lease.Valid() {
		return nil
	}
	return x.lease.Beat(context.Background())
}

// begin records what is to be done.
func (x *execution) begin(ctx context.Context, g *quantum.Graph, o *runOptions, pipelineText []byte) error {
	options, err := json.Marshal(&storedOptions{Inputs: o.inputs, Output: g.Collections.Output, Where: o.where,
		SkipExistingIn: o.skipExistingIn, Constraint: o.constraint, Searched: without(g.Collections.Inputs, g.Collections.Run),
		Selected: o.selected, IgnoreContracts: o.ignoreContracts, NoVersions: o.noVersions})
	if err != nil {
		return fmt.Errorf("record run options: %w", err)
	}
	x.journal, err = x.lease.Begin(ctx, ledger.Start{Graph: g, Workers: o.processes, Version: versionLine(), Command: x.app.cmdLine(),
		Pipeline: string(pipelineText), Options: options})
	return err
}

// without are the names but one.
func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == name })
}

// counts are a result as the ledger counts.
func counts(r *executor.Result) ledger.Counts {
	return ledger.Counts{Planned: r.Planned, Succeeded: r.Succeeded, NoWork: r.NoWork, Failed: r.Failed, Blocked: r.Blocked, Skipped: r.Skipped}
}

// end records how the execution ended. The error is that of a count that does not add up, or of the database.
func (x *execution) end(ctx context.Context, r *executor.Result, err error) error {
	if x.journal == nil || errors.Is(err, executor.ErrFenced) {
		return nil
	}
	e := ledger.End{State: ledger.Done, ExitCode: exitCode(err)}
	var interrupted *InterruptedError
	var failed *failedQuantaError // the quanta's own failures are no end before everything was tried
	switch {
	case errors.As(err, &interrupted) || err == nil && r.Drained:
		e.State = ledger.Drained
	case err != nil && !(errors.As(err, &failed) && r.Unfinished() == 0):
		e.State = ledger.Failed
	}
	if err != nil {
		e.Error = err.Error()
	}
	x.halt()
	var busy *registry.BusyError
	if x.locked = errors.As(err, &busy); x.locked {
		return nil // the next execution finds this one dead
	}
	if err := x.journal.End(context.WithoutCancel(ctx), e); err != nil {
		return err
	}
	x.lease = nil // given back by End
	return nil
}

// close gives the run back. It may be called twice.
func (x *execution) close() error {
	if x.lease == nil {
		return nil
	}
	x.halt()
	lease := x.lease
	x.lease = nil
	if !x.locked {
		return lease.Release(context.Background())
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockedPatience)
	defer cancel()
	_ = lease.Release(ctx) // what led here is told already
	return nil
}

// lockedPatience is how long a database is waited for that was locked past its deadline just before.
const lockedPatience = time.Second

// halt stops the beat.
func (x *execution) halt() {
	if x.stop != nil {
		x.stop()
		<-x.done
		x.stop = nil
	}
}

// newExecution is an execution that holds no run yet.
func (a *App) newExecution(b *butler.Butler) *execution {
	return &execution{app: a, ledger: ledger.New(b.Registry, a.Ledger)}
}
