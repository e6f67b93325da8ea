package metric

import (
	"fmt"
	"slices"
	"strings"
)

// SpecificationName is the name of a specification: package.metric.spec.
type SpecificationName struct{ Package, Metric, Spec string }

// String is package.metric.spec.
func (n SpecificationName) String() string { return n.Package + "." + n.Metric + "." + n.Spec }

// MetricName is package.metric.
func (n SpecificationName) MetricName() string { return n.Package + "." + n.Metric }

// Specification says what a measurement should be (metrics.md 4.2). It is immutable.
type Specification struct {
	Name SpecificationName
	// Operator compares a measurement, on its left, with Threshold.
	Operator  Operator
	Threshold Quantity
	// Query are the terms that the metadata of a measurement must have for the specification to apply.
	Query []Note
	Tags  []string // sorted, none twice
	// File and Line are where it is written.
	File string
	Line int
}

// Test is the comparison in words, with x for the measurement: x <= 200.0 s.
func (s *Specification) Test() string { return "x " + string(s.Operator) + " " + s.Threshold.String() }

// Check tells whether a quantity meets the specification. Units that do not convert are an error but for == and !=.
func (s *Specification) Check(q Quantity) (bool, error) { return q.Compare(s.Operator, s.Threshold) }

// Applies reports whether all terms of the query are in the metadata, and equal; numbers compare by value.
func (s *Specification) Applies(metadata func(key string) (Value, bool)) bool {
	var c comparison
	for _, term := range s.Query {
		v, ok := metadata(term.Key)
		if !ok || !c.equal(term.Value, v) {
			return false
		}
	}
	return true
}

// HasTags reports whether the specification has all the tags.
func (s *Specification) HasTags(tags []string) bool { return hasTags(s.Tags, tags) }

func hasTags(have, want []string) bool {
	return !slices.ContainsFunc(want, func(t string) bool { return !slices.Contains(have, t) })
}

// SpecificationError is something wrong in a file of specifications or metric definitions.
type SpecificationError struct {
	File         string
	Line, Column int // from 1; 0 when there is no place
	// Name is the specification, partial or metric at fault, or empty.
	Name    string
	Class   string // upstream's exception
	Problem string
	Remedy  string
	Cause   error
}

// Error is file:line:column: name: problem.
func (e *SpecificationError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	b.WriteString(": ")
	if e.Name != "" {
		b.WriteString(e.Name + ": ")
	}
	b.WriteString(e.Problem)
	return b.String()
}

// Unwrap gives the cause.
func (e *SpecificationError) Unwrap() error { return e.Cause }

// ClassName is upstream's exception.
func (e *SpecificationError) ClassName() string { return e.Class }

// Hint is what to do, or what the cause says.
func (e *SpecificationError) Hint() string {
	if e.Remedy != "" {
		return e.Remedy
	}
	if h, ok := e.Cause.(interface{ Hint() string }); ok {
		return h.Hint()
	}
	return ""
}
