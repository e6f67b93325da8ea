package python

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// fields is a target that takes everything.
type fields map[string]Value

func (f fields) Get(name string) (Value, error) {
	v, ok := f[name]
	if !ok {
		return nil, &OperationError{"AttributeError", "no field " + name}
	}
	return v, nil
}

func (f fields) Set(name string, v Value) error {
	if name == "refused" {
		return &OperationError{"AttributeError", "no field refused"}
	}
	f[name] = v
	return nil
}

func TestExecErrorsSayWhere(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"statement", "# c\nconfig.a = 1\nfor x in y:\n  pass\n", "f.py:12: for x in y:: column 1: the statement for needs Python"},
		{"in brackets", "config.a = [\n  1,\n  f(2),\n]\n", "f.py:10: config.a = [: column 3: a call of f needs Python"},
		{"syntax in brackets", "config.a = [\n  1,\n  $,\n]\n", "f.py:12: $,: column 3: invalid character '$'"},
		{"indentation", "config.a = 1\n  config.b = 2\n", "f.py:11: config.b = 2: column 3: unexpected indent"},
		{"after a docstring", "\"\"\"doc\nmore\"\"\"\nx = 1\n", "f.py:12: x = 1: column 1: an assignment to the name x needs Python"},
		{"after a continued line", "config.a = \\\n 1\nx = 1\n", "f.py:12: x = 1: column 1: an assignment to the name x needs Python"},
		{"target", "config.a = 1; config.refused = 2", "f.py:10: config.a = 1; config.refused = 2: no field refused"},
		{"characters count", "config.a = 'é'; $", "f.py:10: config.a = 'é'; $: column 17: invalid character '$'"},
		{"open bracket", "config.a = (\n\n", "f.py:10: config.a = (: column 12: '(' was never closed"},
		{"open string", "config.a = 'x", "f.py:10: config.a = 'x: column 12: unterminated string literal"},
		{"null", "config.a = 1\n\x00", "f.py:11: \x00: column 1: text holds a null byte"},
		{"encoding", "config.a = 1\n# \xff", "f.py:11: # �: column 3: text is not UTF-8"},
	} {
		err := Exec("f.py", 10, c.text, fields{}, Env{})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
}

func TestExecLongStatementIsShortened(t *testing.T) {
	err := Exec("f.py", 1, "x = '"+strings.Repeat("é", 5000)+"'", fields{}, Env{})
	if err == nil || len(err.Error()) > 300 || !strings.Contains(err.Error(), "…") {
		t.Error(err)
	}
}

func TestLoadedFilesKeepTheirPlace(t *testing.T) {
	env := Env{Path: "/a/b.py", Read: func(path string) ([]byte, error) {
		if path != "/a/c/d.py" {
			return nil, fmt.Errorf("no file %s", path)
		}
		return []byte("\nconfig.f = __file__\nx = 1\n"), nil
	}}
	target := fields{}
	err := Exec("b.yaml", 7, "config.load('c/d.py')", target, env)
	var e *ExecError
	if !errors.As(err, &e) || e.File != "/a/c/d.py" || e.Line != 3 || target["f"] != "/a/c/d.py" {
		t.Error(err, target)
	}
	err = Exec("b.yaml", 7, "pass\nconfig.load('none.py')", target, env)
	if err == nil || err.Error() != "b.yaml:8: config.load('none.py'): load '/a/none.py': no file /a/none.py" {
		t.Error(err)
	}
}

func TestLoadWithoutEndStops(t *testing.T) {
	for name, text := range map[string]string{"chain": "config.load('x')", "tree": "config.load('x')\nconfig.load('x')\n"} {
		loads := 0
		err := Exec("f", 1, text, fields{}, Env{Read: func(string) ([]byte, error) { loads++; return []byte(text), nil }})
		var e *ExecError
		if !errors.As(err, &e) || e.ClassName() != "RecursionError" || loads > maxLoads {
			t.Error(name, loads, err)
		}
	}
	// Many loads side by side end too.
	deep := 0
	err := Exec("f", 1, strings.Repeat("config.load('x')\n", 2*maxLoads), fields{}, Env{Read: func(string) ([]byte, error) { deep++; return nil, nil }})
	if err == nil || deep != maxLoads {
		t.Error(deep, err)
	}
}

func TestDoublingIsBounded(t *testing.T) {
	for _, text := range []string{"config.l += config.l\n", "config.l.extend(config.l)\n", "config.s += config.s\n", "config.s = config.s + config.s\n", "config.u = config.u + config.u\n"} {
		target := fields{"l": []Value{"a"}, "s": "a", "u": Tuple{"a"}}
		err := Exec("f", 1, strings.Repeat(text, 100), target, Env{})
		var e *ExecError
		if !errors.As(err, &e) || e.ClassName() != "MemoryError" {
			t.Error(text, err)
		}
	}
}

// TestLongText makes sure that odd long texts cost no more than their length: each would take minutes or the stack otherwise.
func TestLongText(t *testing.T) {
	const n = 50_000
	for name, text := range map[string]string{
		"attributes":  "a" + strings.Repeat(".a", n),
		"sum":         "'a'" + strings.Repeat("+'a'", n),
		"names":       strings.Repeat("a,", n),
		"calls":       "a" + strings.Repeat("()", n),
		"indices":     "a" + strings.Repeat("[1]", n),
		"minus":       strings.Repeat("-", n) + "1",
		"not":         strings.Repeat("not ", n) + "1",
		"or":          "1" + strings.Repeat(" or 1", n),
		"comparisons": "1" + strings.Repeat("<1", n),
		"brackets":    strings.Repeat("[", n),
		"strings":     strings.Repeat("'a'", n),
		"set":         "{" + strings.Repeat("1,", n) + "}",
		"dict":        "{" + strings.Repeat("a:1,", n) + "}",
		"hex":         "0x" + strings.Repeat("f", n),
		"digits":      strings.Repeat("9", n),
		"fraction":    "0." + strings.Repeat("9", n),
		"exponent":    "1e" + strings.Repeat("9", n),
		"underscores": strings.Repeat("1_", n),
		"newlines":    strings.Repeat("\n", n),
		"comments":    strings.Repeat("#\n", n),
		"backslashes": strings.Repeat("\\\n", n),
		"quotes":      strings.Repeat("'", n),
		"escapes":     "'" + strings.Repeat(`\u00e9`, n) + "'",
		"import":      "import a" + strings.Repeat(".a", n),
		"statements":  strings.Repeat("config.a=1;", n),
		"appends":     strings.Repeat("config.l.append('a');", n),
	} {
		v, err := Expression(text, nil)
		if err == nil {
			_ = Repr(v)
		}
		_ = Exec("f", 1, text, fields{"l": []Value{}}, Env{})
		_ = Exec("f", 1, "config.a = "+text, fields{}, Env{})
		if c, err := ParseContract(text); err == nil {
			_, _ = c.Eval(func(Reference) (Value, error) { return "a", nil })
			_ = c.References()
		} else if len(err.Error()) > 1000 && name != "attributes" && name != "calls" {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}
