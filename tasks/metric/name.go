package metric

import (
	"fmt"
	"strings"
)

// Name is the name of a metric.
type Name struct {
	Package string
	Metric  string
	Bare    bool // there is no package, not even an empty one, and only the metric is written
}

// NameError is a text that is no metric name, or a part of one that may not be.
type NameError struct{ Text, Problem string }

// Error names the text.
func (e *NameError) Error() string {
	return fmt.Sprintf("%q is not the name of a metric: %s", e.Text, e.Problem)
}

// Hint gives the form.
func (e *NameError) Hint() string { return "write package.metric, for example ip_isr.IsrTime" }

// ClassName is upstream's exception.
func (e *NameError) ClassName() string { return "TypeError" }

// ParseName reads package.metric, or metric alone. More than one period is a *NameError. As in upstream's reader, parts may be empty;
// Validate refuses that.
func ParseName(s string) (Name, error) {
	pkg, metric, two := strings.Cut(s, ".")
	if !two {
		return Name{Metric: s, Bare: true}, nil
	}
	if strings.Contains(metric, ".") {
		return Name{}, &NameError{s, "it has more than one period"}
	}
	return Name{Package: pkg, Metric: metric}, nil
}

// Validate refuses what can name no metric: empty or dotted parts.
func (n Name) Validate() error {
	switch {
	case n.Metric == "":
		return &NameError{n.String(), "the metric is empty"}
	case strings.Contains(n.Metric, "."):
		return &NameError{n.String(), fmt.Sprintf("the metric %q has a period", n.Metric)}
	case strings.Contains(n.Package, "."):
		return &NameError{n.String(), fmt.Sprintf("the package %q has a period", n.Package)}
	}
	return nil
}

// String is package.metric, or the metric alone. An empty package leaves its period, as upstream does.
func (n Name) String() string {
	if n.Bare {
		return n.Metric
	}
	return n.Package + "." + n.Metric
}
