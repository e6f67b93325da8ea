package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"

	"valet/tasks"
)

// Loader loads pipelines and applies actions to them.
type Loader struct {
	// Read returns the content of a file. Relative paths are relative to the working directory of the process.
	Read func(path string) ([]byte, error)
	// Getenv looks up an environment variable; nil knows none.
	Getenv func(name string) (string, bool)
	// Table is needed for range selectors and for default labels.
	Table tasks.Table
	// Warn receives what the user should know but what stops nothing; nil drops it.
	Warn func(message string)
}

const (
	// maxImportDepth bounds how deep pipelines import each other, maxImports the files of one pipeline.
	maxImportDepth = 100
	maxImports     = 1000
)

// Load reads the pipeline at location, PATH or PATH#SELECTOR, with all its imports. Errors are *Error.
func (l *Loader) Load(location string) (*Pipeline, error) {
	path, selector, _ := strings.Cut(location, "#")
	pos := Pos{File: location}
	if strings.Contains(selector, "#") {
		return nil, &Error{Class: "ValueError", Pos: pos, Message: "only one set of labels is allowed when specifying a pipeline to load",
			Advice: "separate labels by commas"}
	}
	if i := strings.IndexByte(location, ':'); i >= 0 && !strings.HasPrefix(location[i+1:], "//") {
		return nil, &Error{Class: "ValueError", Pos: pos, Message: "the location seems to use the legacy : to separate labels",
			Advice: "use # in its place: " + location[:i] + "#" + location[i+1:]}
	}
	path, err := l.path(path)
	if err != nil {
		return nil, &Error{Class: "ValueError", Pos: pos, Cause: err}
	}
	r := &loading{loader: l}
	p, err := r.file(path, Pos{})
	if err != nil {
		return nil, err
	}
	return p, l.selectLabels(p, selector, pos)
}

// Parse reads the text of a pipeline with all its imports; file is its name in errors. Errors are *Error.
func (l *Loader) Parse(file string, text []byte) (*Pipeline, error) {
	r := &loading{loader: l, stack: []string{filepath.Clean(file)}}
	return r.text(file, text)
}

func (l *Loader) warn(message string) {
	if l.Warn != nil {
		l.Warn(message)
	}
}

// path is the path of a location: variables and the home directory expanded, file: and the escapes of a URI taken off.
func (l *Loader) path(location string) (string, error) {
	location = expandEnv(location, l.Getenv)
	scheme, _, isURI := strings.Cut(location, "://")
	switch {
	case isURI && scheme == "file":
		u, err := url.Parse(location)
		if err != nil {
			return "", err
		}
		return u.Path, nil
	case isURI:
		return "", fmt.Errorf("%s: only local files are read, not %s", location, scheme)
	case strings.HasPrefix(location, "~/") && l.Getenv != nil:
		if home, ok := l.Getenv("HOME"); ok {
			return home + location[1:], nil
		}
	}
	return location, nil
}

// loading is one Load with the files that it reads.
type loading struct {
	loader *Loader
	// stack are the files being read, each importing the next.
	stack []string
	files int
}

// file reads a pipeline file; from is the place that imports it.
func (r *loading) file(path string, from Pos) (*Pipeline, error) {
	name := filepath.Clean(path)
	for i, open := range r.stack {
		if open == name {
			return nil, &Error{Class: "RecursionError", Pos: from,
				Message: "pipelines import each other in a circle: " + strings.Join(append(r.stack[i:], name), " imports ")}
		}
	}
	if r.files++; r.files > maxImports || len(r.stack) >= maxImportDepth {
		return nil, &Error{Class: "RecursionError", Pos: from,
			Message: fmt.Sprintf("more than %d imports, or more than %d inside each other", maxImports, maxImportDepth)}
	}
	text, err := readFile(r.loader.Read, path)
	if err != nil {
		e := &Error{Class: fileClass(err), Pos: from, Message: "read pipeline " + path, Cause: err}
		if errors.Is(err, fs.ErrNotExist) {
			e.Advice = "paths are relative to the working directory, not to the importing file"
		}
		return nil, e
	}
	r.stack = append(r.stack, name)
	defer func() { r.stack = r.stack[:len(r.stack)-1] }()
	return r.text(path, text)
}

// text reads a pipeline and merges its imports into it.
func (r *loading) text(file string, text []byte) (*Pipeline, error) {
	def, err := decode(file, text)
	if err != nil {
		return nil, err
	}
	m := merger{own: def.pipeline}
	for i := range def.imports {
		rule := &def.imports[i]
		p, err := r.imported(rule)
		if err != nil {
			return nil, err
		}
		if err := m.add(p, rule.pos); err != nil {
			return nil, err
		}
	}
	p, err := m.merge()
	if err != nil {
		return nil, err
	}
	return p, p.checkNames()
}

// imported loads what one import brings.
func (r *loading) imported(rule *importRule) (*Pipeline, error) {
	location, selector, found := strings.Cut(rule.location, "#")
	if found {
		// As upstream has it; include does what is meant.
		r.loader.warn(fmt.Sprintf("%s: selector #%s of an import is ignored, use include", rule.pos, selector))
	}
	path, err := r.loader.path(location)
	if err != nil {
		return nil, &Error{Class: "ValueError", Pos: rule.pos, Cause: err}
	}
	p, err := r.file(path, rule.pos)
	if err != nil {
		return nil, err
	}
	return p, rule.apply(p, r.loader.warn)
}

func readFile(read func(string) ([]byte, error), path string) ([]byte, error) {
	if read == nil {
		return nil, fmt.Errorf("there are no files to read: %w", fs.ErrNotExist)
	}
	return read(path)
}

// fileClass is the upstream class of an error of the file system.
func fileClass(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "FileNotFoundError"
	case errors.Is(err, fs.ErrPermission):
		return "PermissionError"
	case errors.Is(err, syscall.EISDIR):
		return "IsADirectoryError"
	}
	return className(err, "OSError")
}

// expandEnv replaces $NAME and ${NAME}. Names without a value stay as they are.
func expandEnv(s string, getenv func(string) (string, bool)) string {
	if getenv == nil {
		return s
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n, name := 0, ""
		if inner, ok := strings.CutPrefix(after, "{"); ok {
			if end := strings.IndexByte(inner, '}'); end >= 0 {
				n, name = end+2, inner[:end]
			}
		} else {
			for n < len(after) && after[n] < 0x80 && wordByte(after[n]) {
				n++
			}
			name = after[:n]
		}
		if v, ok := getenv(name); ok && name != "" {
			b.WriteString(v)
		} else {
			b.WriteString("$" + after[:n])
		}
		s = after[n:]
	}
}
