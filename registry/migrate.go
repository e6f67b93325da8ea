package registry

import (
	"context"
	"database/sql/driver"
	"errors"

	"valet/migrations"
	"valet/registry/internal/dialect"
)

// OwnVersion is the version of valet's own tables, 0 if there are none. The error is a *migrations.NewerError if they are newer than this
// valet knows.
func (r *Registry) OwnVersion(ctx context.Context) (version int64, err error) {
	err = r.db.Read(ctx, func(c *dialect.Conn) error {
		version, err = r.ownVersion(ctx, c)
		return err
	})
	return version, err
}

func (r *Registry) ownVersion(ctx context.Context, c *dialect.Conn) (version int64, err error) {
	if exists, err := c.TableExists(ctx, migrations.Table); err != nil || !exists {
		return 0, err
	}
	err = c.Each(ctx, migrations.VersionQuery, nil, func(row []driver.Value) error {
		if row[0] != nil {
			version, err = dialect.AsInt(row[0])
		}
		return err
	})
	if known := migrations.Latest(c.Dialect().Name()); err == nil && version > known {
		err = &migrations.NewerError{Database: r.db.Name, Found: version, Known: known}
	}
	return version, err
}

// Migrate makes valet's own tables (valet_*), or brings them to the newest version. It is part of the transaction: a fault or crash leaves
// nothing half made, and of two processes that do it at once the second finds it done. It costs two reads when there is nothing to do.
func (tx *Tx) Migrate() error {
	version, err := tx.registry.ownVersion(tx.ctx, tx.conn)
	if err != nil || version == migrations.Latest(tx.conn.Dialect().Name()) && version > 0 {
		return err
	}
	db := tx.conn.DB()
	err = migrations.Apply(tx.ctx, db, tx.conn.Dialect().Name())
	return errors.Join(tx.conn.Error(err), db.Close())
}
