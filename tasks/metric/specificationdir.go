package metric

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"valet/tasks/metric/internal/yaml11"
)

// Definition is what is said of a metric beside its measurements (metrics.md 4.1).
type Definition struct {
	Name        Name
	Description string
	Unit        Unit
	Tags        []string // sorted
	// Reference has doc, page and url, each possibly empty.
	Reference struct{ Doc, Page, URL string }
}

// LoadSpecifications reads the specifications of all packages below the directory specs of a file system, or below the root if there is no such
// directory. prefix is put before file names in messages. The error says that the directory cannot be read or holds no file; problems are those
// of ParseSpecifications.
func LoadSpecifications(fsys fs.FS, prefix string) (s *Specifications, problems []error, err error) {
	root := "specs"
	if info, err := fs.Stat(fsys, root); err != nil || !info.IsDir() {
		root = "."
	}
	var files []SpecificationFile
	err = fs.WalkDir(fsys, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		ext := path.Ext(name)
		if ext != ".yaml" && ext != ".yml" {
			return nil
		}
		below := name
		if root != "." {
			below = strings.TrimPrefix(name, root+"/")
		}
		pkg, rest, ok := strings.Cut(below, "/")
		if !ok {
			return nil // beside the packages
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		files = append(files, SpecificationFile{Package: pkg, Path: strings.TrimSuffix(rest, ext), File: path.Join(prefix, name), Text: text})
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read specifications: %w", err)
	}
	if len(files) == 0 {
		return nil, nil, &NoSpecificationsError{Dir: prefix}
	}
	s, problems = ParseSpecifications(files)
	return s, problems, nil
}

// NoSpecificationsError says that a directory holds no specifications.
type NoSpecificationsError struct{ Dir string }

func (e *NoSpecificationsError) Error() string { return fmt.Sprintf("no specifications in %s", e.Dir) }

// Hint says where they are looked for.
func (e *NoSpecificationsError) Hint() string {
	return "give the directory of a package like verify_metrics: files are specs/<package>/<any name>.yaml in it"
}

// LoadDefinitions reads the metric definitions of a file system, metrics/<package>.yaml, sorted by name. There may be none. Problems are
// *SpecificationError.
func LoadDefinitions(fsys fs.FS, prefix string) (out []*Definition, problems []error, err error) {
	names, err := fs.Glob(fsys, "metrics/*.yaml")
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, nil, fmt.Errorf("read metric definitions: %w", err)
		}
		d, wrong := ParseDefinitions(strings.TrimSuffix(path.Base(name), ".yaml"), path.Join(prefix, name), text)
		out, problems = append(out, d...), append(problems, wrong...)
	}
	slices.SortFunc(out, func(a, b *Definition) int { return strings.Compare(a.Name.String(), b.Name.String()) })
	return out, problems, nil
}

// ParseDefinitions reads the metric definitions of a package. file is how messages call the text.
func ParseDefinitions(pkg, file string, text []byte) (out []*Definition, problems []error) {
	root, err := yaml11.Parse(text)
	if err != nil {
		return nil, []error{specYAMLError(file, err)}
	}
	if root == nil || root.Kind != yaml11.MappingNode {
		return nil, []error{&SpecificationError{File: file, Line: 1, Column: 1, Class: "AttributeError", Problem: "the file is no mapping of metrics"}}
	}
	v, err := new(yaml11.Constructor).Construct(root)
	if err != nil {
		return nil, []error{specYAMLError(file, err)}
	}
	m, ok := v.(*Mapping)
	if !ok {
		return nil, []error{&SpecificationError{File: file, Line: root.Line, Column: root.Column, Class: "AttributeError", Problem: "the file is no mapping of metrics"}}
	}
	for i, k := range m.Keys {
		name, ok := k.(string)
		n := keyNode(root, name)
		fail := func(class string, cause error, problem string) {
			problems = append(problems, &SpecificationError{File: file, Line: n.Line, Column: n.Column, Name: fmt.Sprint(k), Class: class, Problem: problem, Cause: cause})
		}
		d := &Definition{Name: Name{Package: pkg, Metric: name}}
		if !ok {
			fail("TypeError", nil, "the name of a metric is text")
			continue
		}
		if err := d.Name.Validate(); err != nil {
			fail("TypeError", err, err.Error())
			continue
		}
		body, ok := m.Values[i].(*Mapping)
		if !ok {
			fail("TypeError", nil, "the definition of a metric is a mapping")
			continue
		}
		if err := d.fill(body); err != nil {
			fail(upstreamClass(err), err, problemOf(err))
			continue
		}
		out = append(out, d)
	}
	return out, problems
}

func (d *Definition) fill(m *Mapping) error {
	for _, key := range []string{"description", "unit"} {
		if _, ok := m.Get(key); !ok {
			return problem("KeyError", "the metric has no %s", key)
		}
	}
	for i, k := range m.Keys {
		v := m.Values[i]
		var err error
		switch k {
		case "description":
			text, ok := v.(string)
			if !ok {
				return problem("TypeError", "the description is no text")
			}
			d.Description = strings.TrimSuffix(text, "\n")
		case "unit":
			d.Unit, err = unitFrom(v)
		case "tags":
			d.Tags, err = tagsFrom(v)
		case "reference":
			err = d.setReference(v)
		case "name":
		default:
			return problem("TypeError", "%v is no key of a metric", k)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Definition) setReference(v Value) error {
	if v == nil {
		return nil
	}
	m, ok := v.(*Mapping)
	if !ok {
		return problem("TypeError", "the reference is no mapping")
	}
	for i, k := range m.Keys {
		text := ""
		switch x := m.Values[i].(type) {
		case nil:
		case string:
			text = x
		case int64:
			text = fmt.Sprint(x)
		default:
			return problem("TypeError", "the %v of the reference is no text", k)
		}
		switch k {
		case "doc":
			d.Reference.Doc = text
		case "page":
			d.Reference.Page = text
		case "url":
			d.Reference.URL = text
		default:
			return problem("TypeError", "%v is no key of a reference", k)
		}
	}
	return nil
}

// HasTags reports whether the metric has all the tags.
func (d *Definition) HasTags(tags []string) bool { return hasTags(d.Tags, tags) }
