package formatter

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// goldenLogs are lines of testdata/logs.jsonl: a text, and what upstream writes after reading it, null if it cannot.
func goldenLogs(t testing.TB) (names []string, texts []string, written []*string) {
	t.Helper()
	file, err := os.Open("testdata/logs.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c struct {
			Name, Text string
			Written    *string
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		names, texts, written = append(names, c.Name), append(texts, c.Text), append(written, c.Written)
	}
	return names, texts, written
}

func TestGoldenLogs(t *testing.T) {
	names, texts, written := goldenLogs(t)
	for i, name := range names {
		l, err := ParseLog([]byte(texts[i]))
		var le *LogError
		switch {
		case strings.HasPrefix(name, "lineno=11805916207174"):
			// A line number of 71 bits is refused.
		case written[i] == nil && !errors.As(err, &le):
			t.Errorf("%s: got %v, want an error", name, err)
		case written[i] != nil && err != nil:
			t.Errorf("%s: %v", name, err)
		case written[i] != nil:
			if got := string(AppendLog(nil, l)); got != *written[i] {
				t.Errorf("%s:\n got %s\nwant %s", name, got, *written[i])
			}
		}
	}
	if len(names) < 80 {
		t.Errorf("only %d cases", len(names))
	}
}

// TestRunLogs reads the logs of the golden run and writes them again: those in the extended form come out byte for byte.
func TestRunLogs(t *testing.T) {
	extended, others := 0, 0
	err := filepath.WalkDir("../../testdata/run/before", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(filepath.Base(p), "_log_") {
			return err
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		l, err := ParseLog(text)
		if err != nil {
			t.Errorf("%s: %v", p, err)
			return nil
		}
		if bytes.HasPrefix(text, []byte(`{"extended":true`)) {
			extended++
			if got := AppendLog(nil, l); !bytes.Equal(got, text) {
				t.Errorf("%s comes out differently:\n%s", p, got)
			}
			a, err := l.Attempt()
			if err != nil {
				t.Errorf("%s: %v", p, err)
				return nil
			}
			if got := AppendLogEnd(appendRecords(AppendLogStart(nil), l.Records), a); !bytes.Equal(got, text) {
				t.Errorf("%s comes out differently piece by piece:\n%s", p, got)
			}
		} else {
			others++
		}
		if len(l.Records) == 0 {
			t.Errorf("%s has no records", p)
		}
		return nil
	})
	if err != nil || extended+others == 0 {
		t.Fatalf("%d extended, %d other logs, %v", extended, others, err)
	}
	t.Logf("%d extended, %d other logs", extended, others)
}

func TestEarlierAttempts(t *testing.T) {
	record := func(m string) Record { return Record{Name: "n", Message: m, Time: time.Unix(0, 0).UTC()} }
	first := &Log{Records: []Record{record("one")}}
	end := AppendLogEnd(nil, &Attempt{Exception: &Exception{TypeName: "a.B", Message: "no"}, Metadata: json.RawMessage(`{"x":1}`)})
	first, err := ParseLog(append(appendRecords(AppendLogStart(nil), first.Records), end...))
	if err != nil {
		t.Fatal(err)
	}
	earlier, err := first.EarlierAttempts()
	if err != nil || len(earlier) != 1 || earlier[0].Logs[0].Message != "one" || earlier[0].Exception.TypeName != "a.B" {
		t.Fatalf("%+v %v", earlier, err)
	}
	text := AppendLogEnd(appendRecords(AppendLogStart(nil), []Record{record("two")}), &Attempt{PreviousAttempts: earlier})
	second, err := ParseLog(text)
	if err != nil {
		t.Fatal(err)
	}
	earlier, err = second.EarlierAttempts()
	if err != nil || len(earlier) != 2 || earlier[0].Logs[0].Message != "one" || earlier[1].Logs[0].Message != "two" ||
		string(earlier[0].Metadata) != `{"x":1}` || earlier[1].PreviousAttempts != nil {
		t.Errorf("%+v %v", earlier, err)
	}
	for _, bad := range []string{`"exception":5`, `"logs":[1]`, `"previous_attempts":[1]`, `"previous_process_quanta":[1]`, `"previous_attempts":[{"logs":{}}]`} {
		l, err := ParseLog([]byte(`{"extended":true,"version":2,` + bad + `}`))
		if err != nil {
			t.Fatal(err)
		}
		var le *LogError
		if _, err := l.EarlierAttempts(); !errors.As(err, &le) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func FuzzLog(f *testing.F) {
	_, texts, _ := goldenLogs(f)
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := ParseLog(text)
		if err != nil {
			return
		}
		once := AppendLog(nil, l)
		if !json.Valid(once) {
			t.Fatalf("not JSON: %s", once)
		}
		again, err := ParseLog(once)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		if twice := AppendLog(nil, again); !bytes.Equal(once, twice) {
			t.Errorf("%s, and again %s", once, twice)
		}
		_, _ = l.EarlierAttempts()
	})
}

func FuzzString(f *testing.F) {
	f.Add("a\"\\\x00\x1f\x7f\xffü\u2028😀")
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal(AppendString(nil, s), &back); err != nil || back != string([]rune(s)) {
			t.Errorf("%q comes back as %q %v", s, back, err)
		}
	})
}

func benchRecord() *Record {
	name := "execute"
	return &Record{Name: "lsst.pipe.base.single_quantum_executor", Time: time.Date(2026, 11, 23, 17, 50, 42, 629342000, time.UTC),
		Message: "Preparing execution of quantum for label=memory dataId={instrument: 'TestCam', detector: 3, visit: 2026080100002, band: 'i', day_obs: 20260801, physical_filter: 'i_03'}.",
		Level:   20, LevelName: "INFO", Filename: "runner.go", Pathname: "quantum/executor/runner.go", Line: 238, FuncName: &name,
		Process: 31442, ProcessName: "MainProcess",
		MDC: []ContextValue{{"LABEL", "memory:{instrument: 'TestCam', detector: 3, visit: 2026080100002}"}, {"RUN", "u/metrics/20261123T175039Z"}}}
}

func BenchmarkAppendRecord(b *testing.B) {
	r := benchRecord()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendRecord(buf[:0], r)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkParseLog(b *testing.B) {
	text := AppendLog(nil, &Log{Records: []Record{*benchRecord(), *benchRecord(), *benchRecord()}})
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := ParseLog(text); err != nil {
			b.Fatal(err)
		}
	}
}
