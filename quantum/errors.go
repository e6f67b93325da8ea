package quantum

import "fmt"

// ScalarError says that a connection that holds one dataset would hold several for one quantum (pipelines.md 3.1, 4.6).
type ScalarError struct {
	Task, Connection, DatasetType string
	// Output tells an output connection from an input connection.
	Output bool
	// DataID of the quantum.
	DataID string
}

func (e *ScalarError) Error() string {
	kind := "input"
	if e.Output {
		kind = "output"
	}
	return fmt.Sprintf("task %q: multiple datasets of type %q found for non-multiple %s connection %q of quantum %s", e.Task, e.DatasetType, kind, e.Connection, e.DataID)
}

// ClassName is the upstream error class.
func (e *ScalarError) ClassName() string { return "lsst.pipe.base.connections.ScalarError" }

// Hint says what to do.
func (e *ScalarError) Hint() string {
	return "the task's dimensions (metadataDimensions) are coarser than the dataset's: add the missing dimension, or let -d leave one"
}

// OutputExistsError says that an output of a quantum that is to run is in the run already (pipelines.md 4.5).
type OutputExistsError struct {
	Task, DatasetType, DataID, Run string
	// Count is the number of such outputs in all.
	Count int
}

func (e *OutputExistsError) Error() string {
	return fmt.Sprintf("task %q: potential output dataset %q %s already exists in the output run %q, and %d in all do", e.Task, e.DatasetType, e.DataID, e.Run, e.Count)
}

// ClassName is the upstream error class.
func (e *OutputExistsError) ClassName() string {
	return "lsst.pipe.base.quantum_graph_builder.OutputExistsError"
}

// Hint says what to do.
func (e *OutputExistsError) Hint() string {
	return "add --clobber-outputs to replace what earlier attempts left"
}
