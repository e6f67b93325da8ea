package metric

import (
	"fmt"
	"slices"
	"strings"
)

// Specifications are those of one or more packages, sorted by name.
type Specifications struct{ list []*Specification }

// All are the specifications, sorted by name. The slice must not be changed.
func (s *Specifications) All() []*Specification { return s.list }

// Len is the number of specifications.
func (s *Specifications) Len() int { return len(s.list) }

// Of are the specifications of a metric, package.metric.
func (s *Specifications) Of(metric string) []*Specification {
	// The names of one metric are neighbours.
	prefix := metric + "."
	from, _ := slices.BinarySearchFunc(s.list, prefix, func(x *Specification, p string) int { return strings.Compare(x.Name.MetricName()+".", p) })
	to := from
	for to < len(s.list) && s.list[to].Name.MetricName() == metric {
		to++
	}
	return s.list[from:to]
}

// resolver puts documents and their bases together.
type resolver struct {
	documents []*specDocument
	partials  map[string]*specDocument
	specs     map[string]*specDocument
	done      map[string]bool
	problems  []error
	// long says that a list grew beyond maxInherited.
	long bool
}

// maxInherited bounds the lists that inheritance makes: each step may double them.
const maxInherited = 1 << 14

// ParseSpecifications reads the files of specification packages and resolves what they inherit: bases are merged from left to right, then the
// document; mappings merge, lists are appended, anything else is replaced (metrics.md 4.2). All problems are returned, each a
// *SpecificationError, with the specifications that are sound.
func ParseSpecifications(files []SpecificationFile) (*Specifications, []error) {
	r := &resolver{partials: map[string]*specDocument{}, specs: map[string]*specDocument{}, done: map[string]bool{}}
	for i := range files {
		documents, problems := readDocuments(&files[i])
		r.documents = append(r.documents, documents...)
		r.problems = append(r.problems, problems...)
	}
	for _, d := range r.documents {
		if d.partial == "" {
			continue
		}
		if first := r.partials[d.partial]; first != nil {
			r.problems = append(r.problems, d.fail("id", "RuntimeError", "a second partial of this id; the first is in line %d", first.node.Line))
			continue
		}
		r.partials[d.partial] = d
	}
	r.resolve()
	out := &Specifications{}
	for _, d := range r.documents {
		if d.merged == nil || d.partial != "" {
			continue
		}
		s, err := d.specification()
		if err != nil {
			r.problems = append(r.problems, err)
			continue
		}
		out.list = append(out.list, s)
	}
	slices.SortStableFunc(out.list, func(a, b *Specification) int {
		if c := strings.Compare(a.Name.MetricName(), b.Name.MetricName()); c != 0 {
			return c
		}
		return strings.Compare(a.Name.Spec, b.Name.Spec)
	})
	return out, r.problems
}

// resolve merges documents until nothing more can be.
func (r *resolver) resolve() {
	left := slices.Clone(r.documents)
	for len(left) > 0 {
		var next []*specDocument
		for _, d := range left {
			if !r.merge(d) {
				next = append(next, d)
			}
		}
		if len(next) == len(left) {
			r.unresolved(next)
			return
		}
		// What comes before its base is resolved from the other end.
		slices.Reverse(next)
		left = next
	}
}

// merge merges a document with its bases and reports whether they were all resolved.
func (r *resolver) merge(d *specDocument) bool {
	merged := &Mapping{}
	for _, b := range d.bases {
		from := r.find(d, b)
		if from == nil || from.merged == nil {
			return false
		}
		r.overlay(merged, from.merged)
	}
	r.overlay(merged, d.own)
	if r.long {
		r.long = false
		r.problems = append(r.problems, d.fail("base", "MemoryError", "its lists have more than %d items together with those of its bases", maxInherited))
	}
	if d.partial == "" {
		if d.name.Metric == "" {
			if v, ok := merged.Get("metric"); ok {
				if metric, err := d.metricOf(v); err == nil {
					d.name.Metric = metric
				}
			}
		}
		if d.name.Metric != "" {
			merged.Set("metric", d.name.Metric)
			name := d.name.String()
			if first := r.specs[name]; first != nil && first != d {
				r.problems = append(r.problems, d.fail("name", "RuntimeError", "a second specification of this name; the first is in %s, line %d", first.file.File, first.node.Line))
				d.merged = nil
				r.done[name] = true
				return true
			}
			r.specs[name] = d
		}
	}
	d.merged = merged
	return true
}

// find is the document that a base names, nil if it is not known (yet).
func (r *resolver) find(d *specDocument, b base) *specDocument {
	if b.partial != "" {
		return r.partials[b.partial]
	}
	name := SpecificationName{Package: d.file.Package, Metric: d.name.Metric, Spec: b.spec[len(b.spec)-1]}
	if n := len(b.spec); n > 1 {
		name.Metric = b.spec[n-2]
		if n == 3 {
			name.Package = b.spec[0]
		}
	}
	return r.specs[name.String()]
}

// unresolved tells why documents could not be resolved.
func (r *resolver) unresolved(left []*specDocument) {
	waiting := map[*specDocument]bool{}
	names := map[string]*specDocument{}
	for _, d := range left {
		waiting[d] = true
		if d.partial == "" && d.name.Metric != "" {
			names[d.name.String()] = d
		}
	}
	for _, d := range left {
		for _, b := range d.bases {
			from := r.find(d, b)
			if from == nil && b.partial == "" {
				name := SpecificationName{Package: d.file.Package, Metric: d.name.Metric, Spec: b.spec[len(b.spec)-1]}
				if n := len(b.spec); n > 1 {
					name.Metric = b.spec[n-2]
					if n == 3 {
						name.Package = b.spec[0]
					}
				}
				from = names[name.String()]
			}
			switch {
			case from == nil:
				e := d.fail("base", "SpecificationResolutionError", "its base %q does not exist", b.text)
				e.Remedy = "a base is a specification (metric.spec), or a partial: #id of this file, path/of/file#id, package:path/of/file#id"
				r.problems = append(r.problems, e)
			case waiting[from]:
				r.problems = append(r.problems, d.fail("base", "SpecificationResolutionError", "its base %q cannot be resolved: a base of it is missing, or it inherits from itself", b.text))
			}
		}
	}
}

// overlay puts the entries of a document over those of its bases. What identifies a document is not inherited.
func (r *resolver) overlay(into, from *Mapping) {
	for i, k := range from.Keys {
		switch k {
		case "id", "base", "name":
			continue
		}
		if old, ok := into.Get(k); ok {
			into.Set(k, r.mergeValues(old, from.Values[i], 0))
		} else {
			into.Set(k, from.Values[i])
		}
	}
}

// mergeValues merges two values into a new one.
func (r *resolver) mergeValues(old, v Value, depth int) Value {
	if depth > 100 {
		return v
	}
	switch a := old.(type) {
	case *Mapping:
		if b, ok := v.(*Mapping); ok {
			out := &Mapping{}
			for i, k := range a.Keys {
				out.Set(k, a.Values[i])
			}
			for i, k := range b.Keys {
				if x, ok := out.Get(k); ok {
					out.Set(k, r.mergeValues(x, b.Values[i], depth+1))
				} else {
					out.Set(k, b.Values[i])
				}
			}
			return out
		}
	case *Sequence:
		if b, ok := v.(*Sequence); ok {
			if len(a.Items)+len(b.Items) > maxInherited {
				r.long = true
				return v
			}
			return &Sequence{Items: slices.Concat(a.Items, b.Items)}
		}
	}
	return v
}

// specification makes a specification of a resolved document.
func (d *specDocument) specification() (*Specification, error) {
	s := &Specification{Name: d.name, File: d.file.File, Line: d.node.Line}
	if d.name.Metric == "" {
		return nil, d.fail("", "RuntimeError", "no metric: write metric.spec as the name, or the key metric")
	}
	v, ok := d.merged.Get("threshold")
	if !ok {
		e := d.fail("", "SpecificationResolutionError", "it has no threshold, and inherits none")
		e.Remedy = "write threshold: {value: 5.0, unit: s, operator: '<='}"
		return nil, e
	}
	t, ok := v.(*Mapping)
	if !ok {
		return nil, d.fail("threshold", "TypeError", "the threshold is no mapping of value, unit and operator")
	}
	if err := d.threshold(s, t); err != nil {
		return nil, err
	}
	if v, ok := d.merged.Get("metadata_query"); ok && v != nil {
		m, ok := v.(*Mapping)
		if !ok {
			return nil, d.fail("metadata_query", "TypeError", "the metadata query is no mapping")
		}
		for i, k := range m.Keys {
			key, ok := k.(string)
			if !ok {
				return nil, d.fail("metadata_query", "TypeError", "the key %v of the metadata query is no text", k)
			}
			s.Query = append(s.Query, Note{key, m.Values[i]})
		}
	}
	var err error
	if v, ok := d.merged.Get("tags"); ok {
		if s.Tags, err = tagsFrom(v); err != nil {
			return nil, d.fail("tags", "TypeError", "%v", err)
		}
	}
	return s, nil
}

func (d *specDocument) threshold(s *Specification, t *Mapping) error {
	at := func(key string) (int, int) {
		n := keyNode(d.node, "threshold")
		if n != d.node {
			n = keyNode(n, key)
		}
		return n.Line, n.Column
	}
	fail := func(key, class string, cause error, format string, args ...any) error {
		e := d.fail("", class, format, args...)
		e.Line, e.Column = at(key)
		e.Cause = cause
		return e
	}
	for _, key := range []string{"value", "unit", "operator"} {
		if _, ok := t.Get(key); !ok {
			return fail("", "KeyError", nil, "the threshold has no %s", key)
		}
	}
	text, _ := t.Get("operator")
	word, ok := text.(string)
	if !ok {
		return fail("operator", "TypeError", nil, "the operator is no text")
	}
	var err error
	if s.Operator, err = ParseOperator(word); err != nil {
		return fail("operator", "TypeError", err, "%v", err)
	}
	written, _ := t.Get("unit")
	unit, err := unitFrom(written)
	if err != nil {
		return fail("unit", upstreamClass(err), err, "%s", problemOf(err))
	}
	value, _ := t.Get("value")
	var m Measurement
	switch value.(type) {
	case *Sequence, *Mapping, nil:
		return fail("value", "TypeError", nil, "the value of the threshold is no number")
	}
	if err := m.setQuantity(value, unit); err != nil {
		return fail("value", upstreamClass(err), err, "%s", problemOf(err))
	}
	if m.Quantity == nil {
		return fail("value", "TypeError", nil, "the value of the threshold is no number")
	}
	s.Threshold = *m.Quantity
	return nil
}

func upstreamClass(err error) string {
	if c, ok := err.(interface{ ClassName() string }); ok {
		return c.ClassName()
	}
	return "ValueError"
}

// problemOf is what an error says without the words before it that are about a measurement.
func problemOf(err error) string {
	if e, ok := err.(*ReadError); ok {
		return e.Problem
	}
	return err.Error()
}

// tagsFrom reads tags: a text, or a list of them.
func tagsFrom(v Value) ([]string, error) {
	list := []Value{v}
	switch t := v.(type) {
	case nil:
		return nil, nil
	case *Sequence:
		list = t.Items
	case *Set:
		list = t.Items
	}
	var out []string
	for _, x := range list {
		s, ok := x.(string)
		if !ok {
			return nil, fmt.Errorf("tags are a text or a list of texts")
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
