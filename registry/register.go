package registry

import (
	"context"
	"fmt"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/ddl"
)

// RegisterDatasetType registers a type, its dimension group and tables (repository.md 3.7, 7). It reports false if the same
// definition is registered already; another definition gives a *dataset.ConflictError.
func (r *Registry) RegisterDatasetType(ctx context.Context, t *dataset.Type) (made bool, err error) {
	// The usual answer is "registered already", which needs no lock.
	if known, err := r.DatasetType(ctx, t.Name); err == nil {
		return false, conflict(known, t)
	}
	err = r.Write(ctx, func(tx *Tx) error {
		made, err = tx.RegisterDatasetType(t)
		return err
	})
	return made, err
}

func conflict(known, given *dataset.Type) error {
	if known.Equal(given) {
		return nil
	}
	return &dataset.ConflictError{Registered: known, Given: given}
}

// RegisterDatasetType is Registry.RegisterDatasetType inside a transaction: group, tables and type become visible together.
func (tx *Tx) RegisterDatasetType(t *dataset.Type) (bool, error) {
	if err := t.Validate(); err != nil {
		return false, err
	}
	if t.Dimensions == nil || t.Dimensions.Universe != tx.registry.universe {
		return false, fmt.Errorf("register dataset type %q: its dimensions do not belong to this registry", t.Name)
	}
	known, err := tx.catalog.FindType(tx.ctx, t.Name)
	if err != nil {
		return false, fmt.Errorf("register dataset type %q: %w", t.Name, err)
	}
	if known != nil {
		return false, conflict(known.Type, t)
	}
	if err := tx.register(t); err != nil {
		return false, fmt.Errorf("register dataset type %q: %w", t.Name, err)
	}
	return true, nil
}

func (tx *Tx) register(t *dataset.Type) error {
	key, found, err := tx.catalog.GroupKey(tx.ctx, t.Dimensions)
	if err != nil {
		return err
	}
	if !found {
		if key, err = tx.insertGroup(t.Dimensions); err != nil {
			return err
		}
	}
	if err := tx.create(ddl.Tags(key, t.Dimensions, tx.registry.layout)); err != nil {
		return err
	}
	var calibs any
	if t.IsCalibration {
		if err := tx.create(ddl.Calibs(key, t.Dimensions, tx.registry.layout)); err != nil {
			return err
		}
		calibs = ddl.CalibsName(key)
	}
	return tx.exec("INSERT INTO dataset_type (name, storage_class, dimensions_key, tag_association_table, calibration_association_table) VALUES (?, ?, ?, ?, ?)",
		t.Name, t.StorageClass, key, ddl.TagsName(key), calibs)
}

// insertGroup stores the required dimensions of a group under a new key.
func (tx *Tx) insertGroup(g *dimension.Group) (int64, error) {
	key, err := tx.conn.InsertDefaults(tx.ctx, "dimension_graph_key", "id")
	if err != nil {
		return 0, err
	}
	for _, d := range g.Required {
		if err := tx.exec("INSERT INTO dimension_graph_definition (dimension_graph_id, dimension_name) VALUES (?, ?)", key, d.Name); err != nil {
			return 0, err
		}
	}
	return key, nil
}

// create makes a table unless it exists.
func (tx *Tx) create(t *ddl.Table) error {
	exists, err := tx.conn.TableExists(tx.ctx, t.Name)
	if err != nil || exists {
		return err
	}
	for _, s := range t.Statements(tx.conn.Dialect()) {
		if err := tx.exec(s); err != nil {
			return err
		}
	}
	return nil
}
