package exchange

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"

	"valet/datastore/formatter"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/tasks/metric"
)

// Writer writes a text item by item. The first error is that of all later calls. Python reads the items in any order; it needs collections and
// types that datasets name to be there.
type Writer struct {
	to  *bufio.Writer
	buf []byte
	err error
	// open says what the list that is being written belongs to.
	open string
	span dimension.Timespan
	any  bool
}

// NewWriter writes the header.
func NewWriter(to io.Writer, h Header) *Writer {
	w := &Writer{to: bufio.NewWriterSize(to, 64<<10)}
	w.buf = append(w.buf, "description: Butler Data Repository Export\nversion: "+Version+"\nuniverse_version: "...)
	w.buf = strconv.AppendInt(w.buf, int64(h.Version), 10)
	w.key("\nuniverse_namespace: ", h.Namespace)
	w.buf = append(w.buf, "\ndata:"...)
	w.flush()
	return w
}

// key appends a text behind what comes before it.
func (w *Writer) key(before, text string) {
	w.buf = formatter.AppendYAMLText(append(w.buf, before...), text)
}

func (w *Writer) flush() {
	if w.err == nil {
		_, w.err = w.to.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// begin begins an item.
func (w *Writer) begin(kind string) {
	if !w.any {
		w.any = true
		w.buf = append(w.buf, '\n')
	}
	w.open = ""
	w.buf = append(append(append(w.buf, "- type: "...), kind...), '\n')
}

// Records writes records of one element; none write nothing.
func (w *Writer) Records(e *dimension.Element, records []*dimension.Record) error {
	if len(records) == 0 {
		return w.err
	}
	w.begin("dimension")
	w.key("  element: ", e.Name)
	w.buf = append(w.buf, "\n  records:\n"...)
	for _, r := range records {
		if err := w.record(r); err != nil {
			if w.err == nil {
				w.err = err
			}
			return w.err
		}
		w.flush()
	}
	return w.err
}

// emptyTimespan is read as the timespan that has no instant: its end comes first.
var emptyTimespan = dimension.Timespan{Begin: dimension.MaxTime - 1e9, End: dimension.MinTime + 1e9}

func (w *Writer) record(r *dimension.Record) error {
	lead := "  - "
	for i, c := range r.Element.Fields() {
		v := r.Values[i]
		if v == nil && (c.Type == dimension.RegionColumn || c.Type == dimension.TimespanColumn) {
			continue
		}
		w.buf = append(w.buf, lead...)
		lead = "    "
		if t, ok := v.(dimension.Timespan); ok {
			if t.IsEmpty() {
				t = emptyTimespan
			}
			w.buf = appendTime(append(w.buf, beginField+": "...), t.Begin, dimension.MinTime)
			w.buf = appendTime(append(w.buf, "\n    "+endField+": "...), t.End, dimension.MaxTime)
			w.buf = append(w.buf, '\n')
			continue
		}
		w.buf = append(append(w.buf, c.Name...), ": "...)
		switch v := v.(type) {
		case nil:
			w.buf = append(w.buf, "null"...)
		case int64:
			w.buf = strconv.AppendInt(w.buf, v, 10)
		case float64:
			w.buf = metric.AppendFloatYAML(w.buf, v)
		case bool:
			w.buf = strconv.AppendBool(w.buf, v)
		case string:
			w.buf = formatter.AppendYAMLText(w.buf, v)
		case []byte:
			if c.Type != dimension.RegionColumn {
				w.buf = append(w.buf, "!!binary "...)
				w.buf = formatter.AppendYAMLText(w.buf, base64.StdEncoding.EncodeToString(v))
				break
			}
			kind := ""
			if len(v) > 0 {
				kind = regionKind(v)
			}
			if kind == "" {
				return fmt.Errorf("record of %s %s: its region is of an unknown kind", r.Element, r.DataID())
			}
			w.buf = append(append(append(w.buf, "!<"+regionTag...), kind...), ">\n      encoded: "...)
			// Digits alone would be read as a number.
			digits := hex.EncodeToString(v)
			w.buf = formatter.AppendYAMLText(w.buf, digits)
		default:
			return fmt.Errorf("record of %s %s: %s has a value of type %T", r.Element, r.DataID(), c.Name, v)
		}
		w.buf = append(w.buf, '\n')
	}
	return nil
}

// Collection writes a collection.
func (w *Writer) Collection(c *dataset.Collection) error {
	w.begin("collection")
	w.key("  collection_type: ", c.Kind.String())
	w.key("\n  name: ", c.Name)
	if c.Doc != "" {
		w.key("\n  doc: ", c.Doc)
	}
	switch c.Kind {
	case dataset.Run:
		w.buf = append(w.buf, "\n  host: null\n  timespan_begin: null\n  timespan_end: null"...)
	case dataset.Chained:
		w.list("\n  children:", c.Children)
	}
	w.buf = append(w.buf, '\n')
	w.flush()
	return w.err
}

// list writes texts as a list below a key.
func (w *Writer) list(key string, texts []string) {
	w.buf = append(w.buf, key...)
	if len(texts) == 0 {
		w.buf = append(w.buf, " []"...)
	}
	for _, t := range texts {
		w.key("\n  - ", t)
	}
}

// Type writes a dataset type.
func (w *Writer) Type(t *dataset.Type) error {
	w.begin("dataset_type")
	w.key("  name: ", t.Name)
	w.list("\n  dimensions:", t.Dimensions.Names())
	w.key("\n  storage_class: ", t.StorageClass)
	w.buf = append(w.buf, "\n  is_calibration: "...)
	w.buf = append(strconv.AppendBool(w.buf, t.IsCalibration), '\n')
	w.flush()
	return w.err
}

// File writes a file and its datasets, which have one type and one run. Those that come one after the other go into one item.
func (w *Writer) File(refs []dataset.Ref, path, class string) error {
	t, run := refs[0].Type, refs[0].Run
	if item := "datasets " + t.Name + " " + run; w.open != item {
		w.begin("dataset")
		w.open = item
		w.key("  dataset_type: ", t.Name)
		w.key("\n  run: ", run)
		w.buf = append(w.buf, "\n  records:\n"...)
	}
	w.buf = append(w.buf, "  - dataset_id:\n"...)
	for i := range refs {
		w.buf = appendID(append(w.buf, "    - "...), refs[i].ID)
	}
	w.buf = append(w.buf, "    data_id:\n"...)
	for i := range refs {
		lead := "    - "
		for k, d := range t.Dimensions.Required {
			w.buf = append(append(append(w.buf, lead...), d.Name...), ": "...)
			lead = "      "
			if v := refs[i].DataID.RequiredValues()[k]; v.IsInt() {
				w.buf = strconv.AppendInt(w.buf, v.Int(), 10)
			} else {
				w.buf = formatter.AppendYAMLText(w.buf, v.Text())
			}
			w.buf = append(w.buf, '\n')
		}
		if len(t.Dimensions.Required) == 0 {
			w.buf = append(w.buf, "    - {}\n"...)
		}
	}
	w.key("    path: ", path)
	w.key("\n    formatter: ", class)
	w.buf = append(w.buf, '\n')
	w.flush()
	return w.err
}

func appendID(dst []byte, id dataset.ID) []byte {
	dst = append(dst, uuidTag+" '"...)
	dst = append(dst, id.String()...)
	return append(dst, "'\n"...)
}

// Member writes a dataset of a TAGGED collection, or of a CALIBRATION collection with its validity range. Those of one collection and range that
// come one after the other go together.
func (w *Writer) Member(in *dataset.Collection, span dimension.Timespan, id dataset.ID) error {
	item := "members " + in.Name
	if w.open != item || in.Kind == dataset.Calibration && w.span != span {
		if w.open != item {
			w.begin("associations")
			w.key("  collection: ", in.Name)
			w.key("\n  collection_type: ", in.Kind.String())
			if in.Kind == dataset.Calibration {
				w.buf = append(w.buf, "\n  validity_ranges:\n"...)
			} else {
				w.buf = append(w.buf, "\n  dataset_ids:\n"...)
			}
		}
		if w.open, w.span = item, span; in.Kind == dataset.Calibration {
			w.buf = appendTime(append(w.buf, "  - timespan: "+timespanTag+"\n      begin: "...), span.Begin, dimension.MinTime)
			w.buf = appendTime(append(w.buf, "\n      end: "...), span.End, dimension.MaxTime)
			w.buf = append(w.buf, "\n    dataset_ids:\n"...)
		}
	}
	lead := "  - "
	if in.Kind == dataset.Calibration {
		lead = "    - "
	}
	w.buf = appendID(append(w.buf, lead...), id)
	w.flush()
	return w.err
}

// Close writes what is left. The text below it stays open.
func (w *Writer) Close() error {
	if !w.any {
		w.buf = append(w.buf, " []\n"...)
		w.flush()
	}
	if w.err != nil {
		return w.err
	}
	return w.to.Flush()
}
