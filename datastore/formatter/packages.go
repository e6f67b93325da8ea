package formatter

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const packagesTag = "lsst.utils.packages.Packages"

// Packages are the software versions of a run, by name (repository.md 10.7).
type Packages map[string]string

// PackagesError says why a file holds no packages.
type PackagesError struct {
	// Line is 0 if the whole file is meant.
	Line   int
	Reason string
}

func (e *PackagesError) Error() string {
	if e.Line == 0 {
		return "packages file " + e.Reason
	}
	return fmt.Sprintf("packages file: line %d: %s", e.Line, e.Reason)
}

// ClassName is upstream's name of the error.
func (e *PackagesError) ClassName() string { return "ValueError" }

// ParsePackages reads a packages file. Versions that were written without quotes and look like numbers keep their text. The error is a
// *PackagesError.
func ParsePackages(text []byte) (Packages, error) {
	if len(text) > 0 && text[0] == 0x80 {
		return nil, &PackagesError{Reason: "is pickled Python, which valet does not read"}
	}
	root, err := parseNode(text)
	if err != nil {
		return nil, &PackagesError{Reason: err.Error()}
	}
	if root == nil || root.Kind != yaml.MappingNode {
		return nil, &PackagesError{Reason: "is no mapping of names to versions"}
	}
	if tag := root.Tag; tag != packagesTag && tag != "!!map" {
		return nil, &PackagesError{root.Line, fmt.Sprintf("has the tag %q instead of %q", tag, packagesTag)}
	}
	out := Packages{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		name, version := root.Content[i], root.Content[i+1]
		if name.Kind != yaml.ScalarNode || version.Kind != yaml.ScalarNode {
			return nil, &PackagesError{name.Line, "is no name with a version"}
		}
		out[name.Value] = version.Value
	}
	return out, nil
}

// AppendPackages appends the file, sorted by name.
func AppendPackages(dst []byte, p Packages) []byte {
	dst = append(dst, "!<"+packagesTag+">"...)
	if len(p) == 0 {
		return append(dst, " {}\n"...)
	}
	dst = append(dst, '\n')
	names := make([]string, 0, len(p))
	for name := range p {
		names = append(names, name)
	}
	slices.SortFunc(names, strings.Compare)
	for _, name := range names {
		dst = appendYAMLText(dst, name)
		dst = append(dst, ": "...)
		dst = appendYAMLText(dst, p[name])
		dst = append(dst, '\n')
	}
	return dst
}
