// Package sqlite is the SQLite dialect of the registry: connections through mattn/go-sqlite3, the error codes, and the way IDs,
// timespans and types are stored (repository.md 3.1, 11).
//
// It never changes the journal mode of a database it opens. Its weak spot: a database in WAL mode cannot be read by a user who
// may not write in its directory; the error says so.
package sqlite

import (
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"valet/registry/dataset"
	"valet/registry/internal/dialect"
)

// SQLite is the dialect; Path is used in messages.
type SQLite struct{ Path string }

var _ dialect.Dialect = (*SQLite)(nil)

// Name is sqlite.
func (*SQLite) Name() string { return "sqlite" }

// Rebind changes nothing.
func (*SQLite) Rebind(query string) string { return query }

// Quote quotes with double quotes.
func (*SQLite) Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// ObjectName changes nothing: SQLite takes names of any length.
func (*SQLite) ObjectName(name string) string { return name }

// EncodeID writes 32 hexadecimal digits.
func (*SQLite) EncodeID(id dataset.ID) driver.Value { return id.Hex() }

// TextIDs is true.
func (*SQLite) TextIDs() bool { return true }

// DecodeID reads 32 hexadecimal digits.
func (*SQLite) DecodeID(v driver.Value) (id dataset.ID, err error) {
	s, ok := v.(string)
	if !ok || len(s) != 32 {
		return id, fmt.Errorf("dataset ID expected, %v found", v)
	}
	for i := range id {
		a, b := digit[s[2*i]], digit[s[2*i+1]]
		if a|b > 15 {
			return id, fmt.Errorf("dataset ID expected, %q found", s)
		}
		id[i] = a<<4 | b
	}
	return id, nil
}

// digit maps hexadecimal digits to their values and everything else to 255.
var digit = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
		if b, err := hex.DecodeString("0" + string(rune(i))); i < 128 && err == nil {
			t[i] = b[0]
		}
	}
	return t
}()

// TimespanColumns are two integers.
func (*SQLite) TimespanColumns() []string { return []string{"timespan_begin", "timespan_end"} }

// TimespanBegin is the column.
func (*SQLite) TimespanBegin(alias string) string { return alias + ".timespan_begin" }

// TimespanEnd is the column.
func (*SQLite) TimespanEnd(alias string) string { return alias + ".timespan_end" }

// TimespanDeclaration is two integers, all time by default where one is required.
func (*SQLite) TimespanDeclaration(required bool) []string {
	if required {
		return []string{"timespan_begin BIGINT DEFAULT 0 NOT NULL", "timespan_end BIGINT DEFAULT 4102444800000000000 NOT NULL"}
	}
	return []string{"timespan_begin BIGINT", "timespan_end BIGINT"}
}

// ColumnType is the type of repository.md 3.1.
func (*SQLite) ColumnType(t dialect.Type, length int) string {
	switch t {
	case dialect.Int, dialect.Time:
		return "BIGINT"
	case dialect.SmallInt:
		return "SMALLINT"
	case dialect.AutoInt:
		return "INTEGER"
	case dialect.Float:
		return "FLOAT"
	case dialect.Bool:
		return "BOOLEAN"
	case dialect.Timestamp:
		return "TIMESTAMP"
	case dialect.Name:
		return "VARCHAR"
	case dialect.UUID:
		return "CHAR(32)"
	case dialect.String:
		if length > 0 && length <= 32 {
			return "VARCHAR(" + strconv.Itoa(length) + ")"
		}
	}
	return "TEXT"
}

// LengthChecks is true.
func (*SQLite) LengthChecks() bool { return true }

// FindTable asks sqlite_master.
func (*SQLite) FindTable() string {
	return "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
}

// Explain is SQLite's EXPLAIN QUERY PLAN.
func (*SQLite) Explain(query string) (statement string, column int) {
	return "EXPLAIN QUERY PLAN " + query, 3
}

// Begin takes the write lock at once for writing, so that no transaction fails in its middle because another one writes.
func (*SQLite) Begin(write bool) string {
	if write {
		return "BEGIN IMMEDIATE"
	}
	return "BEGIN"
}

// Glob uses SQLite's GLOB, in which [ opens a set of characters that nothing escapes: a special character is meant literally as a
// set of its own.
func (*SQLite) Glob(pattern string) (operator, native string) {
	var out strings.Builder
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		literal := c == '[' || c == ']'
		if c == '\\' && i+1 < len(pattern) && strings.IndexByte(`*?[]\`, pattern[i+1]) >= 0 {
			i++
			c, literal = pattern[i], true
		}
		if literal && c != '\\' && c != ']' {
			out.WriteByte('[')
			out.WriteByte(c)
			out.WriteByte(']')
		} else {
			out.WriteByte(c)
		}
	}
	return "GLOB", out.String()
}

// InMany passes the values as one JSON array.
func (*SQLite) InMany(x *dialect.Text, values []driver.Value) *dialect.Text {
	// The values are int64, float64 and string, which always have a JSON form.
	text, _ := json.Marshal(values)
	return dialect.SQL().Add(x).Write(" IN (SELECT value FROM json_each(").Arg(string(text)).Write("))")
}
