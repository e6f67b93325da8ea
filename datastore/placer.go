package datastore

import (
	"fmt"
	"slices"
	"sync/atomic"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

// Records finds dimension records for template fields such as detector.full_name.
type Records interface {
	Record(e *dimension.Element, id dimension.DataID) (*dimension.Record, error)
}

// Formatter is the class that reads and writes the files of a storage class (repository.md 9.4).
type Formatter struct {
	// Class is the full Python class name.
	Class string
	// Extension is that of written files, with its period; empty if valet does not know the class.
	Extension string
	// Extensions are all that it reads; none if valet does not know the class.
	Extensions []string
}

// Reads reports whether files with an extension can be ingested for the formatter. Of a class that it does not know valet cannot tell.
func (f *Formatter) Reads(extension string) bool {
	return len(f.Extensions) == 0 || slices.Contains(f.Extensions, extension)
}

// Placer computes paths of the datasets of one type in one run. It is safe for concurrent use.
type Placer struct {
	typ     *dataset.Type
	records Records
	general *variant
	// byInstrument holds what configuration says of single instruments; position is where data IDs have the instrument.
	byInstrument map[string]*variant
	position     int
}

// variant is what holds for one instrument, or for all that nothing special is said of. Its error concerns only them.
type variant struct {
	program   *program
	formatter *Formatter
	err       error
	// unwritable says why no file can be written, though one that exists can be ingested.
	unwritable error
	// dirs holds the directories used last, found by the sum of the integers that they depend on: workers are commonly at
	// neighbouring visits.
	dirs [8]atomic.Pointer[directory]
}

// directory is the directory part of the paths of all data IDs with the same values.
type directory struct {
	values []dimension.Value
	text   []byte
}

// RejectedError says that a datastore's configuration does not let it hold a dataset type.
type RejectedError struct{ Type, Datastore, Reason string }

func (e *RejectedError) Error() string {
	return fmt.Sprintf("dataset type %q cannot be stored in %s: %s", e.Type, e.Datastore, e.Reason)
}

// Hint says what to change.
func (e *RejectedError) Hint() string {
	return "see datastore.constraints and datastore.formatters in butler.yaml"
}

// ClassName is upstream's name of the error.
func (e *RejectedError) ClassName() string {
	return "lsst.daf.butler.DatasetTypeNotSupportedError"
}

// Placer compiles the template, formatter and extension of a dataset type in a run. The error is a *TemplateError, a
// *RejectedError or, for a chain, a *ChainError.
func (s *Store) Placer(t *dataset.Type, run string, records Records) (*Placer, error) {
	p, err := s.IngestPlacer(t, run, records)
	if err == nil && len(p.byInstrument) == 0 && p.general.unwritable != nil {
		return nil, p.general.unwritable
	}
	return p, err
}

// IngestPlacer is a Placer for files that exist: their formatter may be one whose files valet cannot write.
func (s *Store) IngestPlacer(t *dataset.Type, run string, records Records) (*Placer, error) {
	if s.Config.Class == ChainedClass {
		return nil, &ChainError{}
	}
	p := &Placer{typ: t, records: records, position: t.Dimensions.Position("instrument")}
	p.general = s.variant(t, run, "")
	if p.position >= 0 {
		for _, name := range s.instruments {
			if p.byInstrument == nil {
				p.byInstrument = map[string]*variant{}
			}
			p.byInstrument[name] = s.variant(t, run, name)
		}
	}
	if p.general.err != nil && len(p.byInstrument) == 0 {
		return nil, p.general.err
	}
	return p, nil
}

func (s *Store) variant(t *dataset.Type, run, instrument string) *variant {
	v := &variant{}
	rejected := func(reason string) *variant {
		v.err = &RejectedError{t.Name, s.Config.Name, reason}
		return v
	}
	if !s.constraints.accepts(t, instrument) {
		return rejected("its constraints reject it")
	}
	var ok bool
	if v.formatter, ok = s.formatters.find(t, instrument); !ok {
		return rejected(fmt.Sprintf("storage class %q has no formatter", t.StorageClass))
	}
	template, ok := s.templates.find(t, instrument)
	if !ok {
		if template, ok = s.templates.names["default"]; !ok {
			return rejected("no file template fits and there is no default")
		}
	}
	if v.formatter.Extension == "" {
		v.unwritable = &RejectedError{t.Name, s.Config.Name, fmt.Sprintf("valet does not know which files formatter %q writes", v.formatter.Class)}
	}
	v.program, v.err = template.compile(t, run, v.formatter.Extension)
	return v
}

// Formatter is the formatter that the placer's files are recorded with, unless the configuration has another one for an instrument.
func (p *Placer) Formatter() *Formatter {
	if p.general.formatter == nil {
		for _, v := range p.byInstrument {
			if v.err == nil {
				return v.formatter
			}
		}
	}
	return p.general.formatter
}

// FormatterOf is the formatter for a data ID; it differs from Formatter only where configuration says so for an instrument.
func (p *Placer) FormatterOf(id dimension.DataID) (*Formatter, error) {
	v := p.variant(id)
	return v.formatter, v.err
}

func (p *Placer) variant(id dimension.DataID) *variant {
	if p.byInstrument != nil {
		if values := id.Values(); p.position < len(values) {
			if v := p.byInstrument[values[p.position].Text()]; v != nil {
				return v
			}
		}
	}
	return p.general
}

// AppendPath appends the path of a dataset relative to the root. The data ID must be full and of the type's dimensions. The error is
// a *TemplateError or what Records gave.
func (p *Placer) AppendPath(dst []byte, id dimension.DataID, ref dataset.ID) ([]byte, error) {
	v := p.variant(id)
	if v.err == nil && v.unwritable != nil {
		return dst, v.unwritable
	}
	return p.appendPath(dst, id, ref, v.formatter.extensionOr(""))
}

// AppendIngested is AppendPath for a file that exists, whose extension is kept (repository.md 9.4).
func (p *Placer) AppendIngested(dst []byte, id dimension.DataID, ref dataset.ID, extension string) ([]byte, error) {
	return p.appendPath(dst, id, ref, extension)
}

func (f *Formatter) extensionOr(none string) string {
	if f == nil {
		return none
	}
	return f.Extension
}

func (p *Placer) appendPath(dst []byte, id dimension.DataID, ref dataset.ID, extension string) ([]byte, error) {
	v := p.variant(id)
	if v.err != nil {
		return dst, v.err
	}
	if id.Group() != p.typ.Dimensions || !id.IsFull() {
		return dst, &TemplateError{v.program.template.text, p.typ.Name,
			fmt.Sprintf("needs a full data ID of %s, not %s", p.typ.Dimensions, id)}
	}
	return v.appendPath(dst, id, ref, p.records, extension)
}

func (v *variant) appendPath(dst []byte, id dimension.DataID, ref dataset.ID, records Records, extension string) ([]byte, error) {
	start := len(dst)
	out, err := v.place(dst, id, ref, records)
	if err != nil {
		return dst[:start], err
	}
	if out, err = seal(out, start, extension); err != nil {
		return dst[:start], &TemplateError{v.program.template.text, v.program.typeName, fmt.Sprintf("for %s: %s", id, err)}
	}
	return out, nil
}

// place appends the normalised path without extension.
func (v *variant) place(dst []byte, id dimension.DataID, ref dataset.ID, records Records) ([]byte, error) {
	p := v.program
	start := len(dst)
	if !p.cacheable {
		dst, err := p.run(dst, p.ops, id, ref, records)
		if err != nil {
			return dst, err
		}
		return normalise(fixTail(dst, start), start), nil
	}
	dir, err := v.directory(id, ref, records)
	if err != nil {
		return dst, err
	}
	dst = append(dst, dir...)
	if len(dir) > 0 {
		dst = append(dst, '/')
	}
	from := len(dst)
	dst = append(dst, p.ops[p.dirOps-1].text[p.dirConst:]...)
	if dst, err = p.run(dst, p.ops[p.dirOps:], id, ref, records); err != nil {
		return dst, err
	}
	if len(dst) == from {
		// Nothing behind the last slash: the path is the directory.
		return dst[:start+len(dir)], nil
	}
	return fixTail(dst, from), nil
}

// directory is the normalised directory of a data ID, without a slash at its end.
func (v *variant) directory(id dimension.DataID, ref dataset.ID, records Records) ([]byte, error) {
	p := v.program
	values := id.Values()
	slot := 0
	for _, i := range p.dirDeps {
		slot += int(values[i].Int())
	}
	entry := &v.dirs[uint(slot)%uint(len(v.dirs))]
	if d := entry.Load(); d != nil && d.matches(values, p.dirDeps) {
		return d.text, nil
	}
	text, err := p.run(make([]byte, 0, 128), p.ops[:p.dirOps-1], id, ref, records)
	if err != nil {
		return nil, err
	}
	text = normalise(append(text, p.ops[p.dirOps-1].text[:p.dirConst]...), 0)
	d := &directory{values: make([]dimension.Value, len(p.dirDeps)), text: slices.Clip(text)}
	for i, position := range p.dirDeps {
		d.values[i] = values[position]
	}
	entry.Store(d)
	return text, nil
}

func (d *directory) matches(values []dimension.Value, positions []int) bool {
	for i, position := range positions {
		if d.values[i] != values[position] {
			return false
		}
	}
	return true
}
