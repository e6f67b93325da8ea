package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"valet/registry"
)

// The exit codes of valet. 20 and 21 are pipetask's, 70 and 75 those of sysexits.h, 130 that of a shell after SIGINT.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitRepeatable  = 20
	ExitInvalid     = 21
	ExitInternal    = 70
	ExitTryAgain    = 75
	ExitInterrupted = 130
)

// exitMeanings is the one table of exit codes; help texts are made from it.
var exitMeanings = []struct {
	code    int
	meaning string
}{
	{ExitOK, "success; quanta that rightly found no work are a success"},
	{ExitFailure, "a quantum failed, the quantum graph was empty, or the command itself failed"},
	{ExitUsage, "wrong usage: unknown command or option, missing or malformed argument"},
	{ExitRepeatable, "with --fail-fast: a quantum failed in a way that may succeed when it is run again"},
	{ExitInvalid, "a quantum failed in a way that makes the whole run invalid"},
	{ExitInternal, "internal error: a count does not add up; please report it"},
	{ExitTryAgain, "try again later: database locked past the deadline, disk full, or out of file handles"},
	{ExitInterrupted, "interrupted by SIGINT or SIGTERM; what was finished is stored"},
}

func exitMeaning(code int) string {
	for _, m := range exitMeanings {
		if m.code == code {
			return m.meaning
		}
	}
	return ""
}

// exitCode is the exit code of a command that ended with err: the error's own, else by kind.
func exitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	var own interface{ ExitCode() int }
	switch {
	case errors.As(err, &own):
		return own.ExitCode()
	case isTemporary(err):
		return ExitTryAgain
	}
	return ExitFailure
}

// isTemporary reports whether the same command may succeed later without any change: a lock, no room, no quota, no file handles.
func isTemporary(err error) bool {
	var busy *registry.BusyError
	var full *registry.DiskFullError
	if errors.As(err, &busy) || errors.As(err, &full) {
		return true
	}
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// UsageError says that the command line is wrong. Exit code 2.
type UsageError struct {
	// Command is the full name of the command, such as "valet run".
	Command string
	Message string
	// Advice says what to do; empty points at the command's help.
	Advice string
}

func (e *UsageError) Error() string { return e.Message }

// Hint says what to do.
func (e *UsageError) Hint() string {
	if e.Advice != "" {
		return e.Advice
	}
	return fmt.Sprintf("see '%s --help'", e.Command)
}

// ExitCode is 2.
func (e *UsageError) ExitCode() int { return ExitUsage }

// InternalError says that valet itself is wrong. Exit code 70.
type InternalError struct {
	Reason string
	// Stack is where, as Go prints it; or empty.
	Stack string
}

func (e *InternalError) Error() string { return "internal error: " + e.Reason }

// Hint asks for a report.
func (e *InternalError) Hint() string {
	return "this is a fault of valet; report it with the output of 'valet --version'"
}

// ExitCode is 70.
func (e *InternalError) ExitCode() int { return ExitInternal }

// InterruptedError says that the user stopped the command. Exit code 130.
type InterruptedError struct {
	// Resume is the command that goes on where this one stopped, or empty.
	Resume string
}

func (e *InterruptedError) Error() string { return "interrupted" }

// Hint is the command that resumes.
func (e *InterruptedError) Hint() string {
	if e.Resume == "" {
		return ""
	}
	return "resume with: " + e.Resume
}

// ExitCode is 130.
func (e *InterruptedError) ExitCode() int { return ExitInterrupted }

// Is makes it a kind of canceled context.
func (e *InterruptedError) Is(target error) bool { return target == context.Canceled }

// reportedError is a failure that the command has told of already: only the exit code is left to be set.
type reportedError struct{ code int }

func (e *reportedError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

func (e *reportedError) ExitCode() int { return e.code }

func writeExitCodes(w io.Writer, codes []int) {
	for _, c := range codes {
		fmt.Fprintf(w, "  %3d  %s\n", c, exitMeaning(c))
	}
}
