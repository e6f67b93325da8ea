package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 8, 1, 2, 0, 0, 0, time.UTC)

func example() *Page {
	return &Page{Run: "u/m/1", Repository: "/data/repo", Output: "u/m", State: "done", Started: start, Ended: start.Add(time.Minute), Seconds: 60, Made: start.Add(time.Hour), Version: "valet 1",
		Totals:     Counts{Planned: 1234567, Succeeded: 1234000, NoWork: 500, Failed: 60, Blocked: 3, Skipped: 2},
		Tasks:      []Task{{Label: "memory", Class: "a.MemoryTask", Counts: Counts{Planned: 10, Succeeded: 5, Failed: 5}}},
		Failures:   []Failure{{Count: 60, Tasks: "memory", Class: "ValueError", Message: "no such key", First: "memory visit=42 detector=3", Log: "/data/repo/log.json", Rerun: "valet rerun /data/repo u/m/1"}},
		Minutes:    []Minute{{Start: start, Succeeded: 3, Failed: 1}, {Start: start.Add(2 * time.Minute), NoWork: 2}},
		Slowest:    []Quantum{{Task: "memory", DataID: "visit=42", State: "succeeded", Started: start, Duration: 1500 * time.Millisecond}},
		Executions: []Execution{{State: "done", Process: "host, process 3", Version: "valet 1", Command: "valet run", Started: start, Workers: 2}},
		Commands:   []Command{{"Run again what failed", "valet rerun"}}}
}

func render(t testing.TB, p *Page) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPage(t *testing.T) {
	text := render(t, example())
	for _, want := range []string{"<h1>u/m/1</h1>", "1\u202f234\u202f567", "<b>60</b> of memory: <code>ValueError</code>", "no such key", "memory visit=42 detector=3", "/data/repo/log.json",
		"1.500 s", "host, process 3", "prefers-color-scheme: dark", "at most 4 quanta a minute; a bar is a minute", "Made 2026-08-01 03:00:00 UTC by valet 1."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(text, "<g>"); n != 2 {
		t.Errorf("%d bars", n)
	}
}

// Nothing is fetched and nothing is executed, whatever the page is given.
func TestPageIsSelfContained(t *testing.T) {
	const evil = `</pre></style><script src=http://x>alert("1")</script><img src=x onerror='a'>"'&`
	p := example()
	p.Run, p.Repository, p.Output, p.State, p.Notes, p.Version = evil, evil, evil, evil, []string{evil}, evil
	p.Tasks[0].Label, p.Tasks[0].Class = evil, evil
	p.Failures[0] = Failure{1, evil, evil, evil, evil, evil, evil}
	p.Slowest[0].Task, p.Slowest[0].DataID, p.Slowest[0].State = evil, evil, evil
	p.Executions[0] = Execution{State: evil, Process: evil, Version: evil, Command: evil, Error: evil}
	p.Commands[0] = Command{evil, evil}
	text := render(t, p)
	if strings.Contains(text, "<script") || strings.Contains(text, "<img") {
		t.Error("what the page shows is not escaped")
	}
	if m := regexp.MustCompile(`(?i)<(script|link|img|iframe|object|embed|a|form)\b|\s(src|href|on\w+)=|@import|url\(`).FindString(render(t, example())); m != "" {
		t.Errorf("the page refers to something: %q", m)
	}
	if n := strings.Count(text, "&lt;script src=http://x&gt;"); n < 18 {
		t.Errorf("%d of the texts are shown", n)
	}
}

// Every element is closed, whatever the page is given.
func TestPageIsWellFormed(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, text string) {
		text = regexp.MustCompile(`<(meta|br)\b([^>]*)>`).ReplaceAllString(strings.TrimPrefix(text, "<!DOCTYPE html>\n"), "<$1$2/>")
		d := xml.NewDecoder(strings.NewReader(text))
		d.Entity = xml.HTMLEntity
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatalf("%v", err)
			}
		}
	}
	check(t, render(t, example()))
	check(t, render(t, &Page{}))
	rapid.Check(t, func(r *rapid.T) {
		p := example()
		word := rapid.StringMatching(`[<>&"' a-z/\-=]{0,20}`)
		p.Run, p.Failures[0].Message, p.Executions[0].Command, p.Tasks[0].Label = word.Draw(r, "run"), word.Draw(r, "message"), word.Draw(r, "command"), word.Draw(r, "label")
		var out bytes.Buffer
		if err := Write(&out, p); err != nil {
			r.Fatal(err)
		}
		check(r, out.String())
	})
}

// The size does not depend on the number of quanta.
func TestPageStaysSmall(t *testing.T) {
	p := example()
	p.Failures, p.Minutes, p.Executions = nil, nil, nil
	for i := range 20_000 {
		p.Failures = append(p.Failures, Failure{Count: 1, Tasks: "memory", Class: "ValueError", Message: fmt.Sprint(i, strings.Repeat("long ", 10_000/(1+i))), First: "memory visit=42",
			Log: strings.Repeat("/log", 50), Rerun: strings.Repeat("rerun ", 1000)})
		p.Minutes = append(p.Minutes, Minute{Start: start.Add(time.Duration(i) * time.Minute), Succeeded: i})
		p.Executions = append(p.Executions, Execution{State: "done", Command: strings.Repeat("valet ", 1000)})
	}
	text := render(t, p)
	if len(text) > 2_000_000 {
		t.Errorf("%d bytes", len(text))
	}
	for _, want := range []string{"19\u202f800 smaller groups with 19\u202f800 failures are not shown", "19\u202f950 earlier ones are not shown", "a bar is 84 minutes"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
}

// Whatever the minutes: all quanta are in the bars, which do not overlap and stay inside.
func TestChart(t *testing.T) {
	if newChart(nil) != nil || newChart([]Minute{{Start: start}}) != nil {
		t.Error("a chart of nothing")
	}
	rapid.Check(t, func(r *rapid.T) {
		var minutes []Minute
		at, n := start, 0
		for range rapid.IntRange(1, 300).Draw(r, "minutes") {
			m := Minute{Start: at, Succeeded: rapid.IntRange(0, 3).Draw(r, "ok"), NoWork: rapid.IntRange(0, 3).Draw(r, "none"), Failed: rapid.IntRange(0, 3).Draw(r, "failed")}
			n += m.Succeeded + m.NoWork + m.Failed
			minutes = append(minutes, m)
			at = at.Add(time.Duration(rapid.IntRange(1, 500).Draw(r, "step")) * time.Minute)
		}
		c := newChart(minutes)
		if (c == nil) != (n == 0) {
			r.Fatalf("a chart of %d quanta: %v", n, c)
		}
		if c == nil {
			return
		}
		if len(c.Bars) > maxBars {
			r.Fatalf("%d bars", len(c.Bars))
		}
		end, counted := 0.0, 0
		for _, b := range c.Bars {
			if b.X < end-1e-6 || b.X+b.Width > chartWidth+1e-6 {
				r.Fatalf("a bar at %f, %f wide, after one that ends at %f", b.X, b.Width, end)
			}
			end = b.X + b.Width
			var ok, none, failed int
			if _, err := fmt.Sscanf(b.Title[strings.Index(b.Title, ": ")+2:], "%d succeeded, %d no work, %d failed", &ok, &none, &failed); err != nil {
				r.Fatalf("%s: %v", b.Title, err)
			}
			counted += ok + none + failed
			bottom := chartHeight
			for _, p := range b.Parts {
				if p.Y < -1e-6 || p.Y+p.Height-bottom > 1e-6 || bottom-p.Y-p.Height > 1e-6 {
					r.Fatalf("a segment from %f to %f on one that ends at %f", p.Y, p.Y+p.Height, bottom)
				}
				bottom = p.Y
			}
		}
		if counted != n {
			r.Fatalf("%d quanta in the bars, %d in all", counted, n)
		}
	})
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1\u202f000", -1234567: "-1\u202f234\u202f567", 100000: "100\u202f000"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}
