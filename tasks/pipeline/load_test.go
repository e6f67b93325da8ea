package pipeline

import (
	"strings"
	"testing"
)

// a.yaml of the import tests.
const imported = `description: A
tasks:
  a: {class: $M, config: {target: a}}
  b: {class: $M, config: {target: b, connections.metric: bm}}
  c: {class: $T, config: {target: c}}
subsets:
  ab: {subset: [b, a], description: d}
  cs: [c]
  all: [a, b, c]
steps:
- {label: all, dimensions: [visit, detector]}
contracts:
- a.target == 'a'
- b.target == 'b'
- contract: c.target == aa.target
  msg: hi
`

const (
	taskA = "a=MemoryMetricTask(target:a)"
	taskB = "b=MemoryMetricTask(target:b,metric:bm)"
	taskC = "c=TimingMetricTask(target:c)"
)

// What the real stack gave for every case of this table is what is wanted here.
func TestLoad(t *testing.T) {
	const d = "description: P\n"
	for _, c := range []struct {
		name, text string
		files      files
		want       string // summary
		class, err string // or the error
	}{
		{name: "unknown keys are ignored", text: d + "tasks: {}\nfoo: {bar: 1}\n"},
		{name: "null tasks", text: d + "tasks:\n"},
		{name: "null description", text: "description: null\ntasks: {}\n"},
		{name: "both forms of a task", text: d + "tasks: {a: $M, b: {class: $T, foo: 1}}\n", want: "a=MemoryMetricTask() b=TimingMetricTask()"},
		{name: "config list", text: d + "tasks: {a: {class: $M, config: [{target: x}, {file: f.py, python: 'pass', target: y}, {}]}}\n",
			want: "a=MemoryMetricTask(target:x|<f.py>!target:y|)"},
		{name: "config null", text: d + "tasks: {a: {class: $M, config: null}}\n", want: "a=MemoryMetricTask()"},
		{name: "merge keys", text: d + "x: &x {class: $M}\ntasks: {a: {<<: *x, config: {target: b}}}\n", want: "a=MemoryMetricTask(target:b)"},
		{name: "keys of equal values and other texts", text: d + "tasks: {}\nx: {8: a, 010: b}\n"},
		{name: "yaml 1.1 values", text: d + "tasks: {a: {class: $M, config: {a: no, b: 1:30, c: 017, d: 1e3, e: 1_000, f: [yes, '1'], g: 2020-01-01}}}\n",
			want: "a=MemoryMetricTask(a:false,b:90,c:15,d:1e3,e:1000,f:[true 1],g:{2020-01-01})"},
		{name: "parameters", text: d + "tasks: {}\nparameters: {p: 1, 2: [x]}\n", want: "$p=1 $2=[x]"},
		{name: "one contract", text: d + "tasks: {a: $M}\ncontracts: a.target == 1\n", want: "a=MemoryMetricTask() {a.target == 1}"},
		{name: "subset of one text", text: d + "tasks: {a: $M}\nsubsets: {s: a}\n", want: "a=MemoryMetricTask() s[a]"},
		{name: "subset with a label twice", text: d + "tasks: {a: $M}\nsubsets: {s: [a, a]}\n", want: "a=MemoryMetricTask() s[a]"},
		{name: "empty subset", text: d + "tasks: {a: $M}\nsubsets: {s: []}\n", want: "a=MemoryMetricTask() s[]"},
		{name: "instrument None", text: d + "tasks: {}\ninstrument: None\n"},
		{name: "instrument", text: d + "tasks: {}\ninstrument: a.B\n", want: "@a.B"},
		{name: "inherits null", text: d + "tasks: {}\ninherits:\n"},

		{name: "empty file", class: "TypeError", err: "no pipeline"},
		{name: "a list", text: "- a", class: "ValueError", err: "a pipeline is a mapping with a description"},
		{name: "no description", text: "tasks: {}", class: "ValueError", err: "p.yaml: a pipeline must be declared with a description"},
		{name: "no tasks", text: d, class: "ValueError", err: "one or more tasks"},
		{name: "tasks is a list", text: d + "tasks: [a]\n", class: "AttributeError", err: "p.yaml:2:8: tasks must be a mapping"},
		{name: "task null", text: d + "tasks: {a: null}\n", class: "AttributeError", err: "p.yaml:2:12: task a: a task is a class name"},
		{name: "task list", text: d + "tasks: {a: [x]}\n", class: "AttributeError", err: "task a"},
		{name: "task without class", text: d + "tasks: {a: {config: {}}}\n", class: "KeyError", err: "has no class"},
		{name: "class is a number", text: d + "tasks: {a: {class: 3}}\n", class: "TypeError", err: "quotes"},
		{name: "label is a bool", text: d + "tasks: {on: $M}\n", class: "TypeError", err: "put quotes around it: 'on'"},
		{name: "label parameters", text: d + "tasks: {parameters: $M}\n", class: "ValueError", err: "reserved"},
		{name: "config is a text", text: d + "tasks: {a: {class: $M, config: abc}}\n", class: "AttributeError", err: "a config entry is a mapping"},
		{name: "config entry null", text: d + "tasks: {a: {class: $M, config: [null]}}\n", class: "AttributeError", err: "this is empty"},
		{name: "field is a number", text: d + "tasks: {a: {class: $M, config: {1: 2}}}\n", class: "TypeError", err: "field name"},
		{name: "file is a number", text: d + "tasks: {a: {class: $M, config: {file: 2}}}\n", class: "TypeError", err: "file must be a text"},
		{name: "python is a list", text: d + "tasks: {a: {class: $M, config: {python: [a]}}}\n", class: "TypeError", err: "python block"},
		{name: "instrument list", text: d + "tasks: {}\ninstrument: [a]\n", class: "ValueError", err: "only one"},
		{name: "inherits", text: d + "tasks: {}\ninherits: a\n", class: "ValueError", err: "use the key 'imports'"},
		{name: "subset singular", text: d + "tasks: {}\nsubset: {}\nsubsets: {}\n", class: "ValueError", err: "add an s"},
		{name: "parameters is a list", text: d + "tasks: {}\nparameters: []\n", class: "ValueError", err: "must be a mapping"},
		{name: "parameters null", text: d + "tasks: {}\nparameters:\n", class: "ValueError", err: "must be a mapping"},
		{name: "contracts null", text: d + "tasks: {}\ncontracts:\n", class: "TypeError", err: "contracts"},
		{name: "contract without expression", text: d + "tasks: {}\ncontracts: [{msg: a}]\n", class: "TypeError", err: `no key "contract"`},
		{name: "contract with another key", text: d + "tasks: {}\ncontracts: [{contract: a, mgs: a}]\n", class: "TypeError", err: `did you mean "msg"?`},
		{name: "subsets null", text: d + "tasks: {a: $M}\nsubsets:\n", class: "AttributeError", err: "subsets"},
		{name: "subset null", text: d + "tasks: {a: $M}\nsubsets: {s: null}\n", class: "ValueError", err: `subset "s"`},
		{name: "subset of unknown label", text: d + "tasks: {aaaa: $M}\nsubsets: {s: [aaab]}\n", class: "ValueError", err: `did you mean "aaaa"?`},
		{name: "subset of a subset", text: d + "tasks: {a: $M}\nsubsets: {s: [a], t: [s]}\n", class: "ValueError", err: `label "s" of subset "t"`},
		{name: "subset named as a task", text: d + "tasks: {a: $M}\nsubsets: {a: [a]}\n", class: "ValueError", err: "label of a task"},
		{name: "subset mapping without subset", text: d + "tasks: {a: $M}\nsubsets: {s: {description: x}}\n", class: "ValueError", err: "key 'subset'"},
		{name: "subset number", text: d + "tasks: {a: $M}\nsubsets: {s: 3}\n", class: "ValueError", err: "subset s"},
		{name: "step of no subset", text: d + "tasks: {a: $M}\nsubsets: {s: [a]}\nsteps: [{label: a, dimensions: []}]\n", class: "ValueError", err: "not declared to be a labeled subset"},
		{name: "step twice", text: d + "tasks: {a: $M}\nsubsets: {s: [a]}\nsteps: [{label: s, dimensions: []}, {label: s, dimensions: []}]\n", class: "ValueError", err: "declared twice"},
		{name: "step with another key", text: d + "tasks: {}\nsteps: [{label: s, dimensions: [], foo: 1}]\n", class: "TypeError", err: `no key "foo"`},
		{name: "step without dimensions", text: d + "tasks: {}\nsteps: [{label: s}]\n", class: "TypeError", err: `no key "dimensions"`},
		{name: "key twice", text: d + "tasks: {}\ntasks: {}\n", class: "KeyError", err: `p.yaml:3:1: key "tasks" appears more than once`},
		{name: "key twice deep inside", text: d + "tasks:\n  a:\n    class: $M\n    config: {x: 1, x: 2}\n", class: "KeyError", err: "p.yaml:5:20:"},
		{name: "key twice in what is ignored", text: d + "tasks: {}\nx: [{a: {b: 1, b: 1}}]\n", class: "KeyError", err: `"b"`},
		{name: "key twice by merging", text: d + "x: &x {class: $M}\ntasks: {a: {<<: *x, class: $T}}\n", class: "KeyError", err: `"class"`},
		{name: "two documents", text: d + "tasks: {}\n---\na: b\n", class: "ComposerError", err: "second document"},
		{name: "unknown tag", text: d + "tasks: {}\nx: !foo 1\n", class: "ConstructorError", err: "p.yaml:3:4: tag !foo"},
		{name: "python tag", text: d + "tasks: {}\nx: !!python/tuple [a]\n", class: "ConstructorError", err: "python/tuple"},
		{name: "no date", text: d + "tasks: {}\nx: 2020-13-45\n", class: "ValueError", err: "p.yaml:3:4: 2020-13-45 is no date"},
		{name: "bad yaml", text: d + "tasks: {\n", class: "ParserError", err: "p.yaml:"},
		{name: "alias of itself", text: d + "tasks: {}\nparameters: {a: &x [*x]}\n", class: "ConstructorError", err: "is a part of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := files{"p.yaml": c.text}.loader(nil).Load("p.yaml")
			if c.class != "" {
				wantError(t, err, c.class, c.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(p); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestImports(t *testing.T) {
	const (
		contractA = " {a.target == 'a'}"
		contractB = " {b.target == 'b'}"
		contractC = " {c.target == aa.target}"
		step      = " step all[visit detector]"
	)
	all := taskA + " " + taskB + " " + taskC + " ab[a b] cs[c] all[a b c]" + step + contractA + contractB + contractC
	for _, c := range []struct {
		name, imports string // imports is the rest of a flow mapping, or a whole list
		more          string
		files         files
		want          string
		class, err    string
	}{
		{name: "plain", want: all},
		{name: "include a subset", imports: "include: ab", want: taskA + " " + taskB + " ab[a b]" + contractA + contractB},
		{name: "include a label", imports: "include: [a]", want: taskA + contractA},
		{name: "include null", imports: "include: null, exclude: b", want: taskA + " " + taskC + " cs[c]" + contractA + contractC},
		{name: "include nothing", imports: "include: []"},
		{name: "include unknown", imports: "include: zz"},
		{name: "exclude a subset", imports: "exclude: [cs]", want: taskA + " " + taskB + " ab[a b]" + contractA + contractB},
		{name: "exclude unknown", imports: "exclude: zz", want: all},
		{name: "exclude, edit", imports: "exclude: c, labeledSubsetModifyMode: EDIT",
			want: taskA + " " + taskB + " ab[a b] cs[] all[a b]" + step + contractA + contractB},
		{name: "exclude, drop", imports: "exclude: c, labeledSubsetModifyMode: DROP", want: taskA + " " + taskB + " ab[a b]" + contractA + contractB},
		{name: "rename", imports: "rename: {a: x}", want: taskB + " " + taskC + " x=MemoryMetricTask(target:a) cs[c]" + contractA + contractB + contractC},
		{name: "rename, edit", imports: "rename: {a: x}, labeledSubsetModifyMode: EDIT",
			want: taskB + " " + taskC + " x=MemoryMetricTask(target:a) ab[b] cs[c] all[b c]" + step + contractA + contractB + contractC},
		{name: "rename unknown", imports: "rename: {zz: x}", want: all},
		{name: "rename and include the old", imports: "include: [a, b], rename: {a: x}", want: "x=MemoryMetricTask(target:a)" + contractA},
		{name: "rename and include the new", imports: "include: [x, b], rename: {a: x}", want: taskB + contractB},
		{name: "rename and include a subset", imports: "include: ab, rename: {a: x}", want: taskA + " " + taskB + " ab[a b]" + contractA + contractB},
		{name: "rename and exclude the old", imports: "exclude: [a], rename: {a: x}", want: taskB + " " + taskC + " cs[c]" + contractB + contractC},
		{name: "rename and exclude a subset", imports: "exclude: ab, rename: {a: x}", want: taskC + " x=MemoryMetricTask(target:a) cs[c]" + contractA + contractC},
		{name: "no contracts, no steps", imports: "importContracts: false, importSteps: false", want: taskA + " " + taskB + " " + taskC + " ab[a b] cs[c] all[a b c]"},
		{name: "variable", imports: "location: $HERE/x.yaml", files: files{"here/x.yaml": "description: X\ntasks: {x: $M}\n"}, want: "x=MemoryMetricTask()"},
		{name: "variable in braces", imports: "location: '${HERE}/x.yaml'", files: files{"here/x.yaml": "description: X\ntasks: {x: $M}\n"}, want: "x=MemoryMetricTask()"},
		{name: "selector is ignored", imports: "location: 'a.yaml#a'", want: all},
		{name: "nested", imports: "location: x.yaml", files: files{"x.yaml": "description: X\nimports: a.yaml\ntasks: {a: {class: $M, config: {target: aa}}}\n"},
			want: strings.Replace(all, "(target:a)", "(target:a|target:aa)", 1)},
		{name: "same class appends", more: "tasks: {a: {class: $M, config: {connections.metric: z}}, d: $M}\n",
			want: strings.Replace(strings.Replace(all, "(target:a)", "(target:a|metric:z)", 1), "(target:c)", "(target:c) d=MemoryMetricTask()", 1)},
		{name: "other class replaces", more: "tasks: {a: {class: $T, config: {connections.metric: z}}}\n",
			want: strings.Replace(all, taskA, "a=TimingMetricTask(metric:z)", 1)},
		{name: "own subset over that of an import", more: "subsets: {ab: [c]}\n", want: strings.Replace(all, "ab[a b]", "ab[c]", 1)},
		{name: "own contracts first", more: "contracts: [a.target == 9]\n", want: strings.Replace(all, contractA, " {a.target == 9}"+contractA, 1)},
		{name: "equal step", more: "steps: [{label: all, dimensions: [visit, detector]}]\n", want: all},
		{name: "instrument of the import", imports: "location: x.yaml", files: files{"x.yaml": "description: X\ninstrument: I\ntasks: {a: $M}\n"}, want: "a=MemoryMetricTask() @I"},
		{name: "instrument by the import", imports: "location: x.yaml, instrument: K", files: files{"x.yaml": "description: X\ninstrument: I\ntasks: {a: $M}\n"}, want: "a=MemoryMetricTask() @K"},
		{name: "instrument None", imports: "location: x.yaml, instrument: None", files: files{"x.yaml": "description: X\ninstrument: I\ntasks: {a: $M}\n"}, want: "a=MemoryMetricTask()"},
		{name: "diamond", imports: "[{location: x.yaml, include: a}, {location: x.yaml, include: b}]", files: files{"x.yaml": "description: X\nimports: a.yaml\n"},
			want: taskA + " " + taskB + contractA + contractB},
		{name: "empty subset is dropped", imports: "location: x.yaml", files: files{"x.yaml": "description: X\ntasks: {a: $M}\nsubsets: {s: []}\n"}, want: "a=MemoryMetricTask()"},
		{name: "parameters", imports: "[x.yaml, y.yaml]", more: "parameters: {p: 3}\n", files: files{
			"x.yaml": "description: X\ntasks: {}\nparameters: {p: 1, q: 1, r: 1}\n", "y.yaml": "description: X\ntasks: {}\nparameters: {q: 2, p: 2}\n"},
			want: "$p=3 $q=2 $r=1"},

		{name: "include and exclude", imports: "include: a, exclude: b", class: "ValueError", err: "p.yaml:2:10: an include list and an exclude list"},
		{name: "bad mode", imports: "labeledSubsetModifyMode: edit", class: "ValueError", err: "edit is not a valid mode"},
		{name: "null mode", imports: "labeledSubsetModifyMode: null", class: "ValueError", err: "not a valid mode"},
		{name: "other key", imports: "exlude: a", class: "TypeError", err: `did you mean "exclude"?`},
		{name: "no location", imports: "[{include: a}]", class: "TypeError", err: `no key "location"`},
		{name: "number", imports: "[3]", class: "TypeError", err: "import must be a text"},
		{name: "rename to an existing", imports: "rename: {a: b}", class: "ValueError", err: "there is a task"},
		{name: "rename to a subset", imports: "rename: {a: cs}", class: "ValueError", err: "there is a subset"},
		{name: "rename swap", imports: "rename: {a: b, b: a}", class: "ValueError", err: "intersect"},
		{name: "rename twice", imports: "rename: {a: x, b: x}", class: "ValueError", err: "both be renamed"},
		{name: "rename list", imports: "rename: [a]", class: "AttributeError", err: "rename must be a mapping"},
		{name: "label twice", imports: "[a.yaml, a.yaml]", class: "ValueError", err: `more than once: "a", "b", "c"`},
		{name: "missing file", imports: "location: zz.yaml", class: "FileNotFoundError", err: "p.yaml:2:10: read pipeline zz.yaml"},
		{name: "unknown variable", imports: "location: '$NO/a.yaml'", class: "FileNotFoundError", err: "$NO/a.yaml"},
		{name: "cycle", imports: "location: x.yaml", files: files{"x.yaml": "description: X\nimports: ./p.yaml\n"}, class: "RecursionError", err: "p.yaml imports x.yaml imports p.yaml"},
		{name: "two instruments", imports: "[x.yaml, y.yaml]", files: files{"x.yaml": "description: X\ninstrument: I\ntasks: {}\n", "y.yaml": "description: X\ninstrument: J\ntasks: {}\n"},
			class: "ValueError", err: "only one instrument"},
		{name: "own instrument", imports: "location: x.yaml", more: "instrument: K\n", files: files{"x.yaml": "description: X\ninstrument: I\ntasks: {}\n"}, class: "ValueError", err: "only one instrument"},
		{name: "subset in two imports", imports: "[x.yaml, y.yaml]", files: files{"x.yaml": "description: X\ntasks: {x: $M}\nsubsets: {s: [x]}\n", "y.yaml": "description: X\ntasks: {y: $M}\nsubsets: {s: [y]}\n"},
			class: "ValueError", err: `"s"`},
		{name: "subset of one, label of another", imports: "[x.yaml, y.yaml]", files: files{"x.yaml": "description: X\ntasks: {x: $M}\nsubsets: {y: [x]}\n", "y.yaml": "description: X\ntasks: {y: $M}\n"},
			class: "ValueError", err: `"y"`},
		{name: "own label is an imported subset", more: "tasks: {ab: $M}\n", class: "ValueError", err: "label of a task"},
		{name: "step of other dimensions", more: "steps: [{label: all, dimensions: [detector]}]\n", class: "ValueError", err: `step "all" has dimensions [detector]`},
		{name: "no description", imports: "location: x.yaml", files: files{"x.yaml": "imports: a.yaml\n"}, class: "ValueError", err: "x.yaml: a pipeline must be declared with a description"},
	} {
		t.Run(c.name, func(t *testing.T) {
			imports := c.imports
			if !strings.HasPrefix(imports, "[") {
				if !strings.Contains(imports, "location:") {
					imports = strings.TrimSuffix("location: a.yaml, "+imports, ", ")
				}
				imports = "{" + imports + "}"
			}
			f := files{"a.yaml": imported, "p.yaml": "description: P\nimports: " + imports + "\n" + c.more}
			for name, text := range c.files {
				f[name] = text
			}
			p, err := f.loader(nil).Load("p.yaml")
			if c.class != "" {
				wantError(t, err, c.class, c.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(p); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// A pipeline that imports another twice, which imports another twice, and so on, is a bomb of files.
func TestImportsAreBounded(t *testing.T) {
	f := files{"f0.yaml": "description: x\ntasks: {}\n"}
	for i := 1; i <= 40; i++ {
		below := "f" + string(rune('0'+(i-1)%10)) + strings.Repeat("x", (i-1)/10) + ".yaml"
		f["f"+string(rune('0'+i%10))+strings.Repeat("x", i/10)+".yaml"] = "description: x\nimports: [" + below + ", " + below + "]\n"
	}
	_, err := f.loader(nil).Load("f0xxxx.yaml")
	wantError(t, err, "RecursionError", "imports")
}

func TestSelectors(t *testing.T) {
	const chain = `description: P
tasks:
  t1: {class: $C, config: {connections.inp: a, connections.out: b}}
  t3: {class: $C, config: {connections.inp: c, connections.out: d}}
  t2: {class: $C, config: {connections.inp: b, connections.out: c}}
  u1: {class: $C, config: {connections.inp: b, connections.out: e}}
  v: {class: $C, config: {connections.inp: x, connections.out: y}}
subsets: {s: [t1, t2], r: [t1, t2, t3], w: [v]}
steps: [{label: s, dimensions: [visit]}, {label: w, dimensions: [visit]}]
contracts:
- t1.connections.inp == 'zzz'
- t3.connections.inp == 'c'
- t3 is not None
`
	for _, c := range []struct{ selector, want, class, err string }{
		{selector: "t2", want: "t2"},
		{selector: "t2,t1", want: "t1 t2 s step-s c-t1"},
		{selector: "s", want: "t1 t2 s step-s c-t1"},
		{selector: "s,v", want: "t1 t2 v s w step-s step-w c-t1"},
		{selector: "", want: "t1 t3 t2 u1 v s r w step-s step-w c-t1 c-t3"},
		{selector: "..", want: "t1 t3 t2 u1 v s r w step-s step-w c-t1 c-t3"},
		{selector: "t1..t3", want: "t1 t3 t2 s r step-s c-t1 c-t3"},
		{selector: "t2..", want: "t3 t2 c-t3"},
		{selector: "..t2", want: "t1 t2 s step-s c-t1"},
		{selector: "t3..t1", want: ""},
		{selector: "t1..v", want: ""},
		{selector: "v..", want: "v w step-w"},
		{selector: "t1..t1", want: "t1 c-t1"},
		{selector: "..u1", want: "t1 u1 c-t1"},
		{selector: "zz", class: "ValueError", err: `extra labels: "zz"`},
		{selector: "t", class: "ValueError", err: `did you mean`},
		{selector: "t1,", class: "ValueError", err: `extra labels: ""`},
		{selector: "t1, t2", class: "ValueError", err: `extra labels: " t2"`},
		{selector: "t1,t2..t3", class: "ValueError", err: "a list of labels and a range"},
		{selector: "t1..t2..t3", class: "ValueError", err: "more than one range"},
		{selector: "zz..t1", class: "ValueError", err: "beginning of range, zz"},
		{selector: "t1..zz", class: "ValueError", err: "end of range, zz"},
		{selector: "s..t3", class: "ValueError", err: "beginning of range, s"},
		{selector: "t1#t2", class: "ValueError", err: "only one set of labels"},
		{selector: "t1:t2", class: "ValueError", err: "legacy :"},
	} {
		t.Run(c.selector, func(t *testing.T) {
			p, err := files{"p.yaml": chain}.loader(nil).Load("p.yaml#" + c.selector)
			if c.class != "" {
				wantError(t, err, c.class, c.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := p.Labels()
			for _, s := range p.Subsets() {
				got = append(got, s.Name)
			}
			for _, s := range p.Steps() {
				got = append(got, "step-"+s.Label)
			}
			for _, c := range p.Contracts {
				if label, _, ok := strings.Cut(c.Expression, ".connections"); ok {
					got = append(got, "c-"+label)
				} // the third names no field of a task, so nothing removes it
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestLocations(t *testing.T) {
	f := files{"p.yaml": "description: x\ntasks: {}\n", "here/p.yaml": "description: x\ntasks: {}\n", "/home/me/p.yaml": "description: x\ntasks: {}\n", "/a b.yaml": "description: x\ntasks: {}\n"}
	for _, c := range []struct{ location, class, err string }{
		{location: "p.yaml"},
		{location: "$HERE/p.yaml"},
		{location: "~/p.yaml"},
		{location: "file:///a%20b.yaml"},
		{location: "p.yaml:a", class: "ValueError", err: "p.yaml#a"},
		{location: "zz.yaml", class: "FileNotFoundError", err: "read pipeline zz.yaml"},
		{location: "s3://x/p.yaml", class: "ValueError", err: "only local files"},
	} {
		t.Run(c.location, func(t *testing.T) {
			_, err := f.loader(nil).Load(c.location)
			if c.class != "" {
				wantError(t, err, c.class, c.err)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}
