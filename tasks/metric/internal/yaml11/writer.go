package yaml11

import "fmt"

// Width is the column behind which text is folded.
const Width = 80

// Writer appends block-style YAML to Out. It keeps no tree: callers write keys and values in order. All output is ASCII, so columns are bytes.
//
// Spacing follows from three facts: the column, whether the last thing written was space (blank), and whether only indicators of
// block structure stand on the line so far (indention). A value, key or dash that finds blank false puts a blank before itself.
type Writer struct {
	Out   []byte
	line  int // where the present line begins in Out
	blank bool
	inden bool

	anchors map[any]int // shared values: 0 until they are written, then the number of their anchor
	ids     int
}

// NewWriter continues dst, which ends with a line break or is empty.
func NewWriter(dst []byte) *Writer {
	return &Writer{Out: dst, line: len(dst), blank: true, inden: true}
}

func (w *Writer) column() int { return len(w.Out) - w.line }

func (w *Writer) newline() {
	w.Out = append(w.Out, '\n')
	w.line, w.blank, w.inden = len(w.Out), true, true
}

// Indent brings the writer to a place where a key or dash at the given column may begin.
func (w *Writer) Indent(col int) {
	if c := w.column(); !w.inden || c > col || c == col && !w.blank {
		w.newline()
	}
	if n := col - w.column(); n > 0 {
		w.blank = true
		for ; n > 0; n-- {
			w.Out = append(w.Out, ' ')
		}
	}
}

// Word writes a value that needs no analysis: a tag, an anchor, a number, text known to be plain.
func (w *Writer) Word(s string) {
	w.space()
	w.Out = append(w.Out, s...)
}

func (w *Writer) space() {
	if !w.blank {
		w.Out = append(w.Out, ' ')
	}
	w.blank, w.inden = false, false
}

// Dash writes the indicator of a sequence entry.
func (w *Writer) Dash() { w.structure('-') }

// structure writes '-', '?' or ':' so that a collection may begin on the same line.
func (w *Writer) structure(c byte) {
	if !w.blank {
		w.Out = append(w.Out, ' ')
	}
	w.Out = append(w.Out, c)
	w.blank = false
}

// Colon ends a simple key.
func (w *Writer) Colon() {
	w.Out = append(w.Out, ':')
	w.blank, w.inden = false, false
}

// Key writes a string key known to be plain and short, and its colon.
func (w *Writer) Key(col int, key string) {
	w.Indent(col)
	w.Out = append(append(w.Out, key...), ':')
	w.blank, w.inden = false, false
}

// End ends the document.
func (w *Writer) End() []byte {
	if w.column() > 0 {
		w.newline()
	}
	return w.Out
}

// Share counts the values that a document holds more than once, so that they are written with anchors. It is called for every
// value in the order of writing, keys too, before anything is written.
func (w *Writer) Share(seen *Shared, v any) {
	switch v := v.(type) {
	case *Sequence:
		if w.Object(seen, v) {
			w.shareAll(seen, v.Items)
		}
	case *Tuple:
		if w.Object(seen, v) {
			w.shareAll(seen, v.Items)
		}
	case *Set:
		if w.Object(seen, v) {
			w.shareAll(seen, v.Items)
		}
	case *Mapping:
		if w.Object(seen, v) {
			for i := range v.Keys {
				w.Share(seen, v.Keys[i])
				w.Share(seen, v.Values[i])
			}
		}
	case *Timestamp:
		w.Object(seen, v)
	}
}

func (w *Writer) shareAll(seen *Shared, items []any) {
	for _, x := range items {
		w.Share(seen, x)
	}
}

// Shared remembers the pointers met so far.
type Shared struct {
	few  []any
	many map[any]struct{}
}

// Object tells whether the pointer v is met for the first time; otherwise it gets an anchor.
func (w *Writer) Object(seen *Shared, v any) bool {
	known := false
	if seen.many != nil {
		_, known = seen.many[v]
		seen.many[v] = struct{}{}
	} else {
		for _, q := range seen.few {
			if q == v {
				known = true
				break
			}
		}
		if !known {
			if seen.few = append(seen.few, v); len(seen.few) > 16 {
				seen.many = make(map[any]struct{}, 64)
				for _, q := range seen.few {
					seen.many[q] = struct{}{}
				}
			}
		}
	}
	if known {
		if w.anchors == nil {
			w.anchors = map[any]int{}
		}
		if _, ok := w.anchors[v]; !ok {
			w.ids++
			w.anchors[v] = -w.ids // not written yet
		}
	}
	return !known
}

// Anchor writes the anchor of a shared value at its first place, or the alias at later ones; then it is done and true is returned.
func (w *Writer) Anchor(v any) bool {
	id, shared := w.anchors[v]
	switch {
	case !shared:
		return false
	case id < 0:
		w.anchors[v] = -id
		w.space()
		w.Out = fmt.Appendf(w.Out, "&id%03d", -id)
		return false
	}
	w.space()
	w.Out = fmt.Appendf(w.Out, "*id%03d", id)
	return true
}
