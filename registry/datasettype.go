package registry

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"valet/registry/dataset"
	"valet/registry/internal/catalog"
)

// DatasetType returns the registered type; the error is a *NotFoundError if there is none.
func (r *Registry) DatasetType(ctx context.Context, name string) (out *dataset.Type, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		t, err := c.Type(ctx, name)
		if err == nil {
			out = t.Type
		}
		return err
	})
	return out, err
}

// DatasetTypes returns all registered types sorted by name.
func (r *Registry) DatasetTypes(ctx context.Context) (out []*dataset.Type, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		list, err := c.Types(ctx)
		for _, t := range list {
			out = append(out, t.Type)
		}
		return err
	})
	return out, err
}

// TypeExpressionError says that a name cannot select dataset types.
type TypeExpressionError struct{ Name, Reason string }

func (e *TypeExpressionError) Error() string {
	return fmt.Sprintf("dataset type %q %s", e.Name, e.Reason)
}

// ClassName is upstream's exception.
func (e *TypeExpressionError) ClassName() string {
	return "lsst.daf.butler._exceptions.DatasetTypeExpressionError"
}

// Hint says how to go on.
func (e *TypeExpressionError) Hint() string {
	if parent, _, ok := strings.Cut(e.Name, "."); ok && parent != "" {
		return fmt.Sprintf("ask for %q: components have the data IDs of their parent", parent)
	}
	return "give the name of a dataset type, or a glob"
}

var componentName = regexp.MustCompile(`^[^.]+(\.[^.]+)+$`)

// checkTypeExpression refuses plain names with a period (queries.md 9).
func checkTypeExpression(name string) error {
	switch {
	case IsGlob(name) || !strings.Contains(name, "."):
		return nil
	case componentName.MatchString(name):
		return &TypeExpressionError{name, "is a component, which cannot be searched for"}
	}
	return &TypeExpressionError{name, "does not look like a dataset type name"}
}

// MatchDatasetTypes returns the registered types that names and globs stand for, sorted by name, and the plain names that are not
// registered (queries.md 9). A plain name with a period gives a *TypeExpressionError.
func (r *Registry) MatchDatasetTypes(ctx context.Context, expression ...string) (types []*dataset.Type, missing []string, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		list, none, err := matchTypes(ctx, c, expression)
		for _, t := range list {
			types = append(types, t.Type)
		}
		missing = none
		return err
	})
	return types, missing, err
}

func matchTypes(ctx context.Context, c *catalog.Catalog, expression []string) (types []*catalog.Type, missing []string, err error) {
	for _, e := range expression {
		if err := checkTypeExpression(e); err != nil {
			return nil, nil, err
		}
	}
	globs, names := splitGlobs(expression)
	if len(globs) > 0 {
		all, err := c.Types(ctx)
		if err != nil {
			return nil, nil, err
		}
		for _, t := range all {
			if MatchAny(globs, t.Name) {
				types = append(types, t)
			}
		}
	}
	for _, n := range names {
		t, err := c.FindType(ctx, n)
		switch {
		case err != nil:
			return nil, nil, err
		case t == nil:
			missing = append(missing, n)
		case !slices.Contains(types, t):
			types = append(types, t)
		}
	}
	slices.SortFunc(types, func(a, b *catalog.Type) int { return strings.Compare(a.Name, b.Name) })
	return types, missing, nil
}
