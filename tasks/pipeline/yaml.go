package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

const (
	constructorError = "yaml.constructor.ConstructorError"
	composerError    = "yaml.composer.ComposerError"
	parserError      = "yaml.parser.ParserError"

	// maxFile is the longest pipeline file, in bytes.
	maxFile = 4 << 20
	// maxNodes bounds the nodes that are visited to read one file: aliases can make a short text stand for a tree of any size.
	maxNodes = 2_000_000
	// maxDepth bounds how deep values lie in each other.
	maxDepth = 200
)

// document is a YAML file being read. Nodes are looked at through it, so that it can count them.
type document struct {
	file    string
	visited int
	// inside are the aliases that the reader is inside of.
	inside map[*yaml.Node]bool
}

// entry is a key of a mapping and its value, which may be an alias.
type entry struct {
	key   string
	at    *yaml.Node
	value *yaml.Node
	// text tells that the key is a text, not a number, bool or null.
	text bool
}

func (d *document) pos(n *yaml.Node) Pos { return Pos{File: d.file, Line: n.Line, Column: n.Column} }

// fault is an error at a node.
func (d *document) fault(n *yaml.Node, class, format string, args ...any) *Error {
	return &Error{Class: class, Pos: d.pos(n), Message: fmt.Sprintf(format, args...)}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line ([0-9]+): )?(?s:(.*))$`)

// readYAML reads the one document of a file and refuses what a pipeline may have nowhere: unknown tags, a key twice in a mapping.
func readYAML(file string, text []byte) (*document, *yaml.Node, error) {
	d := &document{file: file, inside: map[*yaml.Node]bool{}}
	if len(text) > maxFile {
		return nil, nil, &Error{Class: "ValueError", Pos: Pos{File: file}, Message: fmt.Sprintf("%d bytes are too long for a pipeline", len(text))}
	}
	in := yaml.NewDecoder(bytes.NewReader(text))
	var root, second yaml.Node
	switch err := in.Decode(&root); {
	case errors.Is(err, io.EOF) || err == nil && len(root.Content) == 0:
		return nil, nil, &Error{Class: "TypeError", Pos: Pos{File: file}, Message: "the file holds no pipeline", Advice: "give it a description and tasks"}
	case err != nil:
		return nil, nil, d.syntax(err)
	}
	switch err := in.Decode(&second); {
	case err == nil:
		return nil, nil, d.fault(&second, composerError, "a second document begins here, a pipeline is one")
	case !errors.Is(err, io.EOF):
		return nil, nil, d.syntax(err)
	}
	if err := d.check(root.Content[0], 0); err != nil {
		return nil, nil, err
	}
	return d, root.Content[0], nil
}

// syntax is the fault that the YAML library found. It tells the line only in its text.
func (d *document) syntax(err error) error {
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return &Error{Class: parserError, Pos: Pos{File: d.file}, Message: err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	return &Error{Class: parserError, Pos: Pos{File: d.file, Line: line}, Message: "bad YAML: " + m[2]}
}

// knownTags are those that upstream reads, though not all make sense in a pipeline.
var knownTags = map[string]bool{
	"!!str": true, "!!null": true, "!!bool": true, "!!int": true, "!!float": true, "!!timestamp": true, "!!binary": true,
	"!!seq": true, "!!map": true, "!!set": true, "!!omap": true, "!!pairs": true, "!": true,
}

// check walks all nodes once, in the place where they are written.
func (d *document) check(n *yaml.Node, depth int) error {
	if depth > maxDepth {
		return d.fault(n, "RecursionError", "values lie more than %d deep in each other", maxDepth)
	}
	if n.Kind == yaml.AliasNode {
		return nil
	}
	if n.Style&yaml.TaggedStyle != 0 && !knownTags[n.ShortTag()] {
		return d.tag(n)
	}
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Style == 0 && n.Value == "<<" {
			break // a merge key, or refused where it is read
		}
		if _, err := d.scalar(n); err != nil {
			return err
		}
	case yaml.MappingNode:
		if _, err := d.mapping(n); err != nil {
			return err
		}
	}
	for _, child := range n.Content {
		if err := d.check(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// count notes a visited node.
func (d *document) count(n *yaml.Node) error {
	if d.visited++; d.visited > maxNodes {
		return d.fault(n, "RecursionError", "aliases make the file stand for more than %d values", maxNodes)
	}
	return nil
}

// follow is what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// mapping lists the entries of a mapping, those that << merges into it first. The same key twice is an error, merged or not, as
// upstream has it.
func (d *document) mapping(n *yaml.Node) ([]entry, error) {
	var merged, own []entry
	if err := d.collect(n, &merged, &own, 0); err != nil {
		return nil, err
	}
	all := append(merged, own...)
	seen := make(map[string]bool, len(all))
	for _, e := range all {
		if seen[e.key] {
			return nil, &Error{Class: "KeyError", Pos: d.pos(e.at), Message: fmt.Sprintf("key %q appears more than once", e.key),
				Advice: "pipeline files must not have duplicated keys: remove or rename one"}
		}
		seen[e.key] = true
	}
	return all, nil
}

func (d *document) collect(n *yaml.Node, merged, own *[]entry, depth int) error {
	if depth > maxDepth {
		return d.fault(n, "RecursionError", "mappings are merged more than %d deep", maxDepth)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if err := d.count(n); err != nil {
			return err
		}
		at, value := follow(n.Content[i]), n.Content[i+1]
		switch {
		case at.Kind != yaml.ScalarNode:
			return d.fault(n.Content[i], constructorError, "a list or mapping cannot be a key")
		case at.Style == 0 && at.Value == "<<":
			value = follow(value)
			sources := []*yaml.Node{value}
			if value.Kind == yaml.SequenceNode {
				sources = value.Content
			}
			for _, s := range sources {
				if s = follow(s); s.Kind != yaml.MappingNode {
					return d.fault(n.Content[i], constructorError, "<< needs a mapping, or a list of mappings")
				}
				if err := d.collect(s, merged, merged, depth+1); err != nil {
					return err
				}
			}
		default:
			v, err := d.scalar(at)
			if err != nil {
				return err
			}
			_, text := v.(string)
			*own = append(*own, entry{key: at.Value, at: n.Content[i], value: value, text: text})
		}
	}
	return nil
}
