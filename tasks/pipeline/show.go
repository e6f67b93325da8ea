package pipeline

import (
	"errors"
	"io"
)

// Show writes one --show item as pipetask does: pipeline, config[=[task::]pattern[:NOIGNORECASE]], dump-config[=task], tasks,
// subsets, pipeline-graph, task-graph. It reports false for items that it does not know, such as those of the quantum graph.
func (r *Resolved) Show(w io.Writer, item string) (handled bool, err error) {
	return false, errors.ErrUnsupported
}

// WriteText draws the pipeline graph as indented text.
func (r *Resolved) WriteText(w io.Writer, datasetTypes bool) error { return errors.ErrUnsupported }

// WriteDot writes the pipeline graph in Graphviz form.
func (r *Resolved) WriteDot(w io.Writer) error { return errors.ErrUnsupported }

// WriteMermaid writes the pipeline graph as a Mermaid flow chart.
func (r *Resolved) WriteMermaid(w io.Writer) error { return errors.ErrUnsupported }

// AppendYAML appends the pipeline YAML of -s: imports flattened, config entries as lists.
func (p *Pipeline) AppendYAML(dst []byte) []byte { return dst }
