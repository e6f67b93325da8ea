// Package metadata owns TaskMetadata: the tree of measurements that timeMethod and the executor leave per quantum.
package metadata

// Metadata is one tree as a task sees it: values converted as the current reader converts them (metrics.md 6.1).
type Metadata struct{}

// Parse reads the JSON of a TaskMetadata file. The error is a *ParseError that carries the upstream class.
func Parse(text []byte) (*Metadata, error) { panic("seam") }
