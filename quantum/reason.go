package quantum

// Reason is the code of why a quantum is in its state. Codes are stored in ledgers: they are added to, never renumbered.
type Reason uint8

// The reasons.
const (
	NoReason Reason = iota
	// Ran: the task ran and wrote what it had to write.
	Ran
	// TaskFoundNoWork: the task said that there is nothing to do. InputFileMissing: an input has no file. NoInput: no dataset for an
	// input, decided when the graph was built.
	TaskFoundNoWork
	InputFileMissing
	NoInput
	// TaskError, InputError, OutputError: the task failed, an input could not be read, an output could not be written as what it is.
	TaskError
	InputError
	OutputError
	// OutputTaken: another quantum of the run writes the same output.
	OutputTaken
	Panicked
	TimedOut
	// UpstreamFailed: a quantum whose output is needed failed or was blocked.
	UpstreamFailed
	// SucceededBefore: the quantum's metadata exists.
	SucceededBefore
)

var reasons = [...]string{"", "ran", "task_found_no_work", "input_file_missing", "no_input", "task_error", "input_error", "output_error",
	"output_taken", "panicked", "timed_out", "upstream_failed", "succeeded_before"}

// String is the code as commands print it.
func (r Reason) String() string {
	if int(r) < len(reasons) {
		return reasons[r]
	}
	return "unknown"
}
