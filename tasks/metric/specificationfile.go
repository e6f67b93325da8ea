package metric

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"valet/tasks/metric/internal/yaml11"
)

// SpecificationFile is a file of a package of specifications: specs/<Package>/<Path>.yaml.
type SpecificationFile struct {
	Package string
	// Path is below the directory of the package, with slashes and without extension.
	Path string
	// File is how messages call it.
	File string
	Text []byte
}

// specDocument is a YAML document: a specification or a partial.
type specDocument struct {
	file *SpecificationFile
	node *yaml11.Node
	own  *Mapping
	// partial is package:path#id of a partial, empty for a specification; name is what a specification is called, with what is known of its metric.
	partial string
	name    SpecificationName
	bases   []base
	// merged is the document with its bases, when it is resolved.
	merged *Mapping
}

// base is the name of a document that another inherits from.
type base struct {
	text    string
	partial string // full name of a partial
	spec    []string
}

func (d *specDocument) label() string {
	switch {
	case d.partial != "":
		return d.partial
	case d.name.Metric == "":
		return d.name.Package + ".*." + d.name.Spec
	}
	return d.name.String()
}

// fail is an error at a key of the document.
func (d *specDocument) fail(key, class, format string, args ...any) *SpecificationError {
	at := d.node
	if key != "" {
		at = keyNode(d.node, key)
	}
	return &SpecificationError{File: d.file.File, Line: at.Line, Column: at.Column, Name: d.label(), Class: class, Problem: fmt.Sprintf(format, args...)}
}

// keyNode is the node of a key's value, or the mapping's own.
func keyNode(n *yaml11.Node, key string) *yaml11.Node {
	at := n
	if n.Kind == yaml11.MappingNode {
		for i := 0; i+1 < len(n.Items); i += 2 {
			if n.Items[i].Value == key {
				at = n.Items[i+1]
			}
		}
	}
	return at
}

// readDocuments reads the documents of a file. Documents that are wrong are left out and told of.
func readDocuments(f *SpecificationFile) (out []*specDocument, problems []error) {
	nodes, err := yaml11.ParseAll(f.Text)
	if err != nil {
		return nil, []error{specYAMLError(f.File, err)}
	}
	for _, n := range nodes {
		if n.Kind == yaml11.ScalarNode && n.Tag == yaml11.TagNull {
			continue // nothing between two marks
		}
		d, err := readDocument(f, n)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		out = append(out, d)
	}
	return out, problems
}

func specYAMLError(file string, err error) error {
	e := &SpecificationError{File: file, Class: "YAMLError", Problem: err.Error(), Cause: err}
	var y *yaml11.Error
	if errors.As(err, &y) {
		e.Line, e.Column, e.Class, e.Problem = y.Line, y.Column, y.Class, y.Problem
	}
	return e
}

func readDocument(f *SpecificationFile, n *yaml11.Node) (*specDocument, error) {
	d := &specDocument{file: f, node: n}
	v, err := new(yaml11.Constructor).Construct(n)
	if err != nil {
		return nil, specYAMLError(f.File, err)
	}
	place := func(problem string) error {
		return &SpecificationError{File: f.File, Line: n.Line, Column: n.Column, Class: "TypeError", Problem: problem}
	}
	m, ok := v.(*Mapping)
	if !ok {
		return nil, place("the document is no mapping")
	}
	d.own = m
	id, isPartial := m.Get("id")
	name, isSpec := m.Get("name")
	d.name.Package = f.Package
	switch {
	case isPartial:
		text, ok := id.(string)
		if !ok {
			return nil, d.fail("id", "TypeError", "the id of a partial is text")
		}
		d.partial = f.Package + ":" + f.Path + "#" + strings.TrimPrefix(text, "#")
	case isSpec:
		text, ok := name.(string)
		if !ok {
			return nil, d.fail("name", "TypeError", "the name of a specification is text")
		}
		if err := d.setName(text); err != nil {
			return nil, err
		}
	default:
		return nil, &SpecificationError{File: f.File, Line: n.Line, Column: n.Column, Class: "RuntimeError", Problem: "the document has neither a name nor an id",
			Remedy: "a specification has a name, a part that others inherit from an id"}
	}
	return d, d.setBases()
}

// setName takes spec, metric.spec or package.metric.spec, and the key metric.
func (d *specDocument) setName(text string) error {
	parts := strings.Split(text, ".")
	if len(parts) > 3 || slices.Contains(parts, "") {
		return d.fail("name", "TypeError", "%q is no name of a specification: write spec, metric.spec or package.metric.spec", text)
	}
	d.name.Spec = parts[len(parts)-1]
	if len(parts) > 1 {
		d.name.Metric = parts[len(parts)-2]
	}
	if len(parts) == 3 && parts[0] != d.file.Package {
		return d.fail("name", "RuntimeError", "the name says package %q, but the file is in that of %q", parts[0], d.file.Package)
	}
	v, ok := d.own.Get("metric")
	if !ok {
		return nil
	}
	metric, err := d.metricOf(v)
	if err != nil {
		return err
	}
	if d.name.Metric != "" && d.name.Metric != metric {
		return d.fail("metric", "RuntimeError", "the name says metric %q, but the key metric %q", d.name.Metric, metric)
	}
	d.name.Metric = metric
	return nil
}

// metricOf reads the key metric: metric, or package.metric of the package of the file.
func (d *specDocument) metricOf(v Value) (string, error) {
	text, ok := v.(string)
	if !ok || text == "" {
		return "", d.fail("metric", "TypeError", "the metric is no text")
	}
	pkg, metric, dotted := strings.Cut(text, ".")
	switch {
	case !dotted:
		return text, nil
	case strings.Contains(metric, ".") || metric == "":
		return "", d.fail("metric", "TypeError", "%q is not the name of a metric", text)
	case pkg != d.file.Package:
		return "", d.fail("metric", "RuntimeError", "the metric is of package %q, but the file is in that of %q", pkg, d.file.Package)
	}
	return metric, nil
}

func (d *specDocument) setBases() error {
	v, ok := d.own.Get("base")
	if !ok || v == nil {
		return nil
	}
	list := []Value{v}
	if s, ok := v.(*Sequence); ok {
		list = s.Items
	}
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			return d.fail("base", "TypeError", "a base is the name of a specification or partial")
		}
		b := base{text: text}
		if path, id, partial := strings.Cut(text, "#"); partial {
			pkg := d.file.Package
			if p, rest, ok := strings.Cut(path, ":"); ok {
				pkg, path = p, rest
			} else if path == "" {
				path = d.file.Path
			}
			b.partial = pkg + ":" + path + "#" + id
		} else if b.spec = strings.Split(text, "."); len(b.spec) > 3 || slices.Contains(b.spec, "") {
			return d.fail("base", "TypeError", "%q is neither the name of a specification nor of a partial", text)
		}
		d.bases = append(d.bases, b)
	}
	return nil
}
