package exchange

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

// fields reads the keys of a mapping.
type fields struct {
	reader *reader
	node   *yaml.Node
	line   int
	used   map[string]bool
	faults int
}

func (f *fields) fault(format string, args ...any) { f.faultAt(f.line, format, args...) }

func (f *fields) faultAt(line int, format string, args ...any) {
	f.faults++
	f.reader.fault(line, format, args...)
}

// text is the text of a key that must be there.
func (f *fields) text(key string) string {
	f.used[key] = true
	n := valueOf(f.node, key)
	if n == nil {
		f.fault("an item needs %s", key)
		return ""
	}
	v, err := scalar(n)
	s, ok := v.(string)
	if err != nil || !ok || s == "" {
		f.faultAt(n.Line, "%s has to be a text", key)
		return ""
	}
	return s
}

func (f *fields) kind() dataset.CollectionKind {
	name := f.text("collection_type")
	if name == "" {
		return 0
	}
	k, err := dataset.ParseCollectionKind(name)
	if err != nil {
		f.fault("%s", err)
	}
	return k
}

// texts is a list of texts that must be there.
func (f *fields) texts(key string) []string {
	f.used[key] = true
	n := valueOf(f.node, key)
	if n == nil {
		f.fault("an item needs %s", key)
		return nil
	}
	if n = resolve(n); n.Kind != yaml.SequenceNode {
		f.faultAt(n.Line, "%s has to be a list", key)
		return nil
	}
	out := []string{}
	for _, x := range n.Content {
		v, err := scalar(x)
		s, ok := v.(string)
		if err != nil || !ok || s == "" {
			f.faultAt(x.Line, "%s has to be a list of texts", key)
			return nil
		}
		out = append(out, s)
	}
	return out
}

// rest looks for keys that nobody asked for, or that come twice.
func (f *fields) rest(others ...string) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(f.node.Content); i += 2 {
		key := f.node.Content[i]
		switch {
		case seen[key.Value]:
			f.faultAt(key.Line, "%s is given twice", key.Value)
		case !f.used[key.Value] && !slices.Contains(others, key.Value):
			f.faultAt(key.Line, "unknown key %q", key.Value)
		}
		seen[key.Value] = true
	}
}

func (f *fields) collection() error {
	c := Collection{Line: f.line, Collection: dataset.Collection{Name: f.text("name"), Kind: f.kind()}}
	if c.Kind == dataset.Chained {
		c.Children = f.texts("children")
	}
	if n := valueOf(f.node, "doc"); n != nil {
		v, err := scalar(n)
		s, ok := v.(string)
		if err != nil || !ok && v != nil {
			f.faultAt(n.Line, "doc has to be a text")
		}
		c.Doc = s
	}
	// Where and when a run was made is kept by nobody any more.
	f.rest("doc", "host", "timespan_begin", "timespan_end")
	if f.faults > 0 || f.reader.visit.Collection == nil {
		return nil
	}
	return visited(f.reader.visit.Collection(c))
}

func (f *fields) datasetType() error {
	t := &dataset.Type{Name: f.text("name"), StorageClass: f.text("storage_class")}
	names := f.texts("dimensions")
	if n := valueOf(f.node, "is_calibration"); n != nil {
		v, err := scalar(n)
		b, ok := v.(bool)
		if err != nil || !ok {
			f.faultAt(n.Line, "is_calibration has to be true or false")
		}
		t.IsCalibration = b
	}
	f.rest("is_calibration")
	if f.faults > 0 {
		return nil
	}
	var err error
	if t.Dimensions, err = f.reader.universe.Group(names...); err != nil {
		f.fault("dataset type %q: %s", t.Name, err)
		return nil
	}
	if err := t.Validate(); err != nil {
		f.fault("%s", err)
		return nil
	}
	if f.reader.visit.Type == nil {
		return nil
	}
	return visited(f.reader.visit.Type(Type{Line: f.line, Type: t}))
}

// records reads dimension records.
func (r *reader) records(it *item, nodes []*yaml.Node) error {
	out := Records{Element: it.element, Rows: make([]Record, 0, len(nodes))}
	for _, n := range nodes {
		n = resolve(n)
		if n.Kind != yaml.MappingNode {
			r.fault(n.Line, "a record of %s is a mapping", it.element)
			continue
		}
		if rec := r.record(it.element, n); rec != nil {
			out.Rows = append(out.Rows, Record{Line: n.Line, Record: rec})
		}
	}
	if r.visit.Records == nil {
		return nil
	}
	return visited(r.visit.Records(out))
}

// The names of the bounds of a record's timespan.
const beginField, endField = "datetime_begin", "datetime_end"

func (r *reader) record(e *dimension.Element, n *yaml.Node) *dimension.Record {
	columns := e.Fields()
	rec := &dimension.Record{Element: e, Values: make([]any, len(columns))}
	set := make([]bool, len(columns))
	timed := slices.IndexFunc(columns, func(c dimension.Column) bool { return c.Type == dimension.TimespanColumn })
	var begin, end *yaml.Node
	good := true
	fault := func(line int, format string, args ...any) {
		good = false
		r.fault(line, "record of %s: %s", e, fmt.Sprintf(format, args...))
	}
	for k := 0; k+1 < len(n.Content); k += 2 {
		name, value := n.Content[k].Value, n.Content[k+1]
		if timed >= 0 && (name == beginField && begin == nil || name == endField && end == nil) {
			if name == beginField {
				begin = value
			} else {
				end = value
			}
			continue
		}
		i := slices.IndexFunc(columns, func(c dimension.Column) bool { return c.Name == name })
		if i < 0 && name == e.Name && e.IsDimension() {
			i = len(e.Required) - 1
		}
		switch {
		case i < 0:
			fault(value.Line, "it has no field %q", name)
			continue
		case set[i]:
			fault(value.Line, "%s is given twice", name)
			continue
		}
		set[i] = true
		var err error
		if rec.Values[i], err = field(columns[i], value); err != nil {
			fault(value.Line, "%s: %s", name, err)
		}
	}
	switch {
	case begin == nil && end == nil:
	case begin == nil || end == nil:
		fault(n.Line, "%s and %s go together", beginField, endField)
	case set[timed]:
		fault(begin.Line, "the timespan is given twice")
	default:
		t, err := span(begin, end)
		if err != nil {
			fault(begin.Line, "%s", err)
		}
		rec.Values[timed] = t
	}
	for i := range len(e.Required) {
		if !set[i] && good {
			fault(n.Line, "%s is missing", columns[i].Name)
		}
	}
	if !good {
		return nil
	}
	return rec
}

// datasets reads datasets.
func (r *reader) datasets(it *item, nodes []*yaml.Node) error {
	out := Datasets{Line: it.line, Type: it.typ, Run: it.run, Files: make([]File, 0, len(nodes))}
	for _, n := range nodes {
		n = resolve(n)
		if n.Kind != yaml.MappingNode {
			r.fault(n.Line, "a dataset is a mapping")
			continue
		}
		if f, ok := r.file(n); ok {
			out.Files = append(out.Files, f)
		}
	}
	if r.visit.Datasets == nil {
		return nil
	}
	return visited(r.visit.Datasets(out))
}

func (r *reader) file(n *yaml.Node) (File, bool) {
	f := &fields{reader: r, node: n, line: n.Line, used: map[string]bool{"dataset_id": true, "data_id": true, "formatter": true}}
	out := File{Line: n.Line, Path: f.text("path")}
	if x := valueOf(n, "formatter"); x != nil {
		if out.Formatter = f.text("formatter"); out.Formatter == "" {
			return out, false
		}
	}
	f.rest()
	ids, dataIDs := valueOf(n, "dataset_id"), valueOf(n, "data_id")
	if ids == nil || dataIDs == nil {
		f.fault("a dataset needs dataset_id and data_id")
		return out, false
	}
	list, ok := r.datasetIDs(ids)
	if !ok {
		return out, false
	}
	dataIDs = resolve(dataIDs)
	values := []*yaml.Node{dataIDs}
	if dataIDs.Kind == yaml.SequenceNode {
		values = dataIDs.Content
	}
	if len(list) != len(values) || len(list) == 0 {
		f.fault("there are %d dataset IDs and %d data IDs", len(list), len(values))
		return out, false
	}
	for i, x := range values {
		x = resolve(x)
		if x.Kind != yaml.MappingNode {
			f.faultAt(x.Line, "a data ID is a mapping")
			return out, false
		}
		d := Dataset{ID: list[i], DataID: make([]Named, 0, len(x.Content)/2)}
		for k := 0; k+1 < len(x.Content); k += 2 {
			name := x.Content[k].Value
			v, err := scalar(x.Content[k+1])
			if err != nil {
				f.faultAt(x.Content[k+1].Line, "data ID: %s: %s", name, err)
				continue
			}
			switch v.(type) {
			case int64, string:
			default:
				f.faultAt(x.Content[k+1].Line, "data ID: %s is neither a number nor a text", name)
				continue
			}
			d.DataID = append(d.DataID, Named{Name: name, Value: v})
		}
		out.Datasets = append(out.Datasets, d)
	}
	return out, f.faults == 0
}

// members reads associations.
func (r *reader) members(it *item, nodes []*yaml.Node) error {
	out := Associations{Line: it.line, Collection: it.collection, Kind: it.kind}
	for _, n := range nodes {
		n = resolve(n)
		var m Member
		if it.kind == dataset.Calibration {
			f := &fields{reader: r, node: n, line: n.Line, used: map[string]bool{"timespan": true, "dataset_ids": true}}
			when, ids := (*yaml.Node)(nil), (*yaml.Node)(nil)
			if n.Kind == yaml.MappingNode {
				when, ids = valueOf(n, "timespan"), valueOf(n, "dataset_ids")
			}
			if when == nil || ids == nil || resolve(ids).Kind != yaml.SequenceNode {
				r.fault(n.Line, "a validity range is a mapping with timespan and a list dataset_ids")
				continue
			}
			f.rest()
			var err error
			if m.Span, err = timespan(when); err != nil {
				f.faultAt(when.Line, "%s", err)
			} else if m.Span.IsEmpty() {
				f.faultAt(when.Line, "the validity range is empty")
			}
			if f.faults > 0 {
				continue
			}
			n = resolve(ids)
		}
		list, _ := r.datasetIDs(n)
		for i, id := range list {
			m.ID, m.Line = id, n.Line
			if n.Kind == yaml.SequenceNode && len(list) == len(n.Content) {
				m.Line = n.Content[i].Line
			}
			out.Members = append(out.Members, m)
		}
	}
	if r.visit.Associations == nil || len(out.Members) == 0 {
		return nil
	}
	return visited(r.visit.Associations(out))
}
