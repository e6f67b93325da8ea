// Package ddl writes the CREATE statements of a Butler registry exactly as upstream does (repository.md 3): upstream checks no
// schema, so what is created must be right to the letter. Tables follow from the dimension universe; nothing is hard-coded but the
// static tables.
package ddl

import (
	"strconv"
	"strings"

	"valet/registry/internal/dialect"
)

// column is one column of a table; timespans are expanded when written.
type column struct {
	name     string
	kind     dialect.Type
	length   int
	timespan bool
	notNull  bool
	// value is the DEFAULT expression, or empty.
	value string
}

// foreignKey refers to columns of another table.
type foreignKey struct {
	table          string
	target, source []string
	cascade        bool
}

// Table is a table to be created.
type Table struct {
	Name    string
	columns []column
	primary []string
	unique  [][]string
	foreign []foreignKey
	indexes [][]string
}

func (t *Table) has(name string) bool {
	for _, c := range t.columns {
		if c.name == name {
			return true
		}
	}
	return false
}

// add adds a column unless there is one of its name.
func (t *Table) add(c column) *Table {
	if !t.has(c.name) {
		t.columns = append(t.columns, c)
	}
	return t
}

// key adds a column of the primary key.
func (t *Table) key(c column) *Table {
	if !t.has(c.name) {
		c.notNull = true
		t.primary = append(t.primary, c.name)
		t.add(c)
	}
	return t
}

func (t *Table) references(table string, target, source []string, cascade bool) *Table {
	t.foreign = append(t.foreign, foreignKey{table, target, source, cascade})
	return t
}

// quote quotes the words that are reserved, as upstream does; all other names of the schema are plain.
func quote(name string) string {
	if name == "group" {
		return `"group"`
	}
	return name
}

func list(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(n)
	}
	return strings.Join(quoted, ", ")
}

// expand replaces the logical name timespan by the columns that hold it.
func expand(d dialect.Dialect, names []string) []string {
	var out []string
	for _, n := range names {
		if n == "timespan" {
			out = append(out, d.TimespanColumns()...)
		} else {
			out = append(out, n)
		}
	}
	return out
}

// Statements are the CREATE TABLE and CREATE INDEX statements.
func (t *Table) Statements(d dialect.Dialect) []string {
	var items, checks []string
	for _, c := range t.columns {
		if c.timespan {
			items = append(items, d.TimespanDeclaration(c.notNull)...)
			continue
		}
		text := quote(c.name) + " " + d.ColumnType(c.kind, c.length)
		if c.value != "" {
			text += " DEFAULT " + c.value
		}
		if c.notNull {
			text += " NOT NULL"
		}
		items = append(items, text)
		if d.LengthChecks() && c.kind == dialect.String && c.length > 0 && c.length <= 32 {
			n := strconv.Itoa(c.length)
			checks = append(checks, "CONSTRAINT "+d.ObjectName(t.Name+"_len_"+c.name)+` CHECK (length("`+c.name+`")<=`+n+` AND length("`+c.name+`")>=1)`)
		}
	}
	items = append(items, "PRIMARY KEY ("+list(t.primary)+")")
	items = append(items, checks...)
	for _, u := range t.unique {
		items = append(items, "CONSTRAINT "+d.ObjectName(t.Name+"_unq_"+strings.Join(u, "_"))+" UNIQUE ("+list(u)+")")
	}
	for _, f := range t.foreign {
		name := "fkey_" + t.Name + "_" + f.table + "_" + strings.Join(f.target, "_") + "_" + strings.Join(f.source, "_")
		text := "CONSTRAINT " + d.ObjectName(name) + " FOREIGN KEY(" + list(f.source) + ") REFERENCES " + quote(f.table) + " (" + list(f.target) + ")"
		if f.cascade {
			text += " ON DELETE CASCADE"
		}
		items = append(items, text)
	}
	out := []string{"CREATE TABLE " + quote(t.Name) + " (\n\t" + strings.Join(items, ", \n\t") + "\n)"}
	return append(out, t.indexStatements(d)...)
}

// indexStatements follow the rule of repository.md 3.3: a foreign key has an index unless its columns have one already.
func (t *Table) indexStatements(d dialect.Dialect) []string {
	var out []string
	have := map[string]bool{strings.Join(t.primary, ","): true}
	for _, u := range t.unique {
		have[strings.Join(u, ",")] = true
	}
	for _, columns := range t.indexes {
		columns = expand(d, columns)
		have[strings.Join(columns, ",")] = true
		out = append(out, "CREATE INDEX "+d.ObjectName(t.Name+"_idx_"+strings.Join(columns, "_"))+" ON "+quote(t.Name)+" ("+list(columns)+")")
	}
	for _, f := range t.foreign {
		key := strings.Join(f.source, ",")
		if !have[key] {
			have[key] = true
			out = append(out, "CREATE INDEX "+d.ObjectName(t.Name+"_fkidx_"+strings.Join(f.source, "_"))+" ON "+quote(t.Name)+" ("+list(f.source)+")")
		}
	}
	return out
}
