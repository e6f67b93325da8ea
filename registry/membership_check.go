package registry

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
	"valet/registry/sphere"
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

// CheckLocations looks for what a datastore says of its files in one table and not in the other.
func (r *Registry) CheckLocations(ctx context.Context, datastore, table string, report func(Fault)) error {
	exists, err := r.TableExists(ctx, table)
	if err != nil || !exists {
		return err
	}
	q := `"` + strings.ReplaceAll(table, `"`, `""`) + `"`
	for _, c := range []struct{ kind, what, remedy, from, where string }{
		{"location-without-record", "datasets have a location in %s and no record of a file", "delete the locations", "dataset_location", "datastore_name = ? AND NOT EXISTS (SELECT 1 FROM " + q + " f WHERE f.dataset_id = dataset_location.dataset_id)"},
		{"record-without-location", "files are recorded in %s for datasets without a location", "delete the records; their files become files without rows", q, "? <> '' AND NOT EXISTS (SELECT 1 FROM dataset_location l WHERE l.dataset_id = " + q + ".dataset_id) AND NOT EXISTS (SELECT 1 FROM dataset_location_trash h WHERE h.dataset_id = " + q + ".dataset_id)"},
	} {
		n := int64(0)
		err := r.Rows(ctx, "SELECT COUNT(*) FROM "+c.from+" WHERE "+c.where, []any{datastore}, func(row []driver.Value) error {
			var err error
			n, err = dialect.AsInt(row[0])
			return err
		})
		if err != nil {
			return fmt.Errorf("check the locations of %s: %w", datastore, err)
		}
		if n > 0 {
			report(Fault{Kind: c.kind, Object: fmt.Sprintf("%d "+c.what, n, datastore), Remedy: c.remedy, Repair: func(tx *Tx) error {
				return tx.exec("DELETE FROM "+c.from+" WHERE "+c.where, datastore)
			}})
		}
	}
	return nil
}

// EachRecord calls f with the file records of stored datasets, some thousand at a time and in no transaction, so that f may look at files.
func (r *Registry) EachRecord(ctx context.Context, datastore, table string, f func([]dataset.FileRecord) error) error {
	if exists, err := r.TableExists(ctx, table); err != nil || !exists {
		return err
	}
	const page = 5000
	last, component := any(""), ""
	for {
		var records []dataset.FileRecord
		err := r.db.Read(ctx, func(c *dialect.Conn) error {
			// Not a join: the records must come in the order of their primary key, or each page would sort all that are left.
			query := recordSelect(c.Dialect(), table) + " WHERE (r.dataset_id, r.component) > (?, ?) AND EXISTS (SELECT 1 FROM dataset_location l WHERE l.dataset_id = r.dataset_id AND l.datastore_name = ?) ORDER BY r.dataset_id, r.component LIMIT ?"
			return readRecords(ctx, c, query, []any{last, component, datastore, int64(page)}, func(f *dataset.FileRecord) { records = append(records, *f) })
		})
		if err != nil {
			return fmt.Errorf("read file records: %w", err)
		}
		if len(records) == 0 {
			return nil
		}
		if err := f(records); err != nil {
			return err
		}
		last, component = records[len(records)-1].ID, records[len(records)-1].Component
	}
}

// CheckOverlaps looks for regions of dimension records whose overlaps with pixels of the sky are not those that are kept: missing ones
// make queries lose rows, surplus ones make them slow.
func (r *Registry) CheckOverlaps(ctx context.Context, report func(Fault)) error {
	common := r.universe.Dimension(r.universe.CommonSkypix)
	if common == nil || !common.IsSkypix() || common.System.Class != "lsst.sphgeom.HtmPixelization" {
		return nil
	}
	for _, e := range r.universe.Elements() {
		if e.Spatial == nil || !e.HasTable() {
			continue
		}
		if err := r.checkOverlaps(ctx, e, common, report); err != nil {
			return fmt.Errorf("check the regions of %s: %w", e, err)
		}
	}
	return nil
}

func (r *Registry) checkOverlaps(ctx context.Context, e, common *dimension.Element, report func(Fault)) error {
	const page = 500
	var last []any
	for {
		var records []*dimension.Record
		// damaged are those of which only the required values can be read.
		damaged := map[*dimension.Record]error{}
		have := map[string]map[int64]bool{}
		err := r.db.Read(ctx, func(c *dialect.Conn) error {
			d := c.Dialect()
			keys := keyColumns(d, e)
			query, args := recordQuery(d, e), []any{}
			if last != nil {
				query += " WHERE (" + strings.Join(keys, ", ") + ") > (" + strings.TrimSuffix(strings.Repeat("?,", len(keys)), ",") + ")"
				args = last
			}
			err := c.Each(ctx, query+" ORDER BY "+strings.Join(keys, ", ")+" LIMIT ?", append(slices.Clone(args), int64(page)), func(row []driver.Value) error {
				rec, err := decodeRecord(e, row)
				if err != nil {
					why := err
					if rec, err = decodeKey(e, row); err != nil {
						return why
					}
					damaged[rec] = why
				}
				records = append(records, rec)
				return nil
			})
			if err != nil || len(records) == 0 {
				return err
			}
			var names []string
			for _, x := range e.Required {
				names = append(names, d.Quote(x.Name))
			}
			n := len(e.Required)
			marks := "(" + strings.TrimSuffix(strings.Repeat("?,", n), ",") + ")"
			list := strings.Join(names, ", ")
			args = append([]any{common.System.Name, int64(common.Level)}, records[0].Values[:n]...)
			args = append(args, records[len(records)-1].Values[:n]...)
			query = "SELECT " + list + ", skypix_index FROM " + d.Quote(e.Name+"_skypix_overlap") + " WHERE skypix_system = ? AND skypix_level = ? AND (" + list + ") >= " + marks + " AND (" + list + ") <= " + marks
			return c.Each(ctx, query, args, func(row []driver.Value) error {
				values := make([]any, n)
				for i, v := range row[:n] {
					values[i] = v
				}
				key := recordKey(values)
				if have[key] == nil {
					have[key] = map[int64]bool{}
				}
				index, err := dialect.AsInt(row[n])
				have[key][index] = true
				return err
			})
		})
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return nil
		}
		for _, rec := range records {
			name := recordName(e, rec)
			if err := damaged[rec]; err != nil {
				report(Fault{Kind: "damaged-record", Object: name + ": " + err.Error(), Remedy: "replace the record"})
				continue
			}
			v, _ := rec.Get("region")
			var ranges []sphere.Range
			if bytes, ok := v.([]byte); ok {
				region, err := sphere.Decode(bytes)
				if err != nil {
					report(Fault{Kind: "damaged-region", Object: name + ": " + err.Error(), Remedy: "replace the record"})
					continue
				}
				if ranges, err = sphere.HTMEnvelope(region, common.Level); err != nil {
					continue // A kind of region that only upstream knows.
				}
			}
			missing, expected := 0, 0
			got := have[recordKey(rec.Values[:len(e.Required)])]
			for _, x := range ranges {
				for i := x.Begin; i < x.End; i++ {
					expected++
					if !got[int64(i)] {
						missing++
					}
				}
			}
			again := func(tx *Tx) error { return tx.makeOverlaps(e, rec) }
			if missing > 0 {
				report(Fault{Kind: "missing-overlaps", Object: fmt.Sprintf("%s: %d pixels of its region", name, missing), Remedy: "add the overlaps", Repair: again})
			}
			if surplus := len(got) - (expected - missing); surplus > 0 {
				report(Fault{Kind: "surplus-overlaps", Object: fmt.Sprintf("%s: %d pixels outside of its region", name, surplus), Remedy: "delete the overlaps", Repair: again})
			}
		}
		last = records[len(records)-1].Values[:len(e.Required)]
	}
}

// decodeKey reads the required values of a record, which come first in a row, and no others.
func decodeKey(e *dimension.Element, row []driver.Value) (*dimension.Record, error) {
	fields := e.Fields()
	r := &dimension.Record{Element: e, Values: make([]any, len(fields))}
	for i := range e.Required {
		value, err := decodeField(fields[i], row[i])
		if err != nil {
			return nil, err
		}
		r.Values[i] = value
	}
	return r, nil
}

// makeOverlaps makes the overlaps of one record anew, whatever there is of them.
func (tx *Tx) makeOverlaps(e *dimension.Element, r *dimension.Record) error {
	w, err := tx.newOverlapWriter(e)
	if err != nil {
		return err
	}
	w.governed = nil
	chunk := []RecordInput{{Record: r}}
	if err := w.remove(chunk); err != nil {
		return err
	}
	return w.insert(chunk)
}
