package executor

import (
	"context"
	"fmt"

	"valet/datastore/butler"
	"valet/quantum"
	"valet/registry"
	"valet/registry/dataset"
	"valet/tasks/pipeline"
)

// pruning takes away from the replaced run what --prune-replaced says (pipelines.md 4.1). Everybody else sees the run go at the moment at
// which the new one takes its place. A crash before leaves both as they were, so that the same command does all; a crash after it
// leaves files in the trash, which the next run empties.
type pruning struct {
	butler *butler.Butler
	graph  *quantum.Graph
	files  []dataset.ID // lose their files in the transaction
	left   *butler.Removal
}

// before finds what is to lose its files. Where that is too much for one transaction, it goes piece by piece before the run is taken
// out of the chain: after a crash the same command finds the rest.
func (p *pruning) before(ctx context.Context) error {
	c := p.graph.Collections
	if c.Prune != quantum.Unstore {
		return nil
	}
	ids, err := p.butler.Registry.RunDatasets(ctx, c.Replaced, outputTypes(p.graph.Pipeline))
	if err == nil && p.butler.FewEnough(len(ids)) {
		p.files = ids
		return nil
	}
	if err == nil {
		err = p.butler.Unstore(ctx, ids...)
	}
	if err != nil {
		return fmt.Errorf("prune replaced run %q: %w", c.Replaced, err)
	}
	return nil
}

// take removes rows in the transaction that replaces the run.
func (p *pruning) take(tx *registry.Tx) (err error) {
	c := p.graph.Collections
	switch c.Prune {
	case quantum.Unstore:
		p.left, err = p.butler.TakeFiles(tx, p.files)
	case quantum.Purge:
		p.left, err = p.butler.TakeRun(tx, c.Replaced)
	}
	if err != nil {
		return fmt.Errorf("prune replaced run %q: %w", c.Replaced, err)
	}
	return nil
}

// finish removes the files, and what an earlier crash left.
func (p *pruning) finish(ctx context.Context) (err error) {
	c := p.graph.Collections
	if p.left != nil {
		err = p.left.Finish(ctx)
	} else if !c.RunExists {
		return nil
	}
	if err == nil {
		err = p.butler.EmptyTrash(ctx)
	}
	if err != nil {
		return fmt.Errorf("remove the files of replaced runs: %w", err)
	}
	return nil
}

// outputTypes are the names of the types of what quanta write, not those of configs and packages.
func outputTypes(p *pipeline.Resolved) (out []string) {
	for _, node := range p.Tasks {
		for _, e := range node.Outputs {
			out = append(out, e.Type.Name)
		}
		for _, t := range []*pipeline.DatasetType{node.MetadataType, node.LogType} {
			if t != nil {
				out = append(out, t.Name)
			}
		}
	}
	return out
}
