package datastore

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

// program is a template compiled for one dataset type, run and extension: a list of constants and values. Which fields are defined
// depends on the type alone, so that everything optional is decided here.
type program struct {
	template *template
	typeName string
	ops      []op
	// dirOps is the number of leading operations that the directory depends on, and dirDeps are the data ID positions that they
	// read. The last of them may be a constant of which only dirConst bytes belong to the directory.
	dirOps, dirConst int
	dirDeps          []int
	// cacheable says that no later operation can make a slash.
	cacheable bool
	extension string
}

type opKind uint8

const (
	opConst opKind = iota
	opValue
	opAttribute
	opID
)

// op appends one constant or value.
type op struct {
	kind  opKind
	text  string // constant
	field string // name in the template, for errors
	// position in the data ID of the value.
	position int
	// element and column of the attribute; required are the positions that its record is found by.
	element  *dimension.Element
	column   int
	required []int
	convert  byte
	spec     *formatSpec
	slashes  bool
	cache    *attributeCache
}

// compile turns a template into a program. The error is a *TemplateError.
func (t *template) compile(typ *dataset.Type, run, extension string) (*program, error) {
	name, component := splitComponent(typ.Name)
	g := typ.Dimensions
	if err := t.validate(typ.Name, component, g); err != nil {
		return nil, err
	}
	p := &program{template: t, typeName: typ.Name, extension: extension}
	bad := func(format string, args ...any) (*program, error) {
		return nil, &TemplateError{t.text, typ.Name, fmt.Sprintf(format, args...)}
	}
	constants := map[string]string{"datasetType": name, "run": run}
	if component != "" {
		constants["component"] = component
	}
	componentUsed := component == ""
	for _, piece := range t.pieces {
		if !piece.isField {
			p.constant(piece.literal)
			continue
		}
		o, text, defined, err := resolve(piece, g, constants)
		if err != nil {
			return bad("field {%s}: %s", strings.Join(piece.alternatives, "|"), err)
		}
		if !defined {
			if !piece.optional {
				return bad("needs {%s}, which is not defined for the type", o.field)
			}
			// The literal in front goes with the field, unless it separates directories.
			if strings.Contains(piece.literal, "/") {
				p.constant(piece.literal)
			}
			p.constant(converted("", piece.conversion))
			continue
		}
		if o.field == "component" {
			componentUsed = true
		}
		p.constant(piece.literal)
		if o.kind == opConst {
			p.constant(text)
		} else {
			p.ops = append(p.ops, o)
		}
	}
	if !componentUsed {
		return bad("never uses {component}, so that all components would share a file")
	}
	p.findDirectory()
	return p, nil
}

func splitComponent(name string) (parent, component string) {
	parent, component, _ = strings.Cut(name, ".")
	return parent, component
}

// resolve chooses among the alternatives of a field and finds what it stands for. A constant comes back as text.
func resolve(p piece, g *dimension.Group, constants map[string]string) (o op, text string, defined bool, err error) {
	known := func(name string) bool {
		_, ok := constants[name]
		return ok || g.Has(name) || name == "id" || name == "skypix" && skypixAlias(g) != nil
	}
	o = op{field: p.alternatives[0], slashes: p.slashes, convert: p.conversion}
	for _, a := range p.alternatives {
		if known(base(a)) {
			o.field = a
			break
		}
	}
	if o.spec, err = parseFormatSpec(p.spec); err != nil {
		return o, "", false, err
	}
	name, attribute, dotted := strings.Cut(o.field, ".")
	if dotted {
		if strings.Contains(attribute, ".") {
			return o, "", false, errors.New("has two periods")
		}
		if alias := skypixAlias(g); name == "skypix" && alias != nil {
			name = alias.Name
		}
		if !g.Has(name) {
			return o, "", false, nil
		}
		element := g.Universe.Element(name)
		o.column = slices.IndexFunc(element.Fields(), func(c dimension.Column) bool { return c.Name == attribute })
		if o.column < 0 {
			return o, "", false, nil
		}
		o.kind, o.element, o.cache = opAttribute, element, &attributeCache{}
		for _, r := range element.Required {
			o.required = append(o.required, g.Position(r.Name))
		}
		return o, "", true, nil
	}
	if c, ok := constants[name]; ok {
		formatted, err := o.spec.appendString(nil, converted(sanitise(c, p.slashes), o.convert))
		return o, string(formatted), true, err
	}
	if name == "id" {
		o.kind = opID
		return o, "", true, nil
	}
	if alias := skypixAlias(g); name == "skypix" && alias != nil {
		name = alias.Name
	}
	o.kind, o.position = opValue, g.Position(name)
	return o, "", o.position >= 0, nil
}

// constant adds a literal, joined with the one before it.
func (p *program) constant(s string) {
	if s == "" {
		return
	}
	if n := len(p.ops); n > 0 && p.ops[n-1].kind == opConst {
		p.ops[n-1].text += s
		return
	}
	p.ops = append(p.ops, op{kind: opConst, text: s})
}

// findDirectory finds the last slash that a constant makes, behind which no value can make one.
func (p *program) findDirectory() {
	for i := len(p.ops) - 1; i >= 0; i-- {
		o := &p.ops[i]
		if o.kind == opConst {
			if j := strings.LastIndexByte(o.text, '/'); j >= 0 {
				p.dirOps, p.dirConst, p.cacheable = i+1, j+1, true
				break
			}
			continue
		}
		// Values are without slashes unless asked for, and numbers have none.
		if o.slashes || o.spec != nil && o.spec.fill == '/' {
			return
		}
	}
	for _, o := range p.ops[:p.dirOps] {
		switch o.kind {
		case opValue:
			p.dirDeps = append(p.dirDeps, o.position)
		case opAttribute:
			p.dirDeps = append(p.dirDeps, o.required...)
		case opID:
			p.cacheable = false
		}
	}
	slices.Sort(p.dirDeps)
	p.dirDeps = slices.Compact(p.dirDeps)
}

// run appends what the given operations make.
func (p *program) run(dst []byte, ops []op, id dimension.DataID, ref dataset.ID, records Records) ([]byte, error) {
	values := id.Values()
	var err error
	for i := range ops {
		o := &ops[i]
		switch o.kind {
		case opConst:
			dst = append(dst, o.text...)
		case opValue:
			if o.position >= len(values) {
				return dst, &TemplateError{p.template.text, p.typeName, fmt.Sprintf("needs {%s}, which data ID %s does not give", o.field, id)}
			}
			if v := values[o.position]; v.IsInt() && o.convert == 0 {
				dst, err = o.spec.appendInt(dst, v.Int())
			} else if o.spec == nil && o.convert == 0 && !v.IsZero() {
				dst = appendSanitised(dst, v.Text(), o.slashes)
			} else {
				dst, err = o.appendAny(dst, v.Any())
			}
		case opAttribute:
			dst, err = o.appendAttribute(dst, id, records)
		case opID:
			dst, err = o.spec.appendString(dst, ref.String())
		}
		if err != nil {
			return dst, &TemplateError{p.template.text, p.typeName, fmt.Sprintf("field {%s} of %s: %s", o.field, id, err)}
		}
	}
	return dst, nil
}
