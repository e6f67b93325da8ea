package tasks

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"valet/tasks/python"
)

// statementClass is the config class on which the golden statements were executed.
func statementClass() *ConfigClass {
	return &ConfigClass{
		Name: "mymod.C",
		Fields: []Field{
			{Name: "target", Kind: StringField},
			{Name: "i", Kind: IntField, Default: int64(1)},
			{Name: "f", Kind: FloatField, Default: 1.0},
			{Name: "b", Kind: BoolField, Default: true},
			{Name: "md", Kind: StringListField, Default: []Value{"a"}},
			{Name: "connections.package", Kind: TemplateField},
			{Name: "connections.labelName", Kind: TemplateField, Default: ""},
		},
	}
}

func statementEnv() python.Env {
	files := map[string]string{
		"ov.py":      "config.target=\"ov\"\n",
		"sub/ov2.py": "config.target=\"loaded\"\nconfig.load(\"ov3.py\")\n",
		"ov3.py":     "config.target=\"cwd3\"\n",
		"sub/ov3.py": "config.target=\"sub3\"\n",
	}
	return python.Env{
		Parameter: func(name string) (Value, bool) {
			v, ok := map[string]Value{"a": "pa", "n": int64(7), "l": []Value{"p", "q"}}[name]
			return v, ok
		},
		Getenv: func(name string) (string, bool) {
			v, ok := map[string]string{"VALET_TEST": "vt", "VALET_DIR": "sub"}[name]
			return v, ok
		},
		Read: func(path string) ([]byte, error) {
			if text, ok := files[path]; ok {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		},
	}
}

// statementCase is a text of statements and what the real pex_config made of it: the fields that are not as by default, or the class
// of the error. Refused texts work there, but need Python.
type statementCase struct {
	Text    string            `json:"text"`
	Config  map[string]string `json:"config,omitempty"`
	Error   string            `json:"error,omitempty"`
	Refused bool              `json:"refused,omitempty"`
}

func statementCases(t testing.TB) []statementCase {
	data, err := os.ReadFile("testdata/statements.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var all []statementCase
	for line := range bytes.Lines(data) {
		var c statementCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func TestStatementsLikePexConfig(t *testing.T) {
	plain := NewConfig(statementClass())
	for _, c := range statementCases(t) {
		config := NewConfig(statementClass())
		err := config.Exec("x.py", 1, c.Text, statementEnv())
		var unsupported *python.UnsupportedError
		if refused := errors.As(err, &unsupported); refused != c.Refused {
			t.Errorf("%q: refused %v (%v)", c.Text, refused, err)
			continue
		}
		if c.Refused {
			if h, ok := err.(interface{ Hint() string }); !ok || !strings.Contains(h.Hint(), "Python tools") {
				t.Errorf("%q: no hint", c.Text)
			}
			continue
		}
		if err != nil {
			var e *python.ExecError
			if !errors.As(err, &e) {
				t.Fatalf("%q: %T", c.Text, err)
			}
			class := e.ClassName()
			if class = class[strings.LastIndexByte(class, '.')+1:]; class != c.Error {
				t.Errorf("%q: %s %v, want %q", c.Text, class, err, c.Error)
			}
			continue
		}
		if c.Error != "" {
			t.Errorf("%q: no error, want %s", c.Text, c.Error)
			continue
		}
		got := map[string]string{}
		for _, f := range config.Class().Fields {
			if v := config.Get(f.Name); !python.Equal(v, plain.Get(f.Name)) {
				got[f.Name] = python.Repr(v)
			}
		}
		if diff := cmp.Diff(c.Config, got); diff != "" && len(c.Config)+len(got) > 0 {
			t.Errorf("%q: %s", c.Text, diff)
		}
	}
}
