package executor

import (
	"context"
	"fmt"

	"valet/datastore/butler"
	"valet/datastore/formatter"
	"valet/quantum"
	"valet/registry/dataset"
	"valet/tasks/pipeline"
)

// placers make what a task needs to write its datasets.
type placers struct {
	butler  *butler.Butler
	run     string
	records butler.Records
}

// preload reads the dimension records that paths may need, so that no worker has to ask the database.
func (p *placers) preload(ctx context.Context, g *quantum.Graph) error {
	var names []string
	seen := map[string]bool{}
	for _, q := range g.Tasks {
		for _, out := range append([]*pipeline.DatasetType{q.Task.MetadataType, q.Task.LogType}, edgeTypes(q.Task.Outputs)...) {
			if out == nil {
				continue
			}
			for _, e := range out.Dimensions.Dimensions() {
				if !seen[e.Name] {
					seen[e.Name], names = true, append(names, e.Name)
				}
			}
		}
	}
	return p.records.Expander.Preload(ctx, names...)
}

func edgeTypes(edges []pipeline.Edge) []*pipeline.DatasetType {
	out := make([]*pipeline.DatasetType, len(edges))
	for i := range edges {
		out[i] = edges[i].Type
	}
	return out
}

func (p *placers) task(n *pipeline.TaskNode) (*taskRun, error) {
	t, err := n.Class.New(n.Config)
	if err != nil {
		return nil, fmt.Errorf("task %q: %w", n.Label, err)
	}
	r := &taskRun{task: t}
	for i := range n.Outputs {
		out, err := p.output(n.Outputs[i].Type)
		if err != nil {
			return nil, err
		}
		out.connection = n.Outputs[i].Connection
		r.outputs = append(r.outputs, out)
	}
	if r.metadata, err = p.written(n.MetadataType, formatter.JSONClass); err != nil {
		return nil, err
	}
	r.log, err = p.written(n.LogType, formatter.LogClass)
	return r, err
}

func (p *placers) output(t *pipeline.DatasetType) (*output, error) {
	typ := datasetType(t)
	placer, err := p.butler.Store.Placer(typ, p.run, p.records)
	if err != nil {
		return nil, fmt.Errorf("dataset type %q: %w", t.Name, err)
	}
	return &output{typ: typ, placer: placer}, nil
}

// written is output for a type that the executor writes itself, in one format only.
func (p *placers) written(t *pipeline.DatasetType, class string) (*output, error) {
	if t == nil {
		return nil, nil
	}
	out, err := p.output(t)
	if err == nil && out.placer.Formatter().Class != class {
		err = &FormatError{Type: t.Name, Class: out.placer.Formatter().Class, Needed: class}
	}
	return out, err
}

// FormatError says that a repository wants a dataset type in a format that valet does not write it in.
type FormatError struct{ Type, Class, Needed string }

func (e *FormatError) Error() string {
	return fmt.Sprintf("dataset type %q has the formatter %s in this repository; valet writes it for %s only", e.Type, e.Class, e.Needed)
}

func datasetType(t *pipeline.DatasetType) *dataset.Type {
	return &dataset.Type{Name: t.Name, Dimensions: t.Dimensions, StorageClass: t.StorageClass}
}
