package exchange

import (
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

var formVersion = regexp.MustCompile(`^1\.0\.\d+$`)

// header checks the version of the form and tells of the universe.
func (r *reader) header(root *yaml.Node, line int) error {
	if root == nil || root.Kind != yaml.MappingNode {
		return r.fail(line, "is no export: a mapping with version and data is expected")
	}
	version := valueOf(root, "version")
	switch {
	case version == nil:
		return r.fail(0, "is no export: it has no version")
	case !formVersion.MatchString(version.Value):
		return &VersionError{r.name, version.Line, version.Value}
	}
	var h Header
	if n := valueOf(root, "universe_version"); n != nil {
		v, err := scalar(n)
		number, ok := v.(int64)
		if err != nil || !ok || int64(int(number)) != number {
			return r.fail(n.Line, "universe_version is no number")
		}
		h.Version = int(number)
	}
	if n := valueOf(root, "universe_namespace"); n != nil {
		h.Namespace = n.Value
	}
	if r.visit.Header == nil {
		return nil
	}
	return visited(r.visit.Header(h))
}

// VersionError says that a text is in another version of the form.
type VersionError struct {
	Name    string
	Line    int
	Version string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s:%d: version %q of the export form is not supported, only 1.0.x", e.Name, e.Line, e.Version)
}

// Hint says how to go on.
func (e *VersionError) Hint() string { return "nothing was changed" }

// ClassName is upstream's exception.
func (e *VersionError) ClassName() string {
	return "lsst.daf.butler.registry.versions.IncompatibleVersionError"
}
