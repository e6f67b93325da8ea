package web

import (
	"net/http"
	"strconv"
	"strings"

	"valet/quantum/ledger"
)

// prometheusRuns is how many runs, the newest, are told to Prometheus: each is a series of its own for ever.
const prometheusRuns = 50

// prometheus tells the counts of the newest runs in the text format of Prometheus.
func (s *Server) prometheus(w http.ResponseWriter, r *http.Request) {
	runs, err := s.ledger.Runs(r.Context())
	if err != nil {
		f := newFailure(err)
		http.Error(w, f.Message, f.Status)
		return
	}
	all := len(runs)
	runs = runs[max(0, len(runs)-prometheusRuns):]
	var b []byte
	head := func(name, kind, help string) {
		b = append(b, "# HELP "+name+" "+help+"\n# TYPE "+name+" "+kind+"\n"...)
	}
	line := func(name string, value float64, labels ...string) {
		b = append(b, name...)
		for i := 0; i+1 < len(labels); i += 2 {
			b = append(b, ",{"[boolInt(i == 0)])
			b = append(b, labels[i]+`="`+labelText(labels[i+1])+`"`...)
		}
		if len(labels) > 0 {
			b = append(b, '}')
		}
		b = append(strconv.AppendFloat(append(b, ' '), value, 'g', -1, 64), '\n')
	}
	head("valet_build_info", "gauge", "The version of valet.")
	line("valet_build_info", 1, "version", s.options.Version)
	head("valet_runs", "gauge", "Runs that the repository has records of.")
	line("valet_runs", float64(all))
	head("valet_run_quanta", "gauge", "Quanta of a run by their newest attempt.")
	for _, x := range runs {
		c := &x.Counts
		for _, p := range []struct {
			state string
			n     int
		}{{"planned", c.Planned}, {"succeeded", c.Succeeded}, {"no_work", c.NoWork}, {"failed", c.Failed}, {"blocked", c.Blocked}, {"skipped", c.Skipped}, {"running", c.Running}} {
			line("valet_run_quanta", float64(p.n), "run", x.Name, "state", p.state)
		}
	}
	head("valet_run_active", "gauge", "1 while a run goes on.")
	for _, x := range runs {
		line("valet_run_active", float64(boolInt(x.State == ledger.Running)), "run", x.Name)
	}
	head("valet_run_seconds", "gauge", "How long the executions of a run took together.")
	for _, x := range runs {
		line("valet_run_seconds", x.Seconds, "run", x.Name)
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Write(b)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// labelText escapes the value of a label.
func labelText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(s, "\ufffd"))
}
