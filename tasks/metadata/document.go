package metadata

import "sync"

// Document is the text of a TaskMetadata file. It answers searches by scanning the text, which costs less than making the tree
// when a task wants a few values. Several goroutines may use one Document as long as nobody changes the text.
type Document struct {
	text []byte
	// shared says that several searches are to come, which share one look at the text.
	shared bool
	once   sync.Once
	// outline is what that look found; nil if the text is unusual.
	outline *outline
}

// NewDocument wraps the text and keeps it. The text is not looked at: a bad one gives its error with every Find.
func NewDocument(text []byte) *Document { return &Document{text: text} }

// NewSharedDocument is NewDocument for a text in which several tasks look for values.
func NewSharedDocument(text []byte) *Document { return &Document{text: text, shared: true} }

// Text is the text of the file; it must not be changed.
func (d *Document) Text() []byte { return d.text }

// Tree parses the text.
func (d *Document) Tree() (*Metadata, error) { return Parse(d.text) }

// Find gives the same as Parse and then Metadata.Find, errors included.
func (d *Document) Find(dst []Value, fragments []string) ([]Value, error) {
	if answers, ok := d.quick(dst, fragments); ok {
		return answers, nil
	}
	m, err := Parse(d.text)
	if err != nil {
		return dst, err
	}
	return m.Find(dst, fragments)
}

// quick answers without making the tree, or gives up.
func (d *Document) quick(dst []Value, fragments []string) (answers []Value, ok bool) {
	if d.shared {
		if d.once.Do(func() { d.outline = newOutline(d.text) }); d.outline != nil {
			return d.outline.find(d.text, dst, fragments)
		}
	}
	return scan(d.text, dst, fragments)
}

// Check tells whether the text is task metadata. The error is a *ParseError.
func (d *Document) Check() error {
	if _, ok := scan(d.text, nil, nil); ok {
		return nil
	}
	_, err := Parse(d.text)
	return err
}
