package quantum

// State is where a quantum stands. A quantum starts Planned or, decided when the graph is built, Skipped or NoWork.
//
//	Planned ── Running ─┬─ Succeeded
//	   │                ├─ NoWork      rightly nothing to do: a success
//	   │                └─ Failed
//	   ├─ Blocked       a quantum whose output it needs failed or was blocked
//	   └─ Planned       left over when a run is stopped
//	Skipped             its metadata existed before the run
type State uint8

// The states.
const (
	Planned State = iota
	Running
	Succeeded
	NoWork
	Failed
	Blocked
	Skipped
)

func (s State) String() string {
	return [...]string{"planned", "running", "succeeded", "no work", "failed", "blocked", "skipped"}[s]
}

// Done reports whether the quantum will not change its state any more in this run.
func (s State) Done() bool { return s > Running }

// Caveats are upstream's flags of a success with something to tell (pipelines.md 5.5).
type Caveats int

// The flags.
const (
	AnyOutputMissing    Caveats = 1
	AllOutputsMissing   Caveats = 2
	NoWorkCaveat        Caveats = 4
	AdjustQuantumRaised Caveats = 8
)
