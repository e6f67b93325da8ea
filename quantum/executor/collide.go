package executor

import (
	"context"
	"database/sql/driver"
	"hash/maphash"
	"slices"
	"strings"

	"valet/quantum"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// checkCollisions makes sure, before anything is written, that no two datasets of the run have one path and none has the path of a
// dataset of another run: writing would silently damage the first (repository.md 9.3). Tasks that share data IDs share templates, so
// that one output of each list of data IDs speaks for all.
func checkCollisions(ctx context.Context, r *run, g *quantum.Graph) error {
	seen := map[*quantum.DataIDs]bool{}
	for _, q := range g.Tasks {
		for c, out := range r.tasks[q].outputs {
			ids := q.Outputs[c].DataIDs
			if !seen[ids] {
				seen[ids] = true
				if err := collideWithin(out, ids, q); err != nil {
					return err
				}
			}
			if !g.Collections.RunExists {
				if err := collideWithOthers(ctx, r, out, ids, q); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// collideWithin compares the hashes of all paths: eight bytes a quantum, and no path is kept.
func collideWithin(out *output, ids *quantum.DataIDs, q *quantum.Quanta) error {
	var seed = maphash.MakeSeed()
	type hashed struct {
		sum uint64
		row int32
	}
	sums := make([]hashed, 0, q.Len())
	var path []byte
	var scratch []dimension.Value
	at := func(i int) (err error) {
		var id dimension.DataID
		id, scratch = ids.At(i, scratch)
		path, err = out.placer.AppendPath(path[:0], id, dataset.ID{})
		return err
	}
	for i := range q.Len() {
		if q.Taken[i] || q.States[i] != quantum.Planned {
			continue
		}
		if err := at(i); err != nil {
			return err
		}
		sums = append(sums, hashed{maphash.Bytes(seed, path), int32(i)})
	}
	slices.SortFunc(sums, func(a, b hashed) int {
		switch {
		case a.sum < b.sum:
			return -1
		case a.sum > b.sum:
			return 1
		}
		return int(a.row - b.row)
	})
	for k := 1; k < len(sums); k++ {
		if sums[k].sum != sums[k-1].sum {
			continue
		}
		if err := at(int(sums[k].row)); err != nil {
			return err
		}
		a, _ := ids.At(int(sums[k-1].row), nil)
		b, _ := ids.At(int(sums[k].row), nil)
		return &CollisionError{DatasetType: out.typ.Name, Path: string(path), DataIDs: []string{a.String(), b.String()}}
	}
	return nil
}

// collideWithOthers asks for one record below the directory that the run's datasets of the type have: a new run has none.
func collideWithOthers(ctx context.Context, r *run, out *output, ids *quantum.DataIDs, q *quantum.Quanta) error {
	if q.Len() == 0 {
		return nil
	}
	id, _ := ids.At(0, nil)
	path, err := out.placer.AppendPath(nil, id, dataset.ID{})
	if err != nil {
		return err
	}
	end := strings.Index(string(path), "/"+out.typ.Name+"/")
	if end < 0 {
		return nil
	}
	prefix := string(path[:end]) + "/" + out.typ.Name
	table := r.butler.Store.Config.Table
	if exists, err := r.butler.Registry.TableExists(ctx, table); err != nil || !exists {
		return err
	}
	var other string
	// '0' follows '/' in the order of characters.
	err = r.butler.Registry.Rows(ctx, `select path from "`+table+`" where path >= ? and path < ? limit 1`, []any{prefix + "/", prefix + "0"},
		func(row []driver.Value) error {
			switch v := row[0].(type) {
			case string:
				other = v
			case []byte:
				other = string(v)
			}
			return nil
		})
	if err == nil && other != "" {
		return &CollisionError{DatasetType: out.typ.Name, Path: other, DataIDs: []string{id.String()}}
	}
	return err
}
