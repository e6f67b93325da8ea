package cli

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"valet/datastore/butler"
)

var patternField = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// compilePattern reads a pattern of file names: {DIMENSION} is its value, * any text, both without slashes.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	var b strings.Builder
	seen := map[string]bool{}
	literal := func(text string) {
		for i, part := range strings.Split(text, "*") {
			if i > 0 {
				b.WriteString("[^/]*")
			}
			b.WriteString(regexp.QuoteMeta(part))
		}
	}
	at := 0
	for _, m := range patternField.FindAllStringSubmatchIndex(pattern, -1) {
		literal(pattern[at:m[0]])
		name := pattern[m[2]:m[3]]
		if seen[name] {
			return nil, fmt.Errorf("{%s} is there twice", name)
		}
		seen[name] = true
		b.WriteString("(?P<" + name + ">[^/]+?)")
		at = m[1]
	}
	literal(pattern[at:])
	if strings.ContainsAny(patternField.ReplaceAllString(pattern, ""), "{}") {
		return nil, fmt.Errorf("%q has a brace that is not part of {DIMENSION}", pattern)
	}
	return regexp.Compile("^" + b.String() + "$")
}

// rowsByPattern makes a row of every file below a directory whose path there matches the pattern, in the order of paths.
func rowsByPattern(dir, pattern string) ([]butler.Ingest, error) {
	match, err := compilePattern(pattern)
	if err != nil {
		return nil, err
	}
	var rows []butler.Ingest
	err = filepath.WalkDir(dir, func(full string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, full)
		if err != nil {
			return err
		}
		values := match.FindStringSubmatch(filepath.ToSlash(name))
		if values == nil {
			return nil
		}
		row := butler.Ingest{At: len(rows) + 1, Path: full, DataID: map[string]any{}}
		for i, field := range match.SubexpNames() {
			if field != "" {
				row.DataID[field] = values[i]
			}
		}
		rows = append(rows, row)
		return nil
	})
	if err == nil && len(rows) == 0 {
		err = fmt.Errorf("no file below %s has a name like %s", dir, pattern)
	}
	return rows, err
}
