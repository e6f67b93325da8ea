package tasks

// Connection is one declared input or output of a task.
type Connection struct {
	// Name is the name by which Inputs and Outputs hold the object.
	Name string
	// DatasetType is the resolved name of the dataset type.
	DatasetType  string
	StorageClass string
	// Dimensions of the dataset type as declared, not expanded.
	Dimensions []string
}

// Connections are what a configured task reads and writes. The datasets that every task leaves (<label>_metadata, <label>_log,
// <label>_config) are not listed: they follow from the label and Dimensions.
type Connections struct {
	// Dimensions of the quanta as declared, not expanded.
	Dimensions []string
	Inputs     []Connection
	Outputs    []Connection
}
