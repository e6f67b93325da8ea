package metric

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// file makes a MetricValue file; pairs replace its lines.
func file(pairs ...string) string {
	text := "!<lsst.verify.Measurement>\nmetric: p.m\nidentifier: x\nvalue: 1.5\nunit: s\nnotes: {}\nblobs: []\n"
	for i := 0; i < len(pairs); i += 2 {
		text = regexp.MustCompile(`(?m)^`+pairs[i]+`: .*\n`).ReplaceAllLiteralString(text, pairs[i]+": "+pairs[i+1]+"\n")
	}
	return text
}

func datum(value, unit string) string {
	return "[!<lsst.verify.Blob> {identifier: b, name: p.m, data: {k: !<lsst.verify.Datum> {value: " + value + ", unit: " + unit + ", label: null, description: null}}}]"
}

// TestRefused: each refusal has upstream's class (metrics.md 1.3).
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, class string }{
		"value null":             {file("value", "null"), "TypeError"},
		"value map":              {file("value", "{}"), "TypeError"},
		"value date":             {file("value", "2026-08-01"), "TypeError"},
		"value binary":           {file("value", "!!binary aGk="), "TypeError"},
		"value text":             {file("value", "abc"), "TypeError"},
		"value other unit":       {file("value", "5 byte"), "UnitConversionError"},
		"value unknown unit":     {file("value", "0o17"), "ValueError"},
		"value huge":             {file("value", "1"+strings.Repeat("0", 400)), "OverflowError"},
		"value bad octal":        {file("value", "!!int 08"), "ValueError"},
		"value ragged":           {file("value", "[[1, 2], [3]]"), "ValueError"},
		"value mixed":            {file("value", "[1.5, [2]]"), "ValueError"},
		"value list of text":     {file("value", "['1']"), "TypeError"},
		"value list of nulls":    {file("value", "[null]"), "TypeError"},
		"value deep list":        {file("value", strings.Repeat("[", 70)+strings.Repeat("]", 70)), "ValueError"},
		"unit null":              {file("unit", "~"), "TypeError"},
		"unit list":              {file("unit", "[s]"), "TypeError"},
		"unit unknown":           {file("unit", "seconds"), "ValueError"},
		"unit zero":              {file("unit", "0"), "UnitScaleError"},
		"unit off":               {file("unit", "off"), "UnitScaleError"},
		"unit logarithmic":       {file("unit", "mag(AB)"), "UnitTypeError"},
		"metric of three":        {file("metric", "a.b.c"), "TypeError"},
		"metric number":          {file("metric", "5"), "AttributeError"},
		"notes list":             {file("notes", "[]"), "AttributeError"},
		"notes key":              {file("notes", "{1: x}"), "AttributeError"},
		"notes itself":           {file("notes", "&n {a: *n}"), "ConstructorError"},
		"notes value sign":       {file("notes", "{a: =}"), "ConstructorError"},
		"blobs number":           {file("blobs", "5"), "TypeError"},
		"blobs of maps":          {file("blobs", "[{name: x}]"), "TypeError"},
		"blob without data":      {file("blobs", "[!<lsst.verify.Blob> {identifier: b, name: n}]"), "KeyError"},
		"blob name":              {file("blobs", "[!<lsst.verify.Blob> {identifier: b, name: null, data: {}}]"), "TypeError"},
		"blob data list":         {file("blobs", "[!<lsst.verify.Blob> {identifier: b, name: n, data: [1]}]"), "TypeError"},
		"datum self":             {file("blobs", strings.Replace(datum("1", "s"), "k:", "self:", 1)), "TypeError"},
		"datum name":             {file("blobs", strings.Replace(datum("1", "s"), "k:", "name:", 1)), "TypeError"},
		"datum no unit":          {file("blobs", datum("1.5", "null")), "ValueError"},
		"datum list no unit":     {file("blobs", datum("[1]", "null")), "ValueError"},
		"datum bad unit":         {file("blobs", datum("1.5", "foo")), "ValueError"},
		"datum date":             {file("blobs", datum("2026-08-01", "s")), "TypeError"},
		"datum label":            {file("blobs", strings.Replace(datum("1", "s"), "label: null", "label: 1", 1)), "AssertionError"},
		"shorthand tag":          {strings.Replace(file(), "!<lsst.verify.Measurement>", "!lsst.verify.Measurement", 1), "ConstructorError"},
		"two documents":          {file() + "---\n" + file(), "ComposerError"},
		"text behind the end":    {file() + "...\nx", "ParserError"},
		"tab as indent":          {strings.Replace(file(), "notes: {}", "notes:\n\ta: b", 1), "ScannerError"},
		"control character":      {file("notes", "{a: \x07}"), "ReaderError"},
		"not UTF-8":              {file("notes", "{a: \xff}"), "ReaderError"},
		"version 2":              {"%YAML 2.0\n--- " + file(), "ParserError"},
		"comment only":           {"# nothing\n", "ValueError"},
		"null":                   {"null\n", "ValueError"},
		"date":                   {"2026-08-01\n", "TypeError"},
		"untagged with unit":     {"{metric: p.m, unit: s}\n", "TypeError"},
		"untagged key number":    {"{1: p.m}\n", "TypeError"},
		"untagged without name":  {"{quantity: 5}\n", "TypeError"},
		"untagged text quantity": {"{metric: p.m, quantity: '5'}\n", "TypeError"},
		"name of three":          {"a.b.c\n", "TypeError"},
		"set":                    {"!!set {a}\n", "AttributeError"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseMeasurement([]byte(c.text))
			if classOf(err) != c.class {
				t.Errorf("got %+v, %v (%s); want %s", m, err, classOf(err), c.class)
			}
			if h, ok := err.(interface{ Hint() string }); !ok || h.Hint() == "" {
				t.Errorf("no hint for %v", err)
			}
		})
	}
}

// TestAccepted: what is read, as it is written again.
func TestAccepted(t *testing.T) {
	extras := "blobs:\n- !<lsst.verify.Blob>\n  identifier: eeeeeeeeeeee4eeeaeeeeeeeeeeeeeee\n  name: p.m\n  data: {}\n"
	written := func(pairs ...string) string {
		return strings.Replace(file(pairs...), "blobs: []\n", extras, 1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"octal":              {file("value", "017"), written("value", "15.0")},
		"sexagesimal":        {file("value", "12:30:45"), written("value", "45045.0")},
		"binary":             {file("value", "-0b101"), written("value", "-5.0")},
		"text with unit":     {file("value", "'2.5 min'"), written("value", "150.0")},
		"text in percent":    {file("value", "5 %", "unit", "''"), written("value", "0.05", "unit", "''")},
		"true":               {file("value", "On"), written("value", "1.0")},
		"big integer":        {file("value", "100000000000000000000"), written("value", "1.0e+20")},
		"scale unit":         {file("unit", "5"), written("unit", "'5'")},
		"unit true":          {file("unit", "yes"), written("unit", "''")},
		"null notes":         {file("notes", "null"), written()},
		"empty blobs":        {file("blobs", "{}"), written()},
		"prefix once":        {file("notes", "{a: 1, p.m.b: 2, p.mc: 3, p.m.a: 4}"), written("notes", "\n  p.m.a: 4\n  p.m.b: 2\n  p.m.p.mc: 3")},
		"dates":              {file("notes", "{a: 2026-08-01, b: 2026-08-01T02:00:00.5Z}"), written("notes", "\n  p.m.a: 2026-08-01\n  p.m.b: 2026-08-01 02:00:00.500000+00:00")},
		"shared note":        {file("notes", "{a: &x [1], b: *x}"), written("notes", "\n  p.m.a: &id001\n  - 1\n  p.m.b: *id001")},
		"merge":              {file("notes", "{<<: {a: 1, b: 2}, a: 3}"), written("notes", "\n  p.m.a: 3\n  p.m.b: 2")},
		"long key":           {file("notes", "{"+strings.Repeat("k", 120)+": 1}"), written("notes", "\n  ? p.m."+strings.Repeat("k", 120)+"\n  : 1")},
		"identifier integer": {file("identifier", "12345678901234567890123456789012"), written("identifier", "12345678901234567890123456789012")},
		"identifier as text": {file("identifier", "'0x10'"), written("identifier", "'0x10'")},
		"document end":       {file() + "...\n", written()},
		"directive":          {"%TAG ! lsst.verify.\n---\n" + strings.Replace(file(), "!<lsst.verify.Measurement>", "!Measurement", 1), written()},
		"UTF-16":             {utf16File(file()), written()},
		"datum ignores unit": {file("blobs", datum("text", "foo")), strings.Replace(written(), "  identifier: eeeeeeeeeeee4eeeaeeeeeeeeeeeeeee\n  name: p.m\n  data: {}", "  identifier: b\n  name: p.m\n  data:\n    k: !<lsst.verify.Datum>\n      value: text\n      unit: ''\n      label: null\n      description: null", 1)},
		"datum array":        {file("blobs", datum("[[1, true], [null, 2.5]]", "kB")), strings.Replace(written(), "  identifier: eeeeeeeeeeee4eeeaeeeeeeeeeeeeeee\n  name: p.m\n  data: {}", "  identifier: b\n  name: p.m\n  data:\n    k: !<lsst.verify.Datum>\n      value:\n      - - 1.0\n        - 1.0\n      - - .nan\n        - 2.5\n      unit: kbyte\n      label: null\n      description: null", 1)},
		"untagged quantity":  {"{metric: p.m, quantity: 5, notes: {a: 1}}", strings.Replace(written("identifier", "ffffffffffff4fffbfffffffffffffff", "value", "5.0", "unit", "''", "notes", "\n  p.m.a: 1"), "", "", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Reader{Random: &made{[]byte{0xe, 0xf}}}.Parse([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.AppendYAML(nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.ReplaceAll(c.want, "notes: \n", "notes:\n"), string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func utf16File(s string) string {
	out := "\xff\xfe"
	for i := range len(s) {
		out += s[i:i+1] + "\x00"
	}
	return out
}

func TestNoQuantity(t *testing.T) {
	text := []byte(file("value", "null", "unit", "null"))
	if _, err := ParseMeasurement(text); classOf(err) != "TypeError" {
		t.Errorf("got %v, want a TypeError as upstream's", err)
	}
	m, err := Reader{NoQuantity: true}.Parse(text)
	if err != nil || m.Quantity != nil {
		t.Fatalf("got %+v, %v", m, err)
	}
	if _, err := (Reader{NoQuantity: true}).Parse([]byte(file("value", "null"))); classOf(err) != "TypeError" {
		t.Errorf("null with a unit: got %v", err)
	}
}

func TestWarnings(t *testing.T) {
	for value, want := range map[string]string{"017": "octal", "1:30": "sexagesimal", "'5'": "text", "yes": "truth", "5": "", "0": "", "-0.5": ""} {
		got := ""
		_, err := Reader{Warn: func(line int, problem string) {
			if line == 4 {
				got = problem
			}
		}}.Parse([]byte(file("value", value)))
		if err != nil || (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, %v; want %q", value, got, err, want)
		}
	}
}

func TestErrorsNamePlaces(t *testing.T) {
	_, err := ParseMeasurement([]byte(file("unit", "KB")))
	if want := `read a measurement: line 5, column 7: "KB" is not a unit: no unit is called "KB"`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if hint := err.(*ReadError).Hint(); hint != `did you mean "kbyte" or "Kibyte"?` {
		t.Errorf("got hint %s", hint)
	}
}

// A repeated list of lists cannot be blown up into an array.
func TestArrayBomb(t *testing.T) {
	for _, seed := range []string{"[]", "[1]"} {
		list := "&a0 " + seed
		for i := range 25 {
			n := string(rune('a' + i))
			list = "&" + n + "x [" + list + ", " + strings.Repeat("*"+map[bool]string{true: "a0", false: string(rune('a'+i-1)) + "x"}[i == 0]+" , ", 3) + "]"
		}
		if _, err := ParseMeasurement([]byte(file("value", list))); classOf(err) != "MemoryError" {
			t.Errorf("%s: got %v", seed, err)
		}
	}
}

// TestTaskFiles reads and writes the files of the golden task cases, and makes them anew.
func TestTaskFiles(t *testing.T) {
	f, err := os.Open("../../testdata/tasks/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var c struct {
			ID          string
			Measurement struct{ YAML string }
		}
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		want := c.Measurement.YAML
		if want == "" {
			continue
		}
		m, err := ParseMeasurement([]byte(want))
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
			continue
		}
		got, err := m.AppendYAML(nil)
		if err != nil || string(got) != want {
			t.Errorf("%s: got\n%s%v, want\n%s", c.ID, got, err, want)
		}
		name, err := m.Name()
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := New(name, *m.Quantity, m.Notes, m.Extras(), &made{[]byte{0xc, 0xd}})
		if err != nil {
			t.Fatal(err)
		}
		id, blobID := "cccccccccccc4ccc8ccccccccccccccc", "dddddddddddd4ddd9ddddddddddddddd"
		got, err = fresh.AppendYAML(nil)
		if want := strings.NewReplacer(strings.Repeat("a", 32), id, strings.Repeat("b", 32), blobID).Replace(want); err != nil || string(got) != want {
			t.Errorf("%s: made anew: %v, -want +got:\n%s", c.ID, err, cmp.Diff(want, string(got)))
		}
	}
}

func TestEqual(t *testing.T) {
	parse := func(pairs ...string) *Measurement {
		m, err := ParseMeasurement([]byte(file(pairs...)))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	a := parse()
	for name, c := range map[string]struct {
		b    *Measurement
		want bool
	}{
		"same": {parse(), true}, "other identifier": {parse("identifier", "y"), true}, "other unit": {parse("value", "1500", "unit", "ms"), true},
		"near": {parse("value", "1.500001"), true}, "far": {parse("value", "1.6"), false}, "other kind": {parse("unit", "byte"), false},
		"other metric": {parse("metric", "p.n"), false}, "notes": {parse("notes", "{a: 1}"), false}, "array": {parse("value", "[1.5]"), false}, "NaN": {parse("value", ".nan"), false},
	} {
		if a.Equal(c.b) != c.want || c.b.Equal(a) != c.want {
			t.Errorf("%s: not %v", name, c.want)
		}
	}
	notes := parse("notes", "{a: 1, b: [true, {x: 2}], c: text}")
	if !notes.Equal(parse("notes", "{c: text, b: [1.0, {x: 2}], a: true}")) || notes.Equal(parse("notes", "{a: 1, b: [true, {x: 3}], c: text}")) || parse("value", ".nan").Equal(parse("value", ".nan")) {
		t.Error("notes or NaN compare wrongly")
	}
}

func TestAppendYAMLString(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("word ", 30))
	for s, want := range map[string]string{"plain": "plain", "": "''", "yes": "'yes'", "é": `"\xE9"`, long: strings.Repeat("word ", 16) + "word\n    " + strings.TrimSpace(strings.Repeat("word ", 13))} {
		if got := string(AppendYAMLString([]byte("  k: "), s, 5, 2)); got != "  k: "+want && s != long {
			t.Errorf("got %q, want %q", got, want)
		} else if s == long && !strings.Contains(got, "\n    word") {
			t.Errorf("got %q", got)
		}
	}
}

func FuzzParseMeasurement(f *testing.F) {
	index := goldenIndex(f)
	for name := range index {
		text, err := os.ReadFile(goldenDir + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ParseMeasurement(text)
		if err != nil {
			classOf(err)
			return
		}
		written, err := m.AppendYAML(nil)
		if err != nil || m.Quantity == nil || strings.Contains(string(written), "!!python/tuple") {
			return // not writable, or not readable in upstream's form
		}
		again, err := ParseMeasurement(written)
		if err != nil {
			// A unit's text does not carry sizes beyond a float's range.
			if strings.Contains(err.Error(), "is not a unit") || m.Metric == "None.None.None" {
				return
			}
			t.Fatalf("%v in\n%s", err, written)
		}
		if q := m.Quantity.Value; !m.Equal(again) && q == q && m.Quantity.Unit.def().scale == again.Quantity.Unit.def().scale && !strings.Contains(string(written), ".nan") {
			t.Fatalf("%+v became %+v through\n%s", m, again, written)
		}
		twice, err := again.AppendYAML(nil)
		if err != nil || string(twice) != string(written) {
			t.Fatalf("%s became\n%s, %v", written, twice, err)
		}
	})
}

func benchmarkMeasurement(b *testing.B) *Measurement {
	m, err := New(Name{Package: "ap_association", Metric: "DiaForcedSourceMemory"}, Q(182992896, Byte), []Note{{"estimator", "utils.timer.timeMethod"}}, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

func BenchmarkAppendYAML(b *testing.B) {
	m := benchmarkMeasurement(b)
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		var err error
		if buf, err = m.AppendYAML(buf[:0]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
}

func BenchmarkNewAndAppendYAML(b *testing.B) {
	b.ReportAllocs()
	extras := []Entry{{"start", Text("2026-08-01T02:00:00.000000+00:00")}, {"end", Text("2026-08-01T02:00:02.750000+00:00")}}
	notes := []Note{{"estimator", "utils.timer.timeMethod"}}
	name := Name{Package: "ap_association", Metric: "DiaForcedSourceTime"}
	var buf []byte
	for b.Loop() {
		m, err := New(name, Q(2.75, Second), notes, extras, nil)
		if err != nil {
			b.Fatal(err)
		}
		if buf, err = m.AppendYAML(buf[:0]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
}

func BenchmarkParseMeasurement(b *testing.B) {
	text, err := benchmarkMeasurement(b).AppendYAML(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseMeasurement(text); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
}
