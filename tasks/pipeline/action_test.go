package pipeline

import "testing"

func TestApply(t *testing.T) {
	const m = "lsst.verify.tasks.commonMetrics.MemoryMetricTask"
	base := files{"p.yaml": "description: P\ntasks: {a: $M, b: {class: $T, config: [{target: x}, {file: f.py}]}}\nsubsets: {s: [a, b]}\n"}
	const ab, s = "a=MemoryMetricTask() b=TimingMetricTask(target:x|<f.py>)", " s[a b]"
	for _, c := range []struct {
		name       string
		actions    []Action
		want       string
		class, err string
	}{
		{"add", []Action{{AddTask, m + ":m"}}, ab + " m=MemoryMetricTask()" + s, "", ""},
		{"add with the default label", []Action{{AddTask, m}}, ab + " memoryMetric=MemoryMetricTask()" + s, "", ""},
		{"add by short name", []Action{{AddTask, "TimingMetricTask"}}, ab + " timingMetric=TimingMetricTask()" + s, "", ""},
		{"add with an empty label", []Action{{AddTask, m + ":"}}, ab + " memoryMetric=MemoryMetricTask()" + s, "", ""},
		{"add an unknown class with a label", []Action{{AddTask, "no.Such:x"}}, ab + " x=Such()" + s, "", ""},
		{"add an unknown class", []Action{{AddTask, "lsst.verify.tasks.commonMetrics.MemoryMetrikTask"}}, "", "ModuleNotFoundError", "did you mean \"" + m},
		{"replace", []Action{{SetConfig, "a:target=q"}, {AddTask, m + ":a"}}, ab + s, "", ""},
		{"add with a reserved label", []Action{{AddTask, m + ":parameters"}}, "", "ValueError", "reserved"},
		{"add with the name of a subset", []Action{{AddTask, m + ":s"}}, "", "ValueError", "name of a subset"},
		{"delete", []Action{{DeleteTask, "a"}}, "b=TimingMetricTask(target:x|<f.py>) s[b]", "", ""},
		{"delete unknown", []Action{{DeleteTask, "zz"}}, "", "KeyError", "--delete zz: there are no tasks labeled"},
		{"delete a subset", []Action{{DeleteTask, "s"}}, "", "KeyError", "no tasks labeled"},
		{"config", []Action{{SetConfig, "a:target=q"}, {SetConfig, "a:connections.metric=5"}, {SetConfig, "a:target=r"}, {ConfigFile, "a:g.py"}, {SetConfig, "a:target=s"}},
			"a=MemoryMetricTask(target:q,metric:5|target:r|<g.py>|target:s) b=TimingMetricTask(target:x|<f.py>)" + s, "", ""},
		{"value with a colon", []Action{{SetConfig, "a:target=diaPipe:sub.run"}}, "a=MemoryMetricTask(target:diaPipe:sub.run) b=TimingMetricTask(target:x|<f.py>)" + s, "", ""},
		{"value with a colon and an equals sign", []Action{{SetConfig, "a:target=b:c=d"}}, "a=MemoryMetricTask(target:b:c=d) b=TimingMetricTask(target:x|<f.py>)" + s, "", ""},
		{"blanks are kept", []Action{{SetConfig, "a: target = x "}}, "a=MemoryMetricTask( target : x ) b=TimingMetricTask(target:x|<f.py>)" + s, "", ""},
		{"no value", []Action{{SetConfig, "a:target="}}, "", "TypeError", "-c a:target=: unrecognized syntax"},
		{"no equals sign", []Action{{SetConfig, "a:target"}}, "", "TypeError", "LABEL:FIELD=VALUE"},
		{"no colon", []Action{{SetConfig, "a.target=1"}}, "", "TypeError", "LABEL:FIELD=VALUE"},
		{"no field", []Action{{SetConfig, "a:=1"}}, "", "TypeError", "LABEL:FIELD=VALUE"},
		{"no label", []Action{{SetConfig, ":x=1"}}, "", "TypeError", "LABEL:FIELD=VALUE"},
		{"config of no task", []Action{{SetConfig, "zz:target=1"}}, "", "LookupError", `no tasks labeled "zz"`},
		{"parameters", []Action{{SetConfig, "parameters:p=5"}, {SetConfig, "parameters:q=x"}, {SetConfig, "parameters:p=6"}}, ab + s + " $p=6 $q=x", "", ""},
		{"config files", []Action{{ConfigFile, "a:g.py,b:h.py"}}, "a=MemoryMetricTask(<g.py>) b=TimingMetricTask(target:x|<f.py>|<h.py>)" + s, "", ""},
		{"config file without label", []Action{{ConfigFile, "a:g.py,h.py"}}, "", "TypeError", `"h.py"`},
		{"config file of no task", []Action{{ConfigFile, "zz:g.py"}}, "", "LookupError", "zz"},
		{"config file of parameters", []Action{{ConfigFile, "parameters:g.py"}}, "", "ValueError", "-c parameters:NAME=VALUE"},
		{"instrument", []Action{{SetInstrument, "a.B"}, {SetInstrument, "a.C"}}, ab + s + " @a.C", "", ""},
		{"unknown kind", []Action{{0, "x"}}, "", "ValueError", "unknown action"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := base.loader(nil)
			p, err := l.Load("p.yaml")
			if err != nil {
				t.Fatal(err)
			}
			err = l.Apply(p, c.actions)
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
