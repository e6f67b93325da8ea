package datastore

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"valet/registry/dimension"
)

// template is a parsed path template, before it is compiled for a dataset type (repository.md 9.3).
type template struct {
	text   string
	pieces []piece
}

// piece is a literal and the field behind it, if there is one.
type piece struct {
	literal string
	isField bool
	// alternatives are the names between |; one at least.
	alternatives []string
	// optional and slashes are the ? and / of the specification, spec is the rest of it.
	optional, slashes bool
	spec              string
	// conversion is the letter behind !, which makes a text of the value first, or 0.
	conversion byte
}

// TemplateError says why a path template cannot be used, at all or for a dataset type.
type TemplateError struct {
	Template string
	// Type names the dataset type, or is empty if no type can use the template.
	Type   string
	Reason string
}

func (e *TemplateError) Error() string {
	if e.Type == "" {
		return fmt.Sprintf("file template %q %s", e.Template, e.Reason)
	}
	return fmt.Sprintf("file template %q for dataset type %q %s", e.Template, e.Type, e.Reason)
}

// Hint says where templates come from.
func (e *TemplateError) Hint() string {
	if e.Type != "" {
		return "give the dataset type a template of its own under datastore.templates in butler.yaml"
	}
	return "correct datastore.templates in butler.yaml or in DAF_BUTLER_CONFIG_PATH"
}

// ClassName is upstream's name of the error.
func (e *TemplateError) ClassName() string {
	return "lsst.daf.butler.datastore.file_templates.FileTemplateValidationError"
}

// base is the part of a field name before the first period: a data ID key or another field.
func base(name string) string {
	name, _, _ = strings.Cut(name, ".")
	return name
}

// special fields are no dimensions.
var special = []string{"datasetType", "component", "run", "id"}

// parseTemplate reads a template and refuses what no dataset type can use. The error is a *TemplateError.
func parseTemplate(text string) (*template, error) {
	bad := func(reason string) (*template, error) { return nil, &TemplateError{Template: text, Reason: reason} }
	pieces, err := splitFormat(text)
	if err != nil {
		return bad(err.Error())
	}
	t := &template{text: text, pieces: pieces}
	mandatory, dimensions, id := false, false, false
	for _, p := range pieces {
		for _, a := range p.alternatives {
			switch b := base(a); b {
			case "collection":
				return bad("uses {collection}, which is no longer a field; use {run}")
			case "run":
				mandatory = true
			case "id":
				mandatory, dimensions, id = true, true, true
			case "datasetType", "component":
			default:
				dimensions = true
			}
		}
	}
	switch {
	case !mandatory:
		return bad("has neither {run} nor {id}")
	case strings.Contains(text, "../"):
		return bad("steps up to a parent directory")
	case id && !strings.Contains(text[strings.LastIndexByte(text, '/')+1:], "{id}"):
		// The text is meant, not the parsed field: upstream looks for these four characters (observed).
		return bad("uses {id}, but has no plain {id} in the name of the file")
	case !dimensions:
		return bad("has no field of a dimension")
	}
	return t, nil
}

// splitFormat cuts a template into pieces as Python cuts format strings: braces are doubled to stand for themselves, a field is
// {name!conversion:specification}.
func splitFormat(s string) ([]piece, error) {
	var out []piece
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			return append(out, piece{literal: s}), nil
		}
		if i+1 < len(s) && s[i+1] == s[i] {
			out = append(out, piece{literal: s[:i+1]})
			s = s[i+2:]
			continue
		}
		if s[i] == '}' {
			return nil, errors.New("has a single '}'; double it to mean the character")
		}
		if i+1 == len(s) {
			return nil, errors.New("has a single '{' at its end; double it to mean the character")
		}
		p, rest, err := parseField(s[i+1:])
		if err != nil {
			return nil, err
		}
		p.literal = s[:i]
		out = append(out, p)
		s = rest
	}
	return out, nil
}

// parseField reads what follows an opening brace up to the closing one.
func parseField(s string) (piece, string, error) {
	end := -1
	for i := 0; i < len(s) && end < 0; i++ {
		switch s[i] {
		case '{':
			return piece{}, "", errors.New("has a '{' inside a field name")
		case '[':
			if j := strings.IndexByte(s[i:], ']'); j >= 0 {
				i += j
			} else {
				i = len(s)
			}
		case '}', ':', '!':
			end = i
		}
	}
	if end < 0 {
		return piece{}, "", errors.New("has a '{' that is not closed")
	}
	p := piece{isField: true, alternatives: strings.Split(s[:end], "|")}
	mark, rest := s[end], s[end+1:]
	if mark == '!' {
		if len(rest) < 2 || rest[1] != ':' && rest[1] != '}' {
			return piece{}, "", errors.New("has a bad conversion after '!'")
		}
		if p.conversion = rest[0]; strings.IndexByte("rsa", p.conversion) < 0 {
			return piece{}, "", fmt.Errorf("has the unknown conversion !%c", p.conversion)
		}
		mark, rest = rest[1], rest[2:]
	}
	if mark == '}' {
		return p, rest, nil
	}
	depth := 1
	for i := range len(rest) {
		switch rest[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				p.setSpec(rest[:i])
				return p, rest[i+1:], nil
			}
		}
	}
	return piece{}, "", errors.New("has a '{' that is not closed")
}

// setSpec takes ? and / out of a specification, wherever they are.
func (p *piece) setSpec(spec string) {
	p.optional, p.slashes = strings.Contains(spec, "?"), strings.Contains(spec, "/")
	p.spec = strings.NewReplacer("?", "", "/", "").Replace(spec)
}

// validate checks that the template gives datasets of the given dimensions paths of their own: mandatory fields are dimensions of
// the type, and every required dimension appears.
func (t *template) validate(name, component string, g *dimension.Group) error {
	bad := func(format string, args ...any) error {
		return &TemplateError{t.text, name, fmt.Sprintf(format, args...)}
	}
	present := map[string]bool{}
	for _, p := range t.pieces {
		if !p.isField {
			continue
		}
		chosen := p.alternatives
		if i := slices.IndexFunc(chosen, func(a string) bool { return g.Has(base(a)) }); i >= 0 {
			chosen = chosen[i : i+1]
		}
		for _, a := range chosen {
			b := base(a)
			present[b] = true
			switch {
			case p.optional || slices.Contains(special, b) && b != "component":
			case b == "component":
				if component == "" {
					return bad("needs {component}, but the type is no component")
				}
			case b == "skypix" && skypixAlias(g) != nil:
			case !g.Has(b):
				return bad("needs {%s}, which is no dimension of the type", a)
			}
		}
	}
	if pix := skypixAlias(g); pix != nil && present["skypix"] {
		present[pix.Name] = true
	}
	for _, d := range g.Required {
		if !present[d.Name] {
			return bad("has no field for the dimension %q, so that different datasets would share a file", d.Name)
		}
	}
	return nil
}

// skypixAlias is the dimension that {skypix} stands for: the only skypix dimension, nil if there is none or more than one.
func skypixAlias(g *dimension.Group) *dimension.Element {
	var found *dimension.Element
	for _, d := range g.Dimensions() {
		if d.IsSkypix() {
			if found != nil {
				return nil
			}
			found = d
		}
	}
	return found
}
