package verify

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"valet/tasks/metadata"
)

// quantum is the text of metadata whose quantum has the given scalars.
func quantum(scalars string) string {
	return `{"metadata":{"quantum":{"scalars":{` + scalars + `}}}}`
}

const fullQuantum = `"__version__":1,"nodeName":"node01","endMaxResidentSetSize":2048,"prepCpuTime":100,"initCpuTime":101.5,` +
	`"startCpuTime":104,"endCpuTime":110,"prepUtc":"2026-08-01T02:00:00.5+00:00","endUtc":"2026-08-01T02:00:20+00:00"`

func TestUsageOf(t *testing.T) {
	without := func(keys ...string) string {
		var keep []string
		for _, item := range strings.Split(fullQuantum, `,"`) {
			name, _, _ := strings.Cut(strings.TrimPrefix(item, `"`), `"`)
			if !slices.Contains(keys, name) {
				keep = append(keep, strings.TrimPrefix(item, `"`))
			}
		}
		return quantum(`"` + strings.Join(keep, `,"`))
	}
	start := time.Date(2026, 8, 1, 2, 0, 0, 500e6, time.UTC)
	full := Usage{Memory: 2048, PrepTime: 1.5, InitTime: 2.5, RunTime: 6, WallTime: 19.5, Node: "node01", Start: start}
	with := func(change func(u *Usage)) Usage {
		u := full
		change(&u)
		return u
	}
	for _, c := range []struct {
		name, text string
		want       Usage
		class      string
	}{
		{"all", quantum(fullQuantum), full, ""},
		{"no version", without("__version__"), with(func(u *Usage) { u.Memory, u.KiB = 2048*1024, true }), ""},
		{"version 0", quantum(strings.Replace(fullQuantum, `__version__":1`, `__version__":0`, 1)), with(func(u *Usage) { u.Memory, u.KiB = 2048*1024, true }), ""},
		{"given up before init", without("initCpuTime", "startCpuTime"), with(func(u *Usage) { u.PrepTime, u.InitTime, u.RunTime = 10, 0, 0 }), ""},
		{"no start", without("startCpuTime"), with(func(u *Usage) { u.InitTime, u.RunTime = 8.5, 0 }), ""},
		{"no prep", without("prepCpuTime"), with(func(u *Usage) { u.PrepTime = 0 }), ""},
		{"no node", without("nodeName"), with(func(u *Usage) { u.Node = "" }), ""},
		{"node of digits", quantum(strings.Replace(fullQuantum, "node01", "12345", 1)), with(func(u *Usage) { u.Node = "12345" }), ""},
		{"no offset", quantum(strings.ReplaceAll(fullQuantum, "+00:00", "")), full, ""},
		{"eastern offset is cut off", quantum(strings.ReplaceAll(fullQuantum, "+00:00", "+05:00")), full, ""},
		{"nothing", `{"metadata":{"isr":{}}}`, Usage{Unrecorded: true}, ""},
		{"no memory", without("endMaxResidentSetSize"), Usage{}, "KeyError"},
		{"no end", without("endCpuTime"), Usage{}, "KeyError"},
		{"no time", without("endUtc"), Usage{}, "KeyError"},
		{"time is no time", quantum(strings.Replace(fullQuantum, "2026-08-01T02:00:20+00:00", "noon", 1)), Usage{}, "ValueError"},
		{"time is a number", quantum(strings.Replace(fullQuantum, `"2026-08-01T02:00:20+00:00"`, "5", 1)), Usage{}, "TypeError"},
		{"one offset", quantum(strings.Replace(fullQuantum, "20+00:00", "20Z", 1)), Usage{}, "TypeError"},
		{"memory is text", quantum(strings.Replace(fullQuantum, `2048`, `"much"`, 1)), Usage{}, "TypeError"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := metadata.Parse([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := UsageOf(m)
			if got != c.want || className(err) != c.class {
				t.Errorf("%+v, %v; want %+v, %s", got, err, c.want, c.class)
			}
		})
	}
}

// TestUsageOfRealFiles reads what a science task left.
func TestUsageOfRealFiles(t *testing.T) {
	u := realUsage(t)
	if u.Memory < 1<<20 || u.WallTime <= 0 || u.RunTime < 0 || u.Node == "" || u.Start.Year() < 2020 || u.KiB {
		t.Errorf("%+v", u)
	}
}

func realUsage(t testing.TB) Usage {
	t.Helper()
	m, err := metadata.Parse(realMetadata(t))
	if err != nil {
		t.Fatal(err)
	}
	u, err := UsageOf(m)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func realMetadata(t testing.TB) []byte {
	t.Helper()
	const pattern = "../../testdata/run/before/u/sci/*/diaPipe_metadata/*/*/*/*/*.json"
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no file %s: %v", pattern, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestQuantile compares with numpy's linear quantiles.
func TestQuantile(t *testing.T) {
	data, err := os.ReadFile("testdata/quantiles.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Values, At []float64 }
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		slices.Sort(c.Values)
		for i, q := range append(slices.Clone(Quantiles[:]), 0.29) {
			if got := Quantile(c.Values, q); math.Abs(got-c.At[i]) > 1e-12*math.Abs(c.At[i]) {
				t.Errorf("quantile %v of %v is %v, want %v", q, c.Values, got, c.At[i])
			}
		}
	}
	for _, bad := range [][]float64{nil, {math.NaN(), 1}} {
		if got := Quantile(bad, 0.5); !math.IsNaN(got) {
			t.Errorf("quantile of %v is %v", bad, got)
		}
	}
	if got := Quantile([]float64{math.Inf(1), math.Inf(1)}, 0.5); !math.IsInf(got, 1) {
		t.Errorf("quantile of infinities is %v", got)
	}
}

func TestSummarize(t *testing.T) {
	rows := Summarize(map[string][]Usage{
		"isr":     {{Memory: 1 << 30, RunTime: 3600, WallTime: 10}, {Memory: 3 << 30, RunTime: 1800, WallTime: 30}},
		"diaPipe": {{Memory: 1 << 29}},
	})
	if len(rows) != 2 || rows[0].Task != "diaPipe" || rows[1].Task != "isr" {
		t.Fatalf("%+v", rows)
	}
	isr := rows[1]
	if isr.Quanta != 2 || isr.RunHours != 1.5 || isr.Memory[0] != 1 || isr.Memory[4] != 2 || isr.Memory[8] != 3 || isr.WallTime[4] != 20 || isr.RunTime[8] != 3600 {
		t.Errorf("%+v", isr)
	}
	columns, values := SummaryColumns(), isr.Values()
	if len(columns) != 29 || len(values) != len(columns) {
		t.Fatalf("%d columns, %d values", len(columns), len(values))
	}
	want := "quanta integrated_runtime_hrs mem_GB_p000 mem_GB_p001 mem_GB_p005 mem_GB_p032 mem_GB_p050 mem_GB_p068 mem_GB_p095 mem_GB_p099 mem_GB_p100 runtime_s_p000"
	if got := strings.Join(columns[:12], " "); got != want {
		t.Errorf("columns %s", got)
	}
	if QuantileLabel(0.29) != "p028" {
		t.Errorf("label %s", QuantileLabel(0.29))
	}
}
