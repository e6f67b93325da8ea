package formatter

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// goldenYAML is a line of testdata/yaml.jsonl: a text that PyYAML wrote ("dump"), that it reads ("load") or that it refuses
// ("error"), and the value. Floats are {"f": text}, lists {"l": [...]}, mappings {"m": [[key, value], ...]}.
type goldenYAML struct {
	Kind, Text string
	Value      any
}

func loadYAML(t testing.TB) []goldenYAML {
	t.Helper()
	file, err := os.Open("testdata/yaml.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var out []goldenYAML
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c goldenYAML
		d := json.NewDecoder(strings.NewReader(lines.Text()))
		d.UseNumber()
		if err := d.Decode(&c); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

// decodeGolden makes a value of the golden form.
func decodeGolden(x any) Value {
	switch x := x.(type) {
	case json.Number:
		n, _ := x.Int64()
		return n
	case map[string]any:
		if f, ok := x["f"].(string); ok {
			v, _ := strconv.ParseFloat(f, 64)
			return v
		}
		if l, ok := x["l"].([]any); ok {
			out := []Value{}
			for _, e := range l {
				out = append(out, decodeGolden(e))
			}
			return out
		}
		out := Mapping{}
		for _, e := range x["m"].([]any) {
			pair := e.([]any)
			out = append(out, Member{pair[0].(string), decodeGolden(pair[1])})
		}
		return out
	}
	return x
}

// show is a text that is equal for equal values, NaN included.
func show(v Value) string {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) {
			return "nan"
		}
		return "f" + strconv.FormatFloat(v, 'g', -1, 64)
	case []Value:
		out := "["
		for _, x := range v {
			out += show(x) + ","
		}
		return out + "]"
	case Mapping:
		out := "{"
		for _, m := range v {
			out += strconv.Quote(m.Key) + ":" + show(m.Value) + ","
		}
		return out + "}"
	case string:
		return strconv.Quote(v)
	}
	return fmt.Sprint(v)
}

func TestYAMLAgainstPyYAML(t *testing.T) {
	same, different := 0, 0
	for _, c := range loadYAML(t) {
		got, err := ParseYAML([]byte(c.Text))
		if c.Kind == "error" {
			var ye *YAMLError
			if !errors.As(err, &ye) {
				t.Errorf("%q: got %s %v, want an error", c.Text, show(got), err)
			}
			continue
		}
		want := decodeGolden(c.Value)
		if strings.Contains(show(want), `"DATE"`) {
			continue
		}
		if err != nil || show(got) != show(want) {
			t.Errorf("%q: got %s %v, want %s", c.Text, show(got), err, show(want))
			continue
		}
		written, err := AppendYAML(nil, want)
		if err != nil {
			t.Errorf("%s: %v", show(want), err)
			continue
		}
		if again, err := ParseYAML(written); err != nil || show(again) != show(want) {
			t.Errorf("%s written as %q, which reads as %s %v", show(want), written, show(again), err)
		}
		if c.Kind == "dump" {
			if string(written) == c.Text {
				same++
			} else {
				different++
				if testing.Verbose() {
					t.Logf("differs:\n%q\n%q", written, c.Text)
				}
			}
		}
	}
	// Texts of several lines and over-long lines are laid out differently.
	if different*4 > same {
		t.Errorf("%d files equal PyYAML's, %d differ", same, different)
	}
}

func TestPackages(t *testing.T) {
	files, err := filepath.Glob("../../testdata/run/before/u/sci/*/packages/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := ParsePackages(text)
		if err != nil || len(p) < 5 {
			t.Errorf("%s: %d packages, %v", name, len(p), err)
		}
		if got := string(AppendPackages(nil, p)); got != string(text) {
			t.Errorf("%s comes out differently:\n%s", name, got)
		}
	}
	const valet = "!<lsst.utils.packages.Packages>\nb: 1.2.3\nnumpy: '2.0'\nvalet: v0.1\n"
	if got := string(AppendPackages(nil, Packages{"valet": "v0.1", "numpy": "2.0", "b": "1.2.3"})); got != valet {
		t.Errorf("got %q", got)
	}
	if got, err := ParsePackages(AppendPackages(nil, nil)); err != nil || len(got) != 0 {
		t.Errorf("no packages: %v %v", got, err)
	}
	if got, err := ParsePackages([]byte("a: 3.20\n")); err != nil || got["a"] != "3.20" {
		t.Errorf("without quotes and tag: %v %v", got, err)
	}
	for name, bad := range map[string]string{"empty": "", "list": "[a]", "tag": "!<x.Y>\na: b\n", "nested": "a: {b: c}", "pickle": "\x80\x04", "broken": "{a"} {
		var pe *PackagesError
		if _, err := ParsePackages([]byte(bad)); !errors.As(err, &pe) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestYAMLBomb(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 10; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	for name, text := range map[string]string{"aliases": bomb, "depth": strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "itself": "&a [*a]"} {
		var ye *YAMLError
		if _, err := ParseYAML([]byte(text)); !errors.As(err, &ye) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzYAML(f *testing.F) {
	for _, c := range loadYAML(f) {
		f.Add([]byte(c.Text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := ParseYAML(text)
		if err != nil {
			return
		}
		written, err := AppendYAML(nil, v)
		if err != nil {
			return
		}
		again, err := ParseYAML(written)
		if err != nil || show(again) != show(v) {
			t.Errorf("%q is %s; written as %q it is %s %v", text, show(v), written, show(again), err)
		}
	})
}

func FuzzPackages(f *testing.F) {
	f.Add([]byte("!<lsst.utils.packages.Packages>\na: '1'\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePackages(text)
		if err != nil {
			return
		}
		again, err := ParsePackages(AppendPackages(nil, p))
		if err != nil || len(again) != len(p) {
			t.Fatalf("%q: %v, and again %v %v", text, p, again, err)
		}
		for k, v := range p {
			if again[k] != v {
				t.Errorf("%q: %q is %q, and again %q", text, k, v, again[k])
			}
		}
	})
}
