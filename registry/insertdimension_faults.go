package registry

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"valet/registry/dimension"
	"valet/registry/sphere"
)

// RecordFault is something wrong with a dimension record.
type RecordFault struct {
	// At is that of the RecordInput; 0 if the fault is not that of one record.
	At int
	// Record names the record by its required values; empty if they are not known.
	Record string
	Reason string
	// More is the number of further records with the very same fault, such as the same missing parent.
	More int
}

func (f *RecordFault) String() string {
	text := f.Reason
	if f.Record != "" {
		text = f.Record + ": " + text
	}
	if f.At > 0 {
		text = fmt.Sprintf("record %d: %s", f.At, text)
	}
	if f.More > 0 {
		text += fmt.Sprintf(" (and %d more that need it)", f.More)
	}
	return text
}

// maxFaults is how many faults are kept; more are only counted.
const maxFaults = 1000

// RecordsError says everything that is wrong with the records that were to be inserted.
type RecordsError struct {
	Element string
	// Faults are the first ones found, Total is the number of all.
	Faults []RecordFault
	Total  int
}

func (e *RecordsError) Error() string {
	const shown = 50
	var b strings.Builder
	if e.Total == 1 {
		return fmt.Sprintf("records of %s: %s", e.Element, e.Faults[0].String())
	}
	fmt.Fprintf(&b, "records of %s have %d faults:", e.Element, e.Total)
	for i := range e.Faults[:min(shown, len(e.Faults))] {
		b.WriteString("\n  " + e.Faults[i].String())
	}
	if more := e.Total - min(shown, len(e.Faults)); more > 0 {
		fmt.Fprintf(&b, "\n  ... and %d more", more)
	}
	return b.String()
}

// Hint says how to go on.
func (e *RecordsError) Hint() string { return "nothing was changed" }

// ClassName is upstream's exception.
func (e *RecordsError) ClassName() string { return "lsst.daf.butler._exceptions.DimensionValueError" }

// recordFaults gathers faults.
type recordFaults struct {
	e       *dimension.Element
	faults  []RecordFault
	total   int
	parents map[string]int
}

func newRecordFaults(e *dimension.Element) *recordFaults {
	return &recordFaults{e: e, parents: map[string]int{}}
}

func (f *recordFaults) add(in RecordInput, format string, args ...any) {
	f.total++
	if len(f.faults) < maxFaults {
		f.faults = append(f.faults, RecordFault{At: in.At, Record: recordName(f.e, in.Record), Reason: fmt.Sprintf(format, args...)})
	}
}

// addParent is add for a missing parent, which is told once.
func (f *recordFaults) addParent(in RecordInput, parent string) {
	if at, told := f.parents[parent]; told {
		f.faults[at].More++
		return
	}
	if len(f.faults) < maxFaults {
		f.parents[parent] = len(f.faults)
	}
	f.add(in, "there is no %s", parent)
}

func (f *recordFaults) err() error {
	if f.total == 0 {
		return nil
	}
	slices.SortStableFunc(f.faults, func(a, b RecordFault) int { return a.At - b.At })
	return &RecordsError{Element: f.e.Name, Faults: f.faults, Total: f.total}
}

// recordName is how a record is called.
func recordName(e *dimension.Element, r *dimension.Record) string {
	if r == nil {
		return ""
	}
	return named(e.Name, e.Required, r.Values)
}

// named shows values of dimensions as upstream shows a data ID.
func named(name string, of []*dimension.Element, values []any) string {
	var b strings.Builder
	b.WriteString(name + " {")
	for i, d := range of {
		if i > 0 {
			b.WriteString(", ")
		}
		text := fmt.Sprint(values[i])
		if s, ok := values[i].(string); ok {
			text = dimension.Quote(s)
		} else if values[i] == nil {
			text = "?"
		}
		b.WriteString(d.Name + ": " + text)
	}
	return b.String() + "}"
}

// check reports whether a record has the right form, and says so if not.
func (f *recordFaults) check(in RecordInput) bool {
	before := f.total
	switch {
	case in.Err != nil:
		in.Record = nil
		f.add(in, "%s", in.Err)
		return false
	case in.Record == nil || in.Record.Element != f.e || len(in.Record.Values) != len(f.e.Fields()):
		in.Record = nil
		f.add(in, "is no record of %s", f.e)
		return false
	}
	for i, c := range f.e.Fields() {
		v := in.Record.Values[i]
		if v == nil {
			if i < len(f.e.Required)+len(f.e.Implied) {
				f.add(in, "%s is missing", c.Name)
			}
			continue
		}
		if reason := fieldFault(c, v, i < len(f.e.Required)+len(f.e.Implied)); reason != "" {
			f.add(in, "%s %s", c.Name, reason)
		}
	}
	return f.total == before
}

// longestChecked is the length up to which the schema enforces the length of strings (repository.md 3.1).
const longestChecked = 32

// fieldFault says what is wrong with a value of a column, or nothing.
func fieldFault(c dimension.Column, v any, identifies bool) string {
	switch v := v.(type) {
	case int64:
		if c.Type == dimension.Int {
			return ""
		}
	case float64:
		if c.Type == dimension.Float {
			if math.IsNaN(v) {
				return "is not a number"
			}
			return ""
		}
	case bool:
		if c.Type == dimension.Bool {
			return ""
		}
	case dimension.Timespan:
		if c.Type == dimension.TimespanColumn {
			return ""
		}
	case []byte:
		switch c.Type {
		case dimension.Hash:
			return ""
		case dimension.RegionColumn:
			r, err := sphere.Decode(v)
			if err != nil {
				return err.Error()
			}
			if _, opaque := r.(*sphere.Opaque); opaque {
				return "is a region of an unknown kind, whose place in the sky cannot be told"
			}
			return ""
		}
	case string:
		if c.Type != dimension.String {
			break
		}
		checked := c.Length > 0 && c.Length <= longestChecked
		switch n := utf8.RuneCountInString(v); {
		case !utf8.ValidString(v) || strings.ContainsRune(v, 0):
			return fmt.Sprintf("%q is no text", v)
		case n == 0 && (checked || identifies):
			return "is empty"
		case checked && n > c.Length:
			return fmt.Sprintf("%s has %d characters, %d are allowed", dimension.Quote(v), n, c.Length)
		}
		return ""
	}
	return fmt.Sprintf("is %v, not of type %s", v, c.Type)
}

// diagnose looks for what the database would not take in a chunk.
func (w *recordWriter) diagnose(chunk []RecordInput) error {
	if err := w.diagnoseKeys(chunk); err != nil {
		return err
	}
	for i := range w.e.Keys {
		if i > 0 {
			if err := w.diagnoseAlternate(chunk, w.e.Keys[i]); err != nil {
				return err
			}
		}
	}
	for _, parents := range [][]*dimension.Element{w.e.Required, w.e.Implied} {
		for _, p := range parents {
			if p == w.e || !p.HasTable() {
				continue
			}
			if err := w.diagnoseParent(chunk, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// diagnoseKeys looks for records that exist already, which only the default mode minds.
func (w *recordWriter) diagnoseKeys(chunk []RecordInput) error {
	if w.mode != NewRecords {
		return nil
	}
	w.repeated(chunk, w.keys(chunk), "")
	return w.lookUp(w.e.Name, fieldNames(w.e, len(w.e.Required)), w.keys(chunk), func(i int) { w.faults.add(chunk[i], "exists already") }, true)
}

// repeated tells rows that come twice in a chunk.
func (w *recordWriter) repeated(chunk []RecordInput, rows [][]any, what string) {
	seen := map[string]int{}
	for i, row := range rows {
		if row == nil {
			continue
		}
		key := recordKey(row)
		first, twice := seen[key]
		switch {
		case !twice:
			seen[key] = i
		case what != "" && recordKey(chunk[i].Record.Values[:len(w.e.Required)]) == recordKey(chunk[first].Record.Values[:len(w.e.Required)]):
			// The same record again; that is said once.
		default:
			w.faults.add(chunk[i], "%sis given twice, first in record %d", what, chunk[first].At)
		}
	}
}

// diagnoseAlternate looks for values of an alternate key that other records have.
func (w *recordWriter) diagnoseAlternate(chunk []RecordInput, key dimension.Column) error {
	position := slices.IndexFunc(w.e.Fields(), func(c dimension.Column) bool { return c.Name == key.Name })
	var columns []string
	rows := make([][]any, len(chunk))
	for k, d := range w.e.Required {
		if d != w.e {
			columns = append(columns, w.e.Fields()[k].Name)
		}
	}
	columns = append(columns, key.Name)
	var given []int
	var values [][]any
	for i, in := range chunk {
		v := in.Record.Values[position]
		if v == nil {
			continue
		}
		row := append(append([]any{}, in.Record.Values[:len(w.e.Required)-1]...), encodeField(v))
		rows[i], given, values = row, append(given, i), append(values, row)
	}
	what := key.Name + " "
	w.repeated(chunk, rows, what)
	return w.lookUp(w.e.Name, columns, values, func(i int) {
		in := chunk[given[i]]
		query := "SELECT 1 FROM " + w.tx.conn.Dialect().Quote(w.e.Name) + " WHERE "
		for k, c := range fieldNames(w.e, len(w.e.Required)) {
			if k > 0 {
				query += " AND "
			}
			query += w.tx.conn.Dialect().Quote(c) + " = ?"
		}
		// With the same required values it is the same record, of which the mode says what becomes.
		if row, err := w.tx.conn.Row(w.tx.ctx, query, in.Record.Values[:len(w.e.Required)]...); err == nil && row != nil {
			return
		}
		w.faults.add(in, "%s%v is that of another record already", what, in.Record.Values[position])
	}, true)
}

// diagnoseParent looks for records of a required or implied dimension that do not exist.
func (w *recordWriter) diagnoseParent(chunk []RecordInput, parent *dimension.Element) error {
	positions := make([]int, len(parent.Required))
	for k, d := range parent.Required {
		positions[k] = slices.Index(w.e.Required, d)
		if positions[k] < 0 {
			positions[k] = len(w.e.Required) + slices.Index(w.e.Implied, d)
		}
	}
	distinct := map[string]int{}
	var values [][]any
	var of [][]int
	for i, in := range chunk {
		row := make([]any, len(positions))
		for k, p := range positions {
			row[k] = in.Record.Values[p]
		}
		key := recordKey(row)
		at, known := distinct[key]
		if !known {
			at = len(values)
			distinct[key] = at
			values, of = append(values, row), append(of, nil)
		}
		of[at] = append(of[at], i)
	}
	return w.lookUp(parent.Name, fieldNames(parent, len(parent.Required)), values, func(at int) {
		name := named(parent.Name, parent.Required, values[at])
		for _, i := range of[at] {
			w.faults.addParent(chunk[i], name)
		}
	}, false)
}
