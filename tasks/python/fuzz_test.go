package python

import "testing"

func FuzzExpression(f *testing.F) {
	for _, c := range expressionCases(f) {
		f.Add(c.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := Expression(text, moduleNames)
		if err != nil {
			return
		}
		_ = Repr(v)
		_ = truth(v)
		if !Equal(v, v) && TypeName(v) != "float" && TypeName(v) != "complex" {
			// Only NaN differs from itself; it has no literal, but infinity times zero has.
			if c := Repr(v); !containsNaN(c) {
				t.Errorf("%q is not equal to itself", c)
			}
		}
	})
}

func containsNaN(s string) bool {
	for i := range len(s) - 2 {
		if s[i:i+3] == "nan" {
			return true
		}
	}
	return false
}

func FuzzExec(f *testing.F) {
	for _, text := range []string{
		"config.a = 1\n", "config.a += ['x']\n", "config.a.append('x')\n", "import os\nconfig.a = os.path.join('a', os.environ['X'])\n",
		"import m\nassert type(config) is m.C, f\"config {type(config)}\"\n", "config.load('x')\n", "\"\"\"doc\"\"\"\npass; config.a = (\n1,)\n",
		"from a.b import (c as d, e,)\nfrom f import *\n", "config.f=float('nan')\n", "config.a = f'{{}}' 'b' \\\n r'c'\n", "config.a = -1_000 + 2\n",
		"# c\n\n  # d\nconfig.b.remove('a')\n", "if x:\n  y\n", "config.a.b.c = {'a': {1, 2}, None: ...}\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := Exec("f.py", 1, text, fields{"a": "x", "b": []Value{"a"}}, Env{
			Classes: []string{"m.C"}, Path: "f.py",
			Parameter: func(string) (Value, bool) { return "p", true },
			Getenv:    func(string) (string, bool) { return "e", true },
			Read:      func(string) ([]byte, error) { return []byte(text), nil },
		})
		if err != nil {
			_, _ = err.Error(), err.(*ExecError).Hint()
		}
	})
}

func FuzzContract(f *testing.F) {
	for _, c := range contractCases(f) {
		f.Add(c.Contract)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseContract(text)
		if err != nil {
			return
		}
		_ = c.References()
		_, _ = c.Eval(lookupGolden)
	})
}
