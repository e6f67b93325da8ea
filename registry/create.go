package registry

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/ddl"
	"valet/registry/internal/dialect"
	"valet/registry/internal/sqlite"
)

// CreateOptions of Create.
type CreateOptions struct {
	// URL is the database URL, as in Options.
	URL string
	// Universe is the text of config:dimensions.json.
	Universe []byte
	// NameKeys and TextDates choose the older layouts of collections and of ingest dates; new repositories set neither.
	NameKeys, TextDates bool
	BusyTimeout         time.Duration
	// Layer is as in Options.
	Layer func(driver.Conn) driver.Conn
}

// Create makes the database of a new repository (repository.md 14): all tables, the attributes and the table of file records,
// in one transaction. A database that has a registry already is refused with an *ExistsError and not changed.
func Create(ctx context.Context, o CreateOptions) error {
	u, err := dimension.ParseUniverse(o.Universe)
	if err != nil {
		return err
	}
	path, ok := sqlite.Path(o.URL)
	if !ok {
		return &URLError{URL: o.URL}
	}
	if o.BusyTimeout <= 0 {
		o.BusyTimeout = time.Minute
	}
	db, err := sqlite.Open(ctx, path, sqlite.Options{Create: true, Timeout: o.BusyTimeout, Layer: o.Layer})
	if err != nil {
		return err
	}
	defer db.Close()
	l := catalog.IntegerKeys
	if o.NameKeys {
		l = catalog.NameKeys
	}
	l.TextIngestDate = o.TextDates
	err = db.Write(ctx, func(c *dialect.Conn) error { return create(ctx, c, u, l, db.Name) })
	if err != nil {
		return fmt.Errorf("create registry: %w", err)
	}
	return nil
}

func create(ctx context.Context, c *dialect.Conn, u *dimension.Universe, l catalog.Layout, name string) error {
	if exists, err := c.TableExists(ctx, "butler_attributes"); err != nil || exists {
		if err == nil {
			err = &ExistsError{Database: name}
		}
		return err
	}
	for _, t := range ddl.Static(u, l) {
		for _, s := range t.Statements(c.Dialect()) {
			if err := c.Exec(ctx, s); err != nil {
				return err
			}
		}
	}
	insert := func(name, value string) error {
		return c.Exec(ctx, "INSERT INTO butler_attributes (name, value) VALUES (?, ?)", name, value)
	}
	for _, role := range roles {
		m := role.managers[0]
		v := m.versions[0]
		switch {
		case role.name == "collections" && l.NameKeys:
			m = role.managers[1]
		case role.name == "datasets" && l.TextIngestDate:
			v = m.versions[1]
		}
		class := stored(m.class)
		if err := insert("config:registry.managers."+role.name, class); err != nil {
			return err
		}
		if err := insert("version:"+class, v.String()); err != nil {
			return err
		}
	}
	if err := insert("config:dimensions.json", u.JSON); err != nil {
		return err
	}
	return c.Exec(ctx, "INSERT INTO opaque_meta (table_name) VALUES (?)", DefaultRecordTable)
}

// ExistsError says that there is a registry already where one was to be made.
type ExistsError struct{ Database string }

func (e *ExistsError) Error() string {
	return fmt.Sprintf("database %s has a registry already", e.Database)
}

// Hint says how to go on.
func (e *ExistsError) Hint() string { return "choose another directory; nothing was changed" }

// ClassName is upstream's exception.
func (e *ExistsError) ClassName() string { return "FileExistsError" }
