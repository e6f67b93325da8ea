package butler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"valet/datastore"
	"valet/datastore/exchange"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// ImportOptions say what is imported.
type ImportOptions struct {
	// Directory is where relative paths of files begin, File the YAML text.
	Directory, File string
	// Transfer is Auto, Copy, MoveIn, Link, Symlink, RelSymlink or Direct.
	Transfer Transfer
	// SkipElements are dimension elements whose records are left out.
	SkipElements []string
	// NoAttributes keeps sizes and checksums of files from being recorded.
	NoAttributes bool
}

// Imported counts what Import made.
type Imported struct {
	// Datasets were stored, Existing were there already.
	Datasets, Existing int
	// Records are dimension records, Members associations and validity ranges.
	Records, Types, Collections, Members int
}

// ImportError says everything that keeps a text from being imported.
type ImportError struct {
	// Name is that of the text.
	Name string
	// Faults are the first ones by line, Total is the number of all.
	Faults []exchange.Error
	Total  int
}

// manyFaults is how many faults are kept.
const manyFaults = 1000

func (e *ImportError) Error() string {
	const shown = 50
	if e.Total == 1 {
		return e.Faults[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s has %d faults:", e.Name, e.Total)
	for i := range e.Faults[:min(shown, len(e.Faults))] {
		b.WriteString("\n  " + e.Faults[i].Error())
	}
	if more := e.Total - min(shown, len(e.Faults)); more > 0 {
		fmt.Fprintf(&b, "\n  ... and %d more", more)
	}
	return b.String()
}

// Hint says how to go on.
func (e *ImportError) Hint() string { return "nothing was changed" }

// ClassName is upstream's exception.
func (e *ImportError) ClassName() string { return "ValueError" }

func (e *ImportError) add(line int, format string, args ...any) {
	e.Total++
	if len(e.Faults) < manyFaults {
		e.Faults = append(e.Faults, exchange.Error{Name: e.Name, Line: line, Reason: fmt.Sprintf(format, args...)})
	}
}

func (e *ImportError) err() error {
	if e.Total == 0 {
		return nil
	}
	slices.SortStableFunc(e.Faults, func(a, b exchange.Error) int { return a.Line - b.Line })
	return e
}

// Import stores what an export holds: dimension records, dataset types, collections, datasets with their IDs, associations. What is there already
// with the same content is left out, so that an import that was interrupted is ended by doing it again; other content is a conflict. What is
// wrong with any of it is told at once in an *ImportError, before anything is changed.
//
// First, in one transaction, come records, types and collections; then every batch of files is durable before its rows are stored; then the
// associations, in one transaction. A crash leaves at most files without rows. Memory is a kilobyte or two
// for each dataset, and holds all dimension records of the text.
func (b *Butler) Import(ctx context.Context, o ImportOptions) (done Imported, err error) {
	if b.chained() {
		return done, &datastore.ChainError{}
	}
	m := &importer{b: b, o: o, name: o.File, faults: &ImportError{Name: o.File}, skip: map[string]bool{},
		records: map[*dimension.Element][]registry.RecordInput{}, types: map[string]*dataset.Type{}, collections: map[string]*exchange.Collection{}}
	for _, name := range o.SkipElements {
		if b.Registry.Universe().Element(name) == nil {
			return done, &registry.NotFoundError{Kind: "dimension element", Name: name}
		}
		m.skip[name] = true
	}
	if err := m.read(ctx); err != nil {
		return done, err
	}
	if err := m.check(ctx); err != nil {
		return done, err
	}
	if err := m.faults.err(); err != nil {
		return done, err
	}
	err = m.apply(ctx)
	return m.done, err
}

// importer is an import on its way.
type importer struct {
	b      *Butler
	o      ImportOptions
	name   string
	faults *ImportError
	skip   map[string]bool
	done   Imported

	records map[*dimension.Element][]registry.RecordInput
	// types are those of the text and those that datasets name, newTypes have to be registered.
	types    map[string]*dataset.Type
	newTypes []*dataset.Type
	// collections by name, order is that of the text; newCollections have to be made.
	collections    map[string]*exchange.Collection
	order          []*exchange.Collection
	newCollections []*exchange.Collection
	files          []importFile
	associations   []exchange.Associations
	members        []members
	x              *overlay
	// there are the collections of the repository, lines those of datasets, root the directory of the files with every link followed.
	there map[string]*dataset.Collection
	lines map[dataset.ID]int
	root  string
}

// importFile is a file of the text.
type importFile struct {
	line int
	// refs are its datasets; those that are stored already are taken out.
	refs []dataset.Ref
	// rows says of each whether the registry has it already, and only the datastore does not.
	rows []bool
	path string
	// source is the file on this machine, empty if it is elsewhere.
	source, member string
	record         dataset.FileRecord
	stays          bool
}

// read reads the text.
func (m *importer) read(ctx context.Context) error {
	f, err := os.Open(m.o.File)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", m.o.File)
	}
	u := m.b.Registry.Universe()
	return exchange.Read(m.name, f, info.Size(), u, exchange.Visitor{
		Header: func(h exchange.Header) error {
			if h.Namespace != u.Namespace || h.Version != u.Version {
				return &UniverseOfTextError{m.name, h, u}
			}
			return nil
		},
		Fault:        func(e *exchange.Error) { m.faults.add(e.Line, "%s", e.Reason) },
		Records:      func(r exchange.Records) error { m.addRecords(r); return ctx.Err() },
		Collection:   func(c exchange.Collection) error { m.addCollection(c); return nil },
		Type:         func(t exchange.Type) error { return m.addType(ctx, t) },
		Datasets:     func(d exchange.Datasets) error { return m.addDatasets(ctx, d) },
		Associations: func(a exchange.Associations) error { m.associations = append(m.associations, a); return ctx.Err() },
	})
}

// UniverseOfTextError says that an export is of another dimension universe than the repository.
type UniverseOfTextError struct {
	Name   string
	Header exchange.Header
	In     *dimension.Universe
}

func (e *UniverseOfTextError) Error() string {
	of := fmt.Sprintf("universe %s %d", e.Header.Namespace, e.Header.Version)
	if e.Header.Namespace == "" {
		of = "no named universe"
	}
	return fmt.Sprintf("%s is of %s, the repository of universe %s %d", e.Name, of, e.In.Namespace, e.In.Version)
}

// Hint says how to go on.
func (e *UniverseOfTextError) Hint() string {
	return "export from a repository of the same universe; nothing was changed"
}

func (m *importer) addRecords(r exchange.Records) {
	if m.skip[r.Element.Name] {
		return
	}
	if !r.Element.HasTable() {
		m.faults.add(r.Rows[0].Line, "%s has no records of its own", r.Element)
		return
	}
	for _, row := range r.Rows {
		m.records[r.Element] = append(m.records[r.Element], registry.RecordInput{At: row.Line, Record: row.Record})
	}
}

func (m *importer) addCollection(c exchange.Collection) {
	if old := m.collections[c.Name]; old != nil {
		if old.Kind != c.Kind || !slices.Equal(old.Children, c.Children) {
			m.faults.add(c.Line, "collection %q is another one in line %d", c.Name, old.Line)
		}
		return
	}
	m.collections[c.Name] = &c
	m.order = append(m.order, &c)
}

// typeOf finds a type in the text read so far or in the repository; nil if it is in neither.
func (m *importer) typeOf(ctx context.Context, name string) (*dataset.Type, error) {
	if t := m.types[name]; t != nil {
		return t, nil
	}
	t, err := m.b.Registry.DatasetType(ctx, name)
	var none *registry.NotFoundError
	if errors.As(err, &none) {
		return nil, nil
	}
	if err == nil {
		m.types[name] = t
	}
	return t, err
}

func (m *importer) addType(ctx context.Context, given exchange.Type) error {
	t, err := m.typeOf(ctx, given.Type.Name)
	switch {
	case err != nil:
		return err
	case t == nil:
		m.types[given.Type.Name] = given.Type
		m.newTypes = append(m.newTypes, given.Type)
	case !t.Equal(given.Type):
		m.faults.add(given.Line, "%s", (&dataset.ConflictError{Registered: t, Given: given.Type}).Error())
	}
	return nil
}

func (m *importer) addDatasets(ctx context.Context, d exchange.Datasets) error {
	if err := ctx.Err(); err != nil || len(d.Files) == 0 {
		return err
	}
	t, err := m.typeOf(ctx, d.Type)
	if err != nil {
		return err
	}
	if t == nil {
		m.faults.add(d.Line, "dataset type %q is neither registered nor described before", d.Type)
		return nil
	}
	for _, f := range d.Files {
		in := importFile{line: f.Line, path: f.Path, rows: make([]bool, len(f.Datasets))}
		in.record.Formatter = f.Formatter
		for _, x := range f.Datasets {
			id, err := dataIDOfNamed(t, x.DataID)
			if err != nil {
				m.faults.add(f.Line, "%s", err)
				continue
			}
			in.refs = append(in.refs, dataset.Ref{ID: x.ID, Type: t, Run: d.Run, DataID: id})
		}
		m.files = append(m.files, in)
	}
	return nil
}

// dataIDOfNamed makes a data ID of required values. Others have to be of the type, and follow from its records.
func dataIDOfNamed(t *dataset.Type, given []exchange.Named) (dimension.DataID, error) {
	g := t.Dimensions
	values := make([]dimension.Value, len(g.Required))
	for _, n := range given {
		i := slices.IndexFunc(g.Required, func(d *dimension.Element) bool { return d.Name == n.Name })
		if i < 0 {
			if !g.Has(n.Name) {
				return dimension.DataID{}, fmt.Errorf("%q is no dimension of %s, which has %s", n.Name, t.Name, g)
			}
			continue
		}
		var err error
		if values[i], err = g.Required[i].ConvertValue(n.Value); err != nil {
			return dimension.DataID{}, err
		}
	}
	for i, d := range g.Required {
		if values[i].IsZero() {
			return dimension.DataID{}, fmt.Errorf("the data ID of a dataset of %s has no value for %s", t.Name, d.Name)
		}
	}
	return dimension.NewDataID(g, values), nil
}
