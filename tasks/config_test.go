package tasks

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"valet/tasks/python"
)

// timeMethod is a config class like upstream's of the same name.
func timeMethod() *ConfigClass {
	return &ConfigClass{
		Name:    "lsst.verify.tasks.commonMetrics.TimeMethodMetricConfig",
		Aliases: []string{"lsst.verify.tasks.commonMetrics.MemoryMetricConfig"},
		Imports: []string{"lsst.pipe.base.config"},
		Fields: []Field{
			{Name: "saveLogOutput", Kind: BoolField, Default: true, Doc: "Keep the log."},
			{Name: "saveMetadata", Kind: BoolField, Default: true, Doc: "Keep the metadata.", Unsaved: true},
			{Name: "connections.measurement", Kind: StringField, Default: "metricvalue_{package}_{metric}", Doc: "Output."},
			{Name: "connections.metadata", Kind: StringField, Default: "{labelName}_metadata", Doc: "Input."},
			{Name: "connections.package", Kind: TemplateField, Doc: "Template."},
			{Name: "connections.metric", Kind: TemplateField, Doc: "Template."},
			{Name: "connections.labelName", Kind: TemplateField, Default: "", Doc: "Template."},
			{Name: "metadataDimensions", Kind: StringListField, Default: []Value{"detector", "instrument", "visit"}, Doc: "Dimensions\nof the input."},
			{Name: "target", Kind: StringField, Doc: "The method."},
		},
		Objects: []string{"sys", "Datum"},
		Check: func(c *Config) error {
			if strings.Contains(c.Get("connections.package").(string), ".") {
				return errors.New("package name must not contain periods")
			}
			return nil
		},
	}
}

// numbers is a config class with fields of the kinds that metric tasks do not have.
func numbers() *ConfigClass {
	return &ConfigClass{
		Name: "mymod.C",
		Fields: []Field{
			{Name: "i", Kind: IntField, Default: int64(1)},
			{Name: "f", Kind: FloatField, Default: int64(1)},
			{Name: "s", Kind: StringField, Optional: true},
			{Name: "b", Kind: BoolField, Default: true},
			{Name: "l", Kind: StringListField, Default: []Value{"a"}},
			{Name: "connections.t", Kind: TemplateField},
		},
	}
}

// TestSet holds what the real fields took and refused.
func TestSet(t *testing.T) {
	big70 := new(big.Int).Lsh(big.NewInt(1), 70)
	huge := new(big.Int).Lsh(big.NewInt(1), 2000)
	for _, c := range []struct {
		field string
		value Value
		want  string // the repr, or the error
	}{
		{"i", int64(1), "1"},
		{"i", true, "1"},
		{"i", 1.0, "Field 'i' failed validation: Value 1.0 is of incorrect type float. Expected type int"},
		{"i", "5", "Field 'i' failed validation: Value 5 is of incorrect type str. Expected type int"},
		{"i", nil, "None"},
		{"i", []Value{int64(1)}, "Field 'i' failed validation: Value [1] is of incorrect type list. Expected type int"},
		{"i", big70, "1180591620717411303424"},
		{"f", int64(1), "1.0"},
		{"f", true, "1.0"},
		{"f", 1.5, "1.5"},
		{"f", "5", "Field 'f' failed validation: Value 5 is of incorrect type str. Expected type float"},
		{"f", big70, "1.1805916207174113e+21"},
		{"f", huge, "Field 'f' failed validation: int too large to convert to float"},
		{"f", complex(1, 0), "Field 'f' failed validation: Value (1+0j) is of incorrect type complex. Expected type float"},
		{"s", int64(1), "Field 's' failed validation: Value 1 is of incorrect type int. Expected type str"},
		{"s", true, "Field 's' failed validation: Value True is of incorrect type bool. Expected type str"},
		{"s", "5", "'5'"},
		{"s", nil, "None"},
		{"s", python.Bytes("x"), "Field 's' failed validation: Value b'x' is of incorrect type bytes. Expected type str"},
		{"s", python.Ellipsis{}, "Field 's' failed validation: Value Ellipsis is of incorrect type ellipsis. Expected type str"},
		{"b", int64(1), "Field 'b' failed validation: Value 1 is of incorrect type int. Expected type bool"},
		{"b", false, "False"},
		{"l", int64(1), "ListField 'l' failed validation: Value 1 is of incorrect type int. Sequence type expected"},
		{"l", "instrument", "['i', 'n', 's', 't', 'r', 'u', 'm', 'e', 'n', 't']"},
		{"l", "", "[]"},
		{"l", nil, "None"},
		{"l", Tuple{"a", "b"}, "['a', 'b']"},
		{"l", python.Set{"a"}, "['a']"},
		{"l", &Mapping{Pairs: []python.Pair{{Key: "a", Value: int64(1)}}}, "['a']"},
		{"l", []Value{"a", int64(1)}, "ListField 'l' failed validation: Item at position 1 with value 1 is of incorrect type int. Expected str"},
		{"l", []Value{"a", nil}, "['a', None]"},
		{"l", []Value{[]Value{"a"}}, "ListField 'l' failed validation: Item at position 0 with value ['a'] is of incorrect type list. Expected str"},
		{"l", python.Bytes("ab"), "ListField 'l' failed validation: Item at position 0 with value 97 is of incorrect type int. Expected str"},
		{"l", 5.0, "ListField 'l' failed validation: Value 5.0 is of incorrect type float. Sequence type expected"},
		{"connections.t", "a", "'a'"},
		{"connections.t", int64(5), "'5'"},
		{"connections.t", 1.5, "'1.5'"},
		{"connections.t", true, "'True'"},
		{"connections.t", nil, "'None'"},
		{"connections.t", 1e20, "'1e+20'"},
		{"connections.t", math.Inf(1), "'inf'"},
		{"connections.t", complex(1, 2), "'(1+2j)'"},
		{"connections.t", big70, "'1180591620717411303424'"},
		{"connections.t", []Value{"a"}, "TemplateField 'connections.t' failed validation: Value ['a'] is of incorrect type list. Expected type str or a number"},
		{"connections.foo", "x", "lsst.pipe.base.config.CConnections has no attribute foo"},
		{"connections", "x", "ConfigField 'connections' failed validation: Value x is of incorrect type str. Expected lsst.pipe.base.config.CConnections"},
		{"connections.t.x", "x", "'str' object has no attribute 'x'"},
		{"l.x", "x", "ListField 'l' failed validation: lsst.pex.config.listField.ListField has no attribute x"},
		{"s.x", "x", "'NoneType' object has no attribute 'x'"},
		{"zz", "x", "mymod.C has no attribute zz"},
		{"zz.a", "x", "'C' object has no attribute 'zz'"},
		{"", "x", "mymod.C has no attribute "},
		{"a b", "x", "mymod.C has no attribute a b"},
		{"__class__", "x", "mymod.C has no attribute __class__"},
	} {
		config := NewConfig(numbers())
		got := ""
		if err := config.Set(c.field, c.value); err != nil {
			got = err.Error()
		} else {
			got = python.Repr(config.Get(c.field))
		}
		if got != c.want {
			t.Errorf("%s = %s: %s, want %s", c.field, python.Repr(c.value), got, c.want)
		}
	}
}

func TestErrorClasses(t *testing.T) {
	for _, c := range []struct {
		field string
		value Value
		class string
	}{
		{"i", "x", "lsst.pex.config.config.FieldValidationError"},
		{"connections", "x", "lsst.pex.config.config.FieldValidationError"},
		{"l.x", "x", "lsst.pex.config.config.FieldValidationError"},
		{"zz", "x", "AttributeError"},
		{"connections.zz", "x", "AttributeError"},
		{"connections.t", []Value{}, "TypeError"},
		{"f", new(big.Int).Lsh(big.NewInt(1), 2000), "OverflowError"},
	} {
		err := NewConfig(numbers()).Set(c.field, c.value)
		var f *FieldError
		if !errors.As(err, &f) || f.ClassName() != c.class {
			t.Errorf("%s: %#v, want %s", c.field, err, c.class)
		}
	}
}

// TestSetText holds what pipetask made of the strings of config pairs.
func TestSetText(t *testing.T) {
	for _, c := range []struct{ field, text, want string }{
		{"target", "a.run", "'a.run'"},
		{"target", "diaPipe:sub.run", "'diaPipe:sub.run'"},
		{"target", "5", "Field 'target' failed validation: Value 5 is of incorrect type int. Expected type str"},
		{"target", "True", "Field 'target' failed validation: Value True is of incorrect type bool. Expected type str"},
		{"target", "-x", "''"},
		{"target", "'5'", "'5'"},
		{"target", "sys", "Field 'target' failed validation: Value sys is of incorrect type object. Expected type str"},
		{"target", "config", "Field 'target' failed validation: Value config is of incorrect type object. Expected type str"},
		{"target", "None", "None"},
		{"saveLogOutput", "False", "False"},
		{"saveLogOutput", "0", "Field 'saveLogOutput' failed validation: Value 0 is of incorrect type int. Expected type bool"},
		{"metadataDimensions", "['a', b]", "['a', 'b']"},
		{"metadataDimensions", "instrument,visit", "['instrument', 'visit']"},
		{"metadataDimensions", "visit", "['v', 'i', 's', 'i', 't']"},
		{"connections.metric", "4.50", "'4.5'"},
		{"connections.metric", "sys", "TemplateField 'connections.metric' failed validation: Value sys is of incorrect type object. Expected type str or a number"},
		{"connections.metadata", "{labelName}_metadata", "'{labelName}_metadata'"},
	} {
		config := NewConfig(timeMethod())
		got := ""
		if err := config.SetText(c.field, c.text); err != nil {
			got = err.Error()
		} else {
			got = python.Repr(config.Get(c.field))
		}
		if got != c.want {
			t.Errorf("%s=%s: %s, want %s", c.field, c.text, got, c.want)
		}
	}
}

func TestSetPairConvertsOneLevel(t *testing.T) {
	c := NewConfig(timeMethod())
	pair := []Value{"a", "-x", "'5'"}
	if err := c.SetPair("metadataDimensions", pair); err != nil {
		t.Fatal(err)
	}
	if got := python.Repr(c.Get("metadataDimensions")); got != "['a', '', '5']" {
		t.Error(got)
	}
	if pair[1] != "-x" {
		t.Error("the pair was changed")
	}
	if err := c.SetPair("metadataDimensions", []Value{"5"}); err == nil || !strings.Contains(err.Error(), "position 0 with value 5 is of incorrect type int") {
		t.Error(err)
	}
	if err := c.SetPair("metadataDimensions", &Mapping{Pairs: []python.Pair{{Key: "b", Value: "5"}}}); err != nil {
		t.Error(err)
	}
	if err := c.SetPair("target", "'x'"); err != nil || c.Get("target") != "x" {
		t.Error(err, c.Get("target"))
	}
	if err := c.SetPair("saveLogOutput", false); err != nil || c.Get("saveLogOutput") != false {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	c := NewConfig(timeMethod())
	err := c.Validate()
	if err == nil || err.Error() != "Field 'target' failed validation: Required value cannot be None" {
		t.Fatal(err)
	}
	for field, v := range map[string]Value{"target": "x", "connections.package": "a.b"} {
		if err := c.Set(field, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "periods") {
		t.Error("the class's check was not run:", err)
	}
	if err := c.Set("connections.package", "a"); err != nil {
		t.Error("frozen by a failed validation:", err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if err := c.Set("connections.package", "b"); err == nil || err.Error() != "TemplateField 'connections.package' failed validation: Cannot modify a frozen Config" {
		t.Error(err)
	}
	if err := c.Set("zz", "b"); err == nil || !strings.Contains(err.Error(), "has no attribute zz") {
		t.Error(err)
	}
	list := NewConfig(timeMethod())
	if err := errors.Join(list.Set("target", "x"), list.Set("metadataDimensions", nil)); err != nil {
		t.Fatal(err)
	}
	if err := list.Validate(); err == nil || err.Error() != "ListField 'metadataDimensions' failed validation: Required value cannot be None" {
		t.Error(err)
	}
}

func TestHints(t *testing.T) {
	for text, hint := range map[string]string{"5": "quotes within the quotes", "sys": "quotes within the quotes"} {
		err := NewConfig(timeMethod()).SetText("target", text)
		var f *FieldError
		if !errors.As(err, &f) || !strings.Contains(f.Hint(), hint) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for wrong, near := range map[string]string{
		"targt": "target", "Target": "target", "package": "connections.package", "connections.metrik": "connections.metric",
		"connections.label": "connections.labelName", "metadataDimension": "metadataDimensions", "saveLogoutput": "saveLogOutput", "bogus": "",
	} {
		err := NewConfig(timeMethod()).Set(wrong, "x")
		var f *FieldError
		if !errors.As(err, &f) {
			t.Fatal(err)
		}
		if f.Near != near || near != "" && !strings.Contains(f.Hint(), near) {
			t.Errorf("%s: near %q, hint %q, want %q", wrong, f.Near, f.Hint(), near)
		}
	}
}

// statements of a saved config without its comments.
func statements(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// savedConfigs are the config datasets of the golden run.
func savedConfigs(t testing.TB) map[string]string {
	data, err := os.ReadFile("../testdata/run/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var run struct {
		Datasets []struct{ Type, StorageClass, Text string }
	}
	if err := json.Unmarshal(data, &run); err != nil {
		t.Fatal(err)
	}
	configs := map[string]string{}
	for _, d := range run.Datasets {
		if d.StorageClass == "Config" {
			configs[d.Type] = d.Text
		}
	}
	if len(configs) == 0 {
		t.Fatal("no configs in the golden run")
	}
	return configs
}

func pipelineTiming() *ConfigClass {
	return &ConfigClass{
		Name:    "lsst.ap.pipe.metrics.PipelineTimingMetricConfig",
		Imports: []string{"lsst.pipe.base.config"},
		Fields: []Field{
			{Name: "saveLogOutput", Kind: BoolField, Default: true},
			{Name: "connections.measurement", Kind: StringField, Default: "metricvalue_{package}_{metric}"},
			{Name: "connections.metadataStart", Kind: StringField, Default: "{labelStart}_metadata"},
			{Name: "connections.metadataEnd", Kind: StringField, Default: "{labelEnd}_metadata"},
			{Name: "connections.package", Kind: TemplateField, Default: "ap_pipe"},
			{Name: "connections.metric", Kind: TemplateField, Default: "ApPipelineTime"},
			{Name: "connections.labelStart", Kind: TemplateField, Default: ""},
			{Name: "connections.labelEnd", Kind: TemplateField, Default: ""},
			{Name: "targetStart", Kind: StringField},
			{Name: "targetEnd", Kind: StringField},
		},
	}
}

func TestSavedFormOfTheGoldenRun(t *testing.T) {
	classes := []*ConfigClass{timeMethod(), pipelineTiming()}
	for name, text := range savedConfigs(t) {
		i := slices.IndexFunc(classes, func(c *ConfigClass) bool { return strings.Contains(text, " is "+c.Name+",") })
		if i < 0 {
			t.Errorf("%s: unknown class", name)
			continue
		}
		c, err := ParseSaved(classes[i], []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := string(c.AppendSaved(nil))
		if diff := cmp.Diff(statements(text), statements(got)); diff != "" {
			t.Errorf("%s: (-upstream +valet)\n%s", name, diff)
		}
		again, err := ParseSaved(classes[i], []byte(got))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if d := c.Differences(again); len(d) > 0 {
			t.Errorf("%s: %v", name, d)
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSavedForm(t *testing.T) {
	c := NewConfig(timeMethod())
	for field, v := range map[string]Value{"target": "it's \"q\" é\n", "saveMetadata": false, "metadataDimensions": []Value{"visit", nil}} {
		if err := c.Set(field, v); err != nil {
			t.Fatal(err)
		}
	}
	want := `import lsst.verify.tasks.commonMetrics
assert type(config) is lsst.verify.tasks.commonMetrics.TimeMethodMetricConfig, f"config is of type {type(config).__module__}.{type(config).__name__} instead of lsst.verify.tasks.commonMetrics.TimeMethodMetricConfig"

import lsst.pipe.base.config
# Keep the log.
config.saveLogOutput=True

# Output.
config.connections.measurement='metricvalue_{package}_{metric}'

# Input.
config.connections.metadata='{labelName}_metadata'

# Template.
config.connections.package='None'

# Template.
config.connections.metric='None'

# Template.
config.connections.labelName=''

# Dimensions
# of the input.
config.metadataDimensions=['visit', None]

# The method.
config.target='it\'s "q" é\n'

`
	if diff := cmp.Diff(want, string(c.AppendSaved([]byte{}))); diff != "" {
		t.Error(diff)
	}
}

func TestSavedFloats(t *testing.T) {
	for _, f := range []float64{0, math.Copysign(0, -1), 1, 1e-5, 1e16, 1e15, 123456789012345680, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, 5e-324} {
		c := NewConfig(numbers())
		if err := c.Set("f", f); err != nil {
			t.Fatal(err)
		}
		text := c.AppendSaved(nil)
		back, err := ParseSaved(c.Class(), text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if got := back.Get("f").(float64); got != f && !(math.IsNaN(got) && math.IsNaN(f)) || math.Signbit(got) != math.Signbit(f) {
			t.Errorf("%v read back as %v", f, got)
		}
	}
}

func TestParseSavedRefuses(t *testing.T) {
	head := "import mymod\nassert type(config) is mymod.C, f\"config is of type {type(config).__module__} instead of mymod.C\"\n"
	for name, text := range map[string]string{
		"another class":  strings.ReplaceAll(head, "mymod.C", "mymod.D"),
		"unknown field":  head + "config.zz=1\n",
		"wrong type":     head + "config.i='x'\n",
		"statement":      head + "for x in y: pass\n",
		"other field":    head + "config.i=config.j\n",
		"not UTF-8":      head + "config.s='\xff'\n",
		"cut off":        head + "config.s='abc",
		"code in a call": head + "config.i=__import__('os').system('true')\n",
	} {
		_, err := ParseSaved(numbers(), []byte(text))
		var s *SavedError
		if !errors.As(err, &s) || s.Hint() == "" || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{"empty": "", "no head": "config.i=5\n", "head only": head} {
		if _, err := ParseSaved(numbers(), []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDifferences holds what upstream logged.
func TestDifferences(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	list := func(items ...Value) Value { return append([]Value{}, items...) }
	for _, c := range []struct {
		field    string
		new, old Value
		want     []string
	}{
		{"s", "a", "b", []string{"s: 'a' != 'b'"}},
		{"s", "a", "a", nil},
		{"s", nil, "b", []string{"s: None != 'b'"}},
		{"i", int64(1), int64(2), []string{"i: 1 != 2"}},
		{"i", int64(1), nil, []string{"i: 1 != None"}},
		{"b", false, true, []string{"b: False != True"}},
		{"f", 1.0, 1.00000001, nil},
		{"f", 1.0, 1.1, []string{"f: 1.0 != 1.1"}},
		{"f", 0.0, 9e-9, nil},
		{"f", 0.0, 1.1e-8, []string{"f: 0.0 != 1.1e-08"}},
		{"f", nil, 0.0, []string{"f: None != 0.0"}},
		{"f", nan, nan, nil},
		{"f", nan, 1.0, []string{"f: nan != 1.0"}},
		{"f", inf, inf, nil},
		{"f", inf, -inf, []string{"f: inf != -inf"}},
		{"f", inf, 1e300, []string{"f: inf != 1e+300"}},
		{"f", 1e300, inf, []string{"f: 1e+300 != inf"}},
		{"l", list("a"), list("b"), []string{"l[0]: 'a' != 'b'"}},
		{"l", list("a"), list("a", "b"), []string{"l (len): 1 != 2"}},
		{"l", nil, list("a", "b"), []string{"l: None != ['a', 'b']"}},
		{"l", list("a", "c"), list("b", "d"), []string{"l[0]: 'a' != 'b'", "l[1]: 'c' != 'd'"}},
		{"connections.t", "a", "b", []string{"connections.t: 'a' != 'b'"}},
	} {
		x, y := NewConfig(numbers()), NewConfig(numbers())
		if err := errors.Join(x.Set(c.field, c.new), y.Set(c.field, c.old)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, x.Differences(y)); diff != "" {
			t.Errorf("%s %v %v: %s", c.field, c.new, c.old, diff)
		}
	}
	if d := NewConfig(numbers()).Differences(NewConfig(timeMethod())); len(d) != 1 || !strings.Contains(d[0], "config types do not match") {
		t.Error(d)
	}
	x, y := NewConfig(timeMethod()), NewConfig(timeMethod())
	if err := x.Set("saveMetadata", false); err != nil {
		t.Fatal(err)
	}
	if d := x.Differences(y); len(d) > 0 {
		t.Error("a field that is not saved was compared:", d)
	}
}

// TestGoldenTaskConfigs sets the configs of the golden tasks that have no Python check of their own.
func TestGoldenTaskConfigs(t *testing.T) {
	data, err := os.ReadFile("../testdata/tasks/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var g struct {
			ID, Task, Outcome, Error string
			Config                   map[string]any
		}
		if err := json.Unmarshal(line, &g); err != nil {
			t.Fatal(err)
		}
		class := timeMethod()
		if g.Task == "PipelineTimingMetricTask" {
			class = pipelineTiming()
		}
		err := setAll(NewConfig(class), g.Config)
		switch {
		case g.Outcome == "config_error" && strings.HasPrefix(g.Error, "ValueError"):
			// The check for periods belongs to the class.
		case g.Outcome != "config_error":
			if err != nil {
				t.Errorf("%s: %v", g.ID, err)
			}
		default:
			var f *FieldError
			if !errors.As(err, &f) {
				t.Errorf("%s: %v, want %s", g.ID, err, g.Error)
			} else if got := f.ClassName()[strings.LastIndexByte(f.ClassName(), '.')+1:] + ": " + f.Error(); got != g.Error {
				t.Errorf("%s: %s, want %s", g.ID, got, g.Error)
			}
		}
	}
}

// setAll sets the fields as the golden cases were made, and validates.
func setAll(c *Config, fields map[string]any) error {
	flat := map[string]any{}
	for name, v := range fields {
		if group, ok := v.(map[string]any); ok {
			for inner, v := range group {
				flat[name+"."+inner] = v
			}
			continue
		}
		flat[name] = v
	}
	for name, v := range flat {
		if f, ok := v.(float64); ok && f == math.Trunc(f) {
			v = int64(f)
		}
		if list, ok := v.([]any); ok {
			v = []Value(list)
		}
		if err := c.Set(name, v); err != nil {
			return err
		}
	}
	return c.Validate()
}

func BenchmarkAppendSaved(b *testing.B) {
	c := NewConfig(timeMethod())
	var buf []byte
	for b.Loop() {
		buf = c.AppendSaved(buf[:0])
	}
}
