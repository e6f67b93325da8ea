package python

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// Target is the config that statements change. Fields are dotted names below "config". Lists come and go as []Value. Errors of both
// methods stop the execution and are wrapped in an *ExecError, so that errors.As finds them.
type Target interface {
	Get(field string) (Value, error)
	Set(field string, v Value) error
}

// Env is what statements can see besides the config. Nil functions know nothing.
type Env struct {
	// Classes are the full class path of the config and further names of the same class, to which "assert type(config) is ..." is
	// compared; empty compares nothing.
	Classes []string
	// Path is the path of the config file, for __file__ and for the relative paths in it; empty for a python block, where relative paths
	// are relative to the working directory.
	Path string
	// Parameter is a parameter of the pipeline, read as parameters.name.
	Parameter func(name string) (Value, bool)
	// Getenv is a variable of the environment, read as os.environ['name'], and as $name or ${name} in config.load.
	Getenv func(name string) (string, bool)
	// Read reads the files of config.load('file').
	Read func(path string) ([]byte, error)
}

// Exec executes the statements of a config file or python block on target (pipelines.md 2.4). file and line say where the first line
// of text is: line is 1 for a file. Statements before the one at fault have been executed. Errors are *ExecError.
func Exec(file string, line int, text string, target Target, env Env) error {
	return (&run{target: target, env: env}).exec(file, line, text, env.Path)
}

const (
	// maxLoadDepth bounds files that load each other, maxLoads all files of a run.
	maxLoadDepth = 50
	maxLoads     = 1000
)

// run is one execution with the files that it loads.
type run struct {
	target       Target
	env          Env
	depth, loads int
}

// exec executes one text. A fault of a loaded file keeps the place in that file.
func (r *run) exec(file string, line int, text, path string) error {
	b := &block{run: r, path: path, imports: map[string]binding{}}
	p, err := newParser(text, line, true)
	if err != nil {
		return located(file, text, line, line, err)
	}
	b.parser = p
	for p.tok.kind != endToken {
		start := p.tok.line
		if p.tok.kind == newlineToken {
			err = p.advance()
		} else {
			err = b.statement()
		}
		if err != nil {
			return located(file, text, line, start, err)
		}
	}
	return nil
}

// located wraps a fault with its place: that of a syntax error itself, else the line of the statement. The text begins at line first.
func located(file, text string, first, line int, err error) error {
	var inner *ExecError
	if errors.As(err, &inner) {
		return inner
	}
	var s *SyntaxError
	if errors.As(err, &s) {
		line = s.Line
	}
	for range line - first {
		_, text, _ = strings.Cut(text, "\n")
	}
	return &ExecError{File: file, Line: line, Statement: firstLine(text), Cause: err}
}

// firstLine is the start of a statement, at most 80 characters of its first line.
func firstLine(s string) string {
	const limit = 80
	s, _, _ = strings.Cut(s, "\n")
	s = strings.ToValidUTF8(strings.Trim(s, " \t\f\r\\"), "�")
	count := 0
	for i := range s {
		if count++; count > limit {
			return s[:i] + "…"
		}
	}
	return s
}

// load executes a file on the same config.
func (r *run) load(name, from string) error {
	if r.env.Read == nil {
		return &LoadError{name, fs.ErrNotExist}
	}
	if r.loads++; r.loads > maxLoads || r.depth == maxLoadDepth {
		return &OperationError{"RecursionError", "files load each other without end"}
	}
	name = r.expand(name)
	if from != "" && !path.IsAbs(name) && !strings.Contains(name, "://") {
		name = path.Join(path.Dir(from), name)
	}
	text, err := r.env.Read(name)
	if err != nil {
		return &LoadError{name, err}
	}
	r.depth++
	defer func() { r.depth-- }()
	return r.exec(name, 1, string(text), name)
}

// expand replaces $name and ${name}; names without a value stay.
func (r *run) expand(s string) string {
	if r.env.Getenv == nil || !strings.Contains(s, "$") {
		return s
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, rest, whole := variable(after)
		if v, ok := r.env.Getenv(name); ok && name != "" {
			b.WriteString(v)
		} else {
			b.WriteString("$" + whole)
		}
		s = rest
	}
}

// variable splits the name of a variable, with or without braces, off the text after its dollar sign.
func variable(s string) (name, rest, whole string) {
	if inner, ok := strings.CutPrefix(s, "{"); ok {
		if end := strings.IndexByte(inner, '}'); end >= 0 {
			return inner[:end], inner[end+1:], s[:end+2]
		}
		return "", s, ""
	}
	n := 0
	for n < len(s) && nameRune(rune(s[n]), false) {
		n++
	}
	return s[:n], s[n:], s[:n]
}
