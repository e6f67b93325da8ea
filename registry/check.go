package registry

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"valet/registry/dataset"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// Fault is something in a repository that is not as it should be.
type Fault struct {
	// Kind is a word for faults of this sort, Object what has it, Remedy what to do or what Repair does.
	Kind, Object, Remedy string
	// Repair mends it without losing anything that a user made; nil if that is not possible.
	Repair func(tx *Tx) error
}

// CheckTables looks for rows that do not fit together: those that name what does not exist, runs and tags that are missing, chains that
// contain themselves. Memory does not grow with the number of datasets.
func (r *Registry) CheckTables(ctx context.Context, report func(Fault)) error {
	if err := r.checkDamage(ctx, report); err != nil {
		return err
	}
	if err := r.checkReferences(ctx, report); err != nil {
		return err
	}
	if err := r.checkCollections(ctx, report); err != nil {
		return err
	}
	return r.checkTags(ctx, report)
}

// checkDamage asks the database whether its file is whole.
func (r *Registry) checkDamage(ctx context.Context, report func(Fault)) error {
	return r.Rows(ctx, "PRAGMA quick_check(20)", nil, func(row []driver.Value) error {
		if text, err := dialect.AsString(row[0]); err != nil || text != "ok" {
			report(Fault{Kind: "damaged-database", Object: r.Database() + ": " + text, Remedy: "restore it from a backup, or dump and reload it with the sqlite3 program"})
		}
		return nil
	})
}

// reference is a foreign key of which rows are at fault.
type reference struct {
	table, parent string
}

// checkReferences looks for rows that name what does not exist.
func (r *Registry) checkReferences(ctx context.Context, report func(Fault)) error {
	found := map[reference]int{}
	rows := map[reference][]int64{}
	err := r.Rows(ctx, "PRAGMA foreign_key_check", nil, func(row []driver.Value) error {
		table, err := dialect.AsString(row[0])
		if err != nil {
			return err
		}
		parent, err := dialect.AsString(row[2])
		if err != nil {
			return err
		}
		ref := reference{table, parent}
		found[ref]++
		// What is more is found by the next check.
		if id, err := dialect.AsInt(row[1]); err == nil && len(rows[ref]) < 100000 {
			rows[ref] = append(rows[ref], id)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("check references: %w", err)
	}
	var refs []reference
	for ref := range found {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, func(a, b reference) int { return strings.Compare(a.table+" "+a.parent, b.table+" "+b.parent) })
	for _, ref := range refs {
		f := Fault{Kind: "dangling-row", Object: fmt.Sprintf("%d rows of %s name no row of %s", found[ref], ref.table, ref.parent), Remedy: "insert the missing rows, or delete these"}
		association := strings.HasPrefix(ref.table, "dataset_tags_") || strings.HasPrefix(ref.table, "dataset_calibs_")
		switch {
		case association && strings.HasPrefix(ref.parent, "collection_summary_"):
			f.Kind, f.Remedy = "missing-summary", "add the summaries"
			f.Repair = func(tx *Tx) error { return tx.addSummaries(ref.table) }
		case ref.table == "dataset" && ref.parent == "run":
			f.Remedy = "add the rows of their runs"
			f.Repair = func(tx *Tx) error {
				l := tx.registry.layout
				return tx.exec("INSERT INTO run ("+l.RunKey+") SELECT "+l.CollectionKey+" FROM collection WHERE type = ? ON CONFLICT DO NOTHING", int64(dataset.Run))
			}
		case association && (ref.parent == "dataset" || ref.parent == "collection"), ref.table == "collection_chain", ref.table == "dataset_location" && ref.parent == "dataset",
			strings.HasSuffix(ref.table, "_skypix_overlap"), ref.table == "run", strings.HasPrefix(ref.table, "collection_summary_"):
			f.Remedy = "delete them"
			f.Repair = func(tx *Tx) error {
				for _, id := range rows[ref] {
					if err := tx.exec("DELETE FROM "+tx.conn.Dialect().Quote(ref.table)+" WHERE rowid = ?", id); err != nil {
						return err
					}
				}
				return nil
			}
		}
		report(f)
	}
	return nil
}

// addSummaries adds the summary rows that rows of an association table refer to.
func (tx *Tx) addSummaries(table string) error {
	q, ref := tx.conn.Dialect().Quote, tx.registry.layout.CollectionRef
	types, err := tx.catalog.Types(tx.ctx)
	if err != nil {
		return err
	}
	columns := map[string]string{"dataset_type_id": "collection_summary_dataset_type"}
	for _, t := range types {
		if t.Tags == table || t.Calibs == table {
			for _, d := range t.Dimensions.Required {
				if d.Governor {
					columns[d.Name] = "collection_summary_" + d.Name
				}
			}
		}
	}
	for column, summary := range columns {
		err := tx.exec("INSERT INTO " + q(summary) + " (" + ref + ", " + q(column) + ") SELECT DISTINCT " + ref + ", " + q(column) + " FROM " + q(table) + " WHERE true ON CONFLICT DO NOTHING")
		if err != nil {
			return err
		}
	}
	return nil
}

// checkCollections looks for runs without their row in the table run, for children of what is no chain, and for chains in a circle.
func (r *Registry) checkCollections(ctx context.Context, report func(Fault)) error {
	l := r.layout
	names := map[string]string{}
	children := map[string][]string{}
	var faults []Fault
	tell := report
	// A repair could not get the lock while the rows are read.
	report = func(f Fault) { faults = append(faults, f) }
	defer func() {
		for _, f := range faults {
			tell(f)
		}
	}()
	err := r.Rows(ctx, "SELECT c."+l.CollectionKey+", c.name, c.type, EXISTS (SELECT 1 FROM run r WHERE r."+l.RunKey+" = c."+l.CollectionKey+"), EXISTS (SELECT 1 FROM collection_chain h WHERE h.parent = c."+l.CollectionKey+") FROM collection c ORDER BY c.name", nil, func(row []driver.Value) error {
		name, err := dialect.AsString(row[1])
		if err != nil {
			return err
		}
		key := row[0]
		names[fmt.Sprint(key)] = name
		if b, ok := key.([]byte); ok {
			key = string(b)
		}
		kind, _ := row[2].(int64)
		if run, _ := row[3].(int64); kind == int64(dataset.Run) && run == 0 {
			report(Fault{Kind: "incomplete-run", Object: name, Remedy: "add its row to the table run", Repair: func(tx *Tx) error {
				return tx.exec("INSERT INTO run ("+tx.registry.layout.RunKey+") VALUES (?) ON CONFLICT DO NOTHING", key)
			}})
		}
		if parent, _ := row[4].(int64); kind != int64(dataset.Chained) && parent != 0 {
			report(Fault{Kind: "children-of-no-chain", Object: fmt.Sprintf("%s, a %s collection", name, dataset.CollectionKind(kind)), Remedy: "delete its rows in the table collection_chain", Repair: func(tx *Tx) error {
				return tx.exec("DELETE FROM collection_chain WHERE parent = ?", key)
			}})
		}
		if kind < 1 || kind > 4 {
			report(Fault{Kind: "unknown-kind", Object: fmt.Sprintf("collection %s of kind %d", name, kind), Remedy: "find out which program made it"})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("check collections: %w", err)
	}
	err = r.Rows(ctx, "SELECT parent, child FROM collection_chain ORDER BY parent, position", nil, func(row []driver.Value) error {
		parent := names[fmt.Sprint(row[0])]
		children[parent] = append(children[parent], names[fmt.Sprint(row[1])])
		return nil
	})
	if err != nil {
		return fmt.Errorf("check chains: %w", err)
	}
	state := map[string]int{} // 1 on the way, 2 done
	var visit func(name string)
	visit = func(name string) {
		state[name] = 1
		for _, child := range children[name] {
			switch state[child] {
			case 0:
				visit(child)
			case 1:
				report(Fault{Kind: "chain-in-a-circle", Object: fmt.Sprintf("%s contains itself through %s", child, name), Remedy: fmt.Sprintf("take %s out of %s with 'valet collection-chain --mode remove'", child, name)})
			}
		}
		state[name] = 2
	}
	for name := range children {
		if state[name] == 0 {
			visit(name)
		}
	}
	return nil
}

// checkTags looks for datasets that are not in their run.
func (r *Registry) checkTags(ctx context.Context, report func(Fault)) error {
	var types []*catalog.Type
	err := r.view(ctx, func(c *catalog.Catalog) (err error) {
		types, err = c.Types(ctx)
		return err
	})
	if err != nil {
		return err
	}
types:
	for _, t := range types {
		for _, table := range []string{t.Tags, t.Calibs} {
			if table == "" {
				continue
			}
			if exists, err := r.TableExists(ctx, table); err != nil {
				return err
			} else if !exists {
				report(Fault{Kind: "missing-table", Object: fmt.Sprintf("%s of dataset type %s", table, t.Name), Remedy: "restore the database from a backup"})
				if table == t.Tags {
					continue types
				}
			}
		}
		n := int64(0)
		err := r.Rows(ctx, "SELECT COUNT(*) FROM dataset d WHERE d.dataset_type_id = ? AND NOT EXISTS (SELECT 1 FROM \""+t.Tags+"\" a WHERE a.dataset_id = d.id AND a."+r.layout.CollectionRef+" = d."+r.layout.RunRef+")", []any{t.ID}, func(row []driver.Value) error {
			n, err = dialect.AsInt(row[0])
			return err
		})
		if err != nil {
			return fmt.Errorf("check datasets of %s: %w", t.Name, err)
		}
		if n > 0 {
			report(Fault{Kind: "lost-dataset", Object: fmt.Sprintf("%d datasets of type %s are not in their runs", n, t.Name), Remedy: "their data IDs are lost: remove them with the Python stack"})
		}
	}
	return nil
}
