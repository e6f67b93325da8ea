package cli

import (
	"errors"
	"testing"

	"valet/quantum/executor"
)

// The command to resume is the one that was given, in the same run, without what would replace it, and as a shell reads it.
func TestResumeCommand(t *testing.T) {
	a, _, _ := testApp("run", "-b", "my repo", "-o", "u/m", "-d", "instrument='X'", "--replace-run", "--prune-replaced", "purge")
	want := `valet run -b 'my repo' -o u/m -d 'instrument='\''X'\''' --extend-run`
	if got := a.resumeCommand(false); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	a, _, _ = testApp("run", "--extend-run")
	if got, want := a.resumeCommand(true), "valet run --extend-run --clobber-outputs"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestExitCodeOfFailedQuanta(t *testing.T) {
	result := &executor.Result{Planned: 3, Failed: 1}
	for _, test := range []struct {
		err  *failedQuantaError
		want int
	}{
		{&failedQuantaError{result: result}, ExitFailure},
		{&failedQuantaError{result: result, repeatable: true}, ExitRepeatable},
		{&failedQuantaError{result: result, repeatable: true, invalid: true}, ExitInvalid},
	} {
		if got := exitCode(errors.Join(test.err)); got != test.want {
			t.Errorf("exit code %d, want %d", got, test.want)
		}
	}
}
