package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

// Visitor is called with what a text says, in its order. The first error of a function ends the reading.
type Visitor struct {
	// Header comes first; its error ends the reading before an element of another universe is met.
	Header       func(Header) error
	Records      func(Records) error
	Collection   func(Collection) error
	Type         func(Type) error
	Datasets     func(Datasets) error
	Associations func(Associations) error
	// Fault tells of something wrong that does not keep the rest from being read.
	Fault func(*Error)
}

// Read reads a text whose records are of a universe. name is how messages call it. What is wrong with the text as a whole gives an *Error,
// what is wrong with single entries goes to v.Fault, and the entry is left out.
func Read(name string, src io.ReaderAt, size int64, u *dimension.Universe, v Visitor) error {
	r := &reader{name: name, universe: u, visit: v}
	err := cut(io.NewSectionReader(src, 0, size), func(part) error { return nil })
	switch {
	case errors.Is(err, errNoBlocks):
		if size > MaxTree {
			return &Error{Name: name, Reason: fmt.Sprintf("%s, and has more than %d bytes", errNoBlocks, MaxTree)}
		}
		text := make([]byte, size)
		if n, err := src.ReadAt(text, 0); int64(n) < size && err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		return r.tree(text)
	case err == nil:
		err = cut(io.NewSectionReader(src, 0, size), r.part)
	}
	if err != nil && !isOurs(err) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return unwrapped(err)
}

// stop is an error of a visitor, which is handed on as it is.
type stop struct{ err error }

func (s stop) Error() string { return s.err.Error() }

func isOurs(err error) bool {
	var s stop
	var e *Error
	return errors.As(err, &s) || errors.As(err, &e)
}

func unwrapped(err error) error {
	var s stop
	if errors.As(err, &s) {
		return s.err
	}
	return err
}

func visited(err error) error {
	if err != nil {
		return stop{err}
	}
	return nil
}

type reader struct {
	name     string
	universe *dimension.Universe
	visit    Visitor
	// item is the one whose entries come, nil if it is wrong.
	item *item
}

// item is an item that has a list.
type item struct {
	line       int
	list       string
	element    *dimension.Element
	typ, run   string
	collection string
	kind       dataset.CollectionKind
}

func (r *reader) fail(line int, format string, args ...any) error {
	return &Error{Name: r.name, Line: line, Reason: fmt.Sprintf(format, args...)}
}

func (r *reader) fault(line int, format string, args ...any) {
	if r.visit.Fault != nil {
		r.visit.Fault(&Error{Name: r.name, Line: line, Reason: fmt.Sprintf(format, args...)})
	}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// parse reads the one document of a text that begins in a line; nil stands for nothing.
func (r *reader) parse(text []byte, line int) (node *yaml.Node, err error) {
	defer func() {
		// The parser panics on some texts that are not YAML.
		if p := recover(); p != nil {
			node, err = nil, r.fail(line, "cannot be parsed: %v", p)
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	switch err := d.Decode(&document); {
	case err == io.EOF:
		return nil, nil
	case err != nil:
		m := yamlLine.FindStringSubmatch(err.Error())
		at := line
		if m != nil && m[1] != "" {
			at, _ = strconv.Atoi(m[1])
			at += line - 1
		} else if line == 1 {
			// Somewhere in the whole text.
			at = 0
		}
		return nil, r.fail(at, "%s", yamlLine.ReplaceAllString(err.Error(), ""))
	}
	if err := d.Decode(&more); err != io.EOF {
		return nil, r.fail(line+max(more.Line, 1)-1, "has more than one document")
	}
	if len(document.Content) != 1 {
		return nil, nil
	}
	if line > 1 {
		shift(document.Content[0], line-1)
	}
	return document.Content[0], nil
}

// shift moves the lines of a node to where its text begins. Aliases lead to nodes that are moved by themselves.
func shift(n *yaml.Node, by int) {
	n.Line += by
	for _, c := range n.Content {
		shift(c, by)
	}
}

// part reads a part of a text in block style.
func (r *reader) part(p part) error {
	if p.kind == entriesPart && r.item == nil {
		return nil
	}
	node, err := r.parse(p.text, p.line)
	if err != nil {
		return err
	}
	switch p.kind {
	case headerPart:
		return r.header(node, p.line)
	case itemPart:
		return r.open(node, p.line, p.list)
	}
	if node == nil || node.Kind != yaml.SequenceNode {
		return r.fail(p.line, "a list is expected")
	}
	return r.entries(node.Content)
}

// tree reads a text as a whole.
func (r *reader) tree(text []byte) error {
	root, err := r.parse(text, 1)
	if err != nil {
		return err
	}
	if err := r.header(root, 1); err != nil {
		return unwrapped(err)
	}
	items := valueOf(root, "data")
	if items == nil {
		return r.fail(0, "is no export: it has no data")
	}
	if items = resolve(items); items.Kind != yaml.SequenceNode {
		return r.fail(items.Line, "data is no list")
	}
	for _, node := range items.Content {
		node = resolve(node)
		if err := r.open(node, node.Line, ""); err != nil {
			return unwrapped(err)
		}
	}
	return nil
}

// valueOf is the value of a key of a mapping, nil if it has none.
func valueOf(m *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

// open reads an item; if list is not empty, its list has this key and is not in the node but follows.
func (r *reader) open(node *yaml.Node, line int, list string) error {
	r.item = nil
	if node == nil || node.Kind != yaml.MappingNode {
		r.fault(line, "an item is a mapping with a type")
		return nil
	}
	f := &fields{reader: r, node: node, line: node.Line, used: map[string]bool{}}
	if node.Line == 0 {
		f.line = line
	}
	kind := f.text("type")
	it := &item{line: f.line}
	wanted := ""
	var whole func() error
	switch kind {
	case "dimension":
		wanted = "records"
		if name := f.text("element"); name != "" {
			if it.element = r.universe.Element(name); it.element == nil {
				f.fault("%q is no dimension element of the universe %s %d", name, r.universe.Namespace, r.universe.Version)
			}
		}
	case "collection":
		whole = f.collection
	case "dataset_type":
		whole = f.datasetType
	case "dataset":
		wanted, it.typ, it.run = "records", f.text("dataset_type"), f.text("run")
	case "associations":
		it.collection, it.kind = f.text("collection"), f.kind()
		wanted = "dataset_ids"
		switch it.kind {
		case dataset.Calibration:
			wanted = "validity_ranges"
		case dataset.Run, dataset.Chained:
			f.fault("a collection of type %s has no associations", it.kind)
		}
	case "":
	default:
		f.fault("%q is no type of an item: dimension, collection, dataset_type, dataset or associations expected", kind)
	}
	if f.faults > 0 {
		return nil
	}
	if whole != nil {
		if list != "" {
			f.fault("an item of type %s has no %s", kind, list)
			return nil
		}
		return whole()
	}
	var inside []*yaml.Node
	if list != wanted {
		// The list may be a part of the item.
		n := valueOf(node, wanted)
		if list != "" || n == nil || resolve(n).Kind != yaml.SequenceNode {
			f.fault("an item of type %s needs a list %s", kind, wanted)
			return nil
		}
		f.used[wanted], inside = true, resolve(n).Content
	}
	it.list = wanted
	if f.rest(); f.faults > 0 {
		return nil
	}
	r.item = it
	for piece := range slices.Chunk(inside, entriesAtOnce) {
		if err := r.entries(piece); err != nil {
			return err
		}
	}
	return nil
}

// entries reads some entries of the list of the item.
func (r *reader) entries(nodes []*yaml.Node) error {
	it := r.item
	switch {
	case it.element != nil:
		return r.records(it, nodes)
	case it.list == "records":
		return r.datasets(it, nodes)
	}
	return r.members(it, nodes)
}

// datasetIDs reads IDs, one or a list.
func (r *reader) datasetIDs(n *yaml.Node) (out []dataset.ID, ok bool) {
	n = resolve(n)
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	ok = true
	for _, x := range list {
		v, err := scalar(x)
		id, is := v.(dataset.ID)
		switch {
		case err != nil:
			r.fault(x.Line, "%s", err)
			ok = false
		case !is:
			r.fault(x.Line, "%s is no dataset ID: %s and a text expected", dimension.Quote(strings.TrimSpace(resolve(x).Value)), uuidTag)
			ok = false
		default:
			out = append(out, id)
		}
	}
	return out, ok
}
