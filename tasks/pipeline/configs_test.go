package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"valet/tasks"
)

// resolveOne resolves a pipeline of one MemoryMetricTask a with the given config in flow style.
func resolveOne(t *testing.T, f files, config, more string, actions ...Action) (*Resolved, []string, error) {
	t.Helper()
	var warnings []string
	if f == nil {
		f = files{}
	}
	f["p.yaml"] = "description: P\ntasks:\n  a:\n    class: $M\n    config: " + config + "\n" + more
	l := f.loader(&warnings)
	p, err := l.Load("p.yaml")
	if err != nil {
		return nil, nil, err
	}
	if err := l.Apply(p, actions); err != nil {
		return nil, nil, err
	}
	r, err := p.Resolve(l.Table, Options{Read: l.Read, Getenv: l.Getenv, Warn: l.Warn})
	return r, warnings, err
}

func TestConfigs(t *testing.T) {
	for _, c := range []struct {
		name, config, more string
		files              files
		actions            []Action
		field              string
		want               tasks.Value
		class, err, warn   string
	}{
		{name: "files, then python, then pairs", config: "{target: pair, python: \"config.target = 'python'\\nconfig.connections.metric = 'python'\", file: [f.py, g.py]}",
			files: files{"f.py": "config.target = 'f'\nconfig.connections.package = 'f'\nconfig.connections.labelName = 'f'\nconfig.connections.metric = 'f'\n",
				"g.py": "config.connections.package = 'g'\n"}, want: "pair"},
		{name: "python over files", config: "{target: a, python: config.connections.metric = 'python', file: f.py}", files: files{"f.py": "config.connections.metric = 'f'\n"},
			field: "connections.metric", want: "python"},
		{name: "later entries over earlier", config: "[{target: a}, {target: b}]", want: "b"},
		{name: "command line over YAML, in order", config: "{target: a}", actions: []Action{{SetConfig, "a:target=b"}, {ConfigFile, "a:f.py"}, {SetConfig, "a:connections.metric=q"}},
			files: files{"f.py": "config.target = 'f'\n"}, want: "f"},
		{name: "variable in a file name", config: "{file: $HERE/f.py}", files: files{"here/f.py": "config.target = 'x'\n"}, want: "x"},
		{name: "null file", config: "{file: null, python: null, target: x}", want: "x"},
		{name: "null dataId", config: "{dataId: null, target: x}", want: "x"},
		{name: "dotted text", config: "{target: a.run}", want: "a.run"},
		{name: "text with colon", config: "{target: 'diaPipe:sub.run'}", want: "diaPipe:sub.run"},
		{name: "minus text", config: "{target: '-x'}", want: ""},
		{name: "bool text", config: "{target: x, saveLogOutput: 'False'}", field: "saveLogOutput", want: false},
		{name: "yaml bool", config: "{target: x, saveLogOutput: no}", field: "saveLogOutput", want: false},
		{name: "list", config: "{target: x, metadataDimensions: [instrument, exposure, detector]}", field: "metadataDimensions", want: "[instrument exposure detector]"},
		{name: "list as text", config: "{target: x}", actions: []Action{{SetConfig, `a:metadataDimensions=["instrument","visit"]`}}, field: "metadataDimensions", want: "[instrument visit]"},
		{name: "parameter", config: "{target: parameters.p}", more: "parameters: {p: a.run}\n", want: "a.run"},
		{name: "parameter with a period", config: "{target: parameters.a.b}", more: "parameters: {a.b: zz}\n", want: "zz"},
		{name: "parameter list", config: "{target: x, metadataDimensions: parameters.d}", more: "parameters: {d: [instrument]}\n", field: "metadataDimensions", want: "[instrument]"},
		{name: "parameter inside a list stays", config: "{target: x, connections.metric: x_parameters.p, metadataDimensions: [parameters.d]}", more: "parameters: {d: instrument}\n",
			field: "metadataDimensions", class: "ValueError", err: "connections.metric"},
		{name: "parameter of a parameter stays", config: "{target: parameters.p}", more: "parameters: {p: parameters.q, q: x}\n", want: "parameters.q"},
		{name: "unknown parameter", config: "{target: parameters.qq}", more: "parameters: {q: x}\n", want: "parameters.qq", warn: `p.yaml:5:14: the pipeline has no parameter "qq"`},
		{name: "parameter in python", config: "{python: config.target = parameters.p}", more: "parameters: {p: x}\n", want: "x"},
		{name: "parameter of the command line", config: "{target: x, connections.metric: parameters.p}", actions: []Action{{SetConfig, "parameters:p=5"}}, field: "connections.metric", want: "5"},
		{name: "unset package", config: "{target: x}", field: "connections.package", want: "None"},

		{name: "number for a text", config: "{target: 5}", class: "FieldValidationError", err: "p.yaml:5:14: task a: Field 'target' failed validation: Value 5 is of incorrect type int"},
		{name: "number text for a text", config: "{target: '5'}", class: "FieldValidationError", err: "incorrect type int"},
		{name: "bool text for a text", config: "{target: 'True'}", class: "FieldValidationError", err: "incorrect type bool"},
		{name: "date for a text", config: "{target: 2020-01-01}", class: "FieldValidationError", err: "incorrect type"},
		{name: "object for a text", config: "{target: sys}", class: "FieldValidationError", err: "Expected type str"},
		{name: "number for a bool", config: "{target: x, saveLogOutput: 0}", class: "FieldValidationError", err: "p.yaml:5:25"},
		{name: "unset", config: "{connections.metric: m}", class: "FieldValidationError", err: "p.yaml:3:3: task a: Field 'target' failed validation: Required value cannot be None"},
		{name: "set to null", config: "{target: null}", class: "FieldValidationError", err: "p.yaml:5:14"},
		{name: "period in the package", config: "{target: x, connections.package: a.b}", class: "ValueError", err: "p.yaml:5:25: task a: connections.package must not have periods"},
		{name: "period in the metric", config: "{target: x, connections.metric: 4.5}", class: "ValueError", err: "connections.metric must not have periods"},
		{name: "unknown field", config: "{targt: x}", class: "AttributeError", err: `did you mean "target"?`},
		{name: "unknown field on the command line", config: "{target: x}", actions: []Action{{SetConfig, "a:targt=x"}}, class: "AttributeError", err: "-c a:targt=x: task a:"},
		{name: "dataId", config: "{dataId: {visit: 1}, target: x}", class: "NotImplementedError", err: "p.yaml:5:13: task a: a config for some data IDs"},
		{name: "empty dataId", config: "{dataId: {}, target: x}", class: "NotImplementedError", err: "data IDs"},
		{name: "missing file", config: "{file: f.py}", class: "FileNotFoundError", err: "p.yaml:5:20: task a: read config file f.py"},
		{name: "unknown variable in a file name", config: "{file: $NO/f.py}", class: "FileNotFoundError", err: "$NO/f.py"},
		{name: "statement that needs Python", config: "{target: x, file: f.py}", files: files{"f.py": "import os\nfor x in y:\n  pass\n"}, err: "f.py:2", class: "NotImplementedError"},
		{name: "python block at fault", config: "\n    - target: x\n    - python: |\n        config.target = 'x'\n        config.targt = 'y'\n", class: "AttributeError", err: "p.yaml:9: config.targt = 'y'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, warnings, err := resolveOne(t, c.files, c.config, c.more, c.actions...)
			if c.class != "" {
				wantError(t, err, c.class, c.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			field := c.field
			if field == "" {
				field = "target"
			}
			if got := r.Tasks[0].Config.Get(field); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s is %v, want %v", field, got, c.want)
			}
			if c.warn != "" && !slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, c.warn) }) {
				t.Errorf("warnings %q have not %q", warnings, c.warn)
			}
			if c.warn == "" && len(warnings) > 0 {
				t.Errorf("warnings %q", warnings)
			}
		})
	}
}

func TestContracts(t *testing.T) {
	const p = "description: P\ntasks:\n  a: {class: $C, config: {connections.inp: a, connections.out: b}}\n  c: {class: $C, config: {connections.inp: q, connections.out: r, text: x}}\n"
	for _, c := range []struct{ contracts, class, err string }{
		{contracts: "a.connections.inp == 'a'"},
		{contracts: "a.connections.inp == c.connections.out or True"},
		{contracts: "'1'"},
		{contracts: "a.connections.ConnectionsClass(config=a).out.name == 'b'"},
		{contracts: "a.text is None and c.text is not None"},
		{contracts: "{contract: c.text == 'y', msg: say x}", class: "ContractError", err: "p.yaml:5:12: Contract(s) 'c.text == 'y'' were not satisfied: say x"},
		{contracts: "[a.connections.inp == 'a', c.text == 'y', c.text == 'z']", class: "ContractError", err: "p.yaml:5:39: Contract(s) 'c.text == 'y'' were not satisfied"},
		{contracts: "not True", class: "ContractError", err: "not True"},
		{contracts: "aa == 1", class: "NameError", err: `name 'aa' is not defined`},
		{contracts: "c.tex == 1", class: "AttributeError", err: `did you mean "text"?`},
		{contracts: "a.connections.ConnectionsClass(config=a).outt.name == 'b'", class: "AttributeError", err: `did you mean "out"?`},
		{contracts: "a.text ==", class: "SyntaxError", err: "p.yaml:5:12: contract"},
		{contracts: "len(a.text) == 1", class: "NotImplementedError", err: "needs Python"},
		{contracts: "a.text < 1", class: "TypeError", err: "p.yaml:5:12"},
	} {
		t.Run(c.contracts, func(t *testing.T) {
			l := files{"p.yaml": p + "contracts: " + c.contracts + "\n"}.loader(nil)
			p, err := l.Load("p.yaml")
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Resolve(l.Table, Options{})
			if c.class != "" {
				wantError(t, err, c.class, c.err)
			} else if err != nil {
				t.Error(err)
			}
			if _, err := p.Resolve(l.Table, Options{IgnoreContracts: true}); err != nil {
				t.Error("contracts are not ignored:", err)
			}
		})
	}
}
