package cli

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// waitWriter gives its first line to a channel.
type waitWriter struct {
	io.Writer
	line chan string
}

func (w *waitWriter) Write(p []byte) (int, error) {
	select {
	case w.line <- string(p):
	default:
	}
	return w.Writer.Write(p)
}

// The dashboard prints its address, answers, tells what it knows of a quantum that was not tried, and ends at the first signal.
func TestServeAnswersUntilInterrupted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	a, _, _ := testApp("demo", "--keep", dir)
	if code := a.Main(t.Context()); code != ExitOK {
		t.Fatalf("demo: exit code %d", code)
	}
	a, stdout, stderr := testApp("serve", filepath.Join(dir, "repo"), "--addr", "127.0.0.1:0")
	out := &waitWriter{stdout, make(chan string, 1)}
	signals := make(chan os.Signal, 2)
	a.Stdout, a.Signals, a.Now = out, signals, time.Now
	code := make(chan int, 1)
	go func() { code <- a.Main(t.Context()) }()
	var address string
	select {
	case line := <-out.line:
		address = strings.TrimSpace(line)
	case c := <-code:
		t.Fatalf("exit code %d: %s", c, stderr)
	}
	for path, want := range map[string]string{"": "u/metrics/", "measurements?in=u/metrics": `"count":13`,
		"quantum?run=u/metrics&task=memory_diaForcedSource&instrument=TestCam&detector=77&visit=1": `"state":"not planned"`} {
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		answer, err := http.Get(address + path + mark + "format=json")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK || !json.Valid(body) || !strings.Contains(string(body), want) {
			t.Errorf("%s: status %d, %s", path, answer.StatusCode, body)
		}
	}
	signals <- syscall.SIGINT
	if c := <-code; c != ExitOK {
		t.Errorf("exit code %d: %s", c, stderr)
	}
}

func TestServeRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	a, _, _ := testApp("demo", "--keep", dir)
	if code := a.Main(t.Context()); code != ExitOK {
		t.Fatalf("demo: exit code %d", code)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tests := []struct{ name, address, want string }{
		{"port in use", l.Addr().String(), "is in use by another program, maybe another dashboard\nhint: give another port with --addr"},
		{"no port", "127.0.0.1", "error: listen on 127.0.0.1"},
		{"no number", "127.0.0.1:x", "hint: give HOST:PORT, such as 127.0.0.1:8181"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, stdout, stderr := testApp("serve", filepath.Join(dir, "repo"), "--addr", test.address)
			if code := a.Main(t.Context()); code != ExitFailure {
				t.Errorf("exit code %d", code)
			}
			if !strings.Contains(stderr.String(), test.want) || stdout.Len() > 0 {
				t.Errorf("stderr %q, stdout %q", stderr, stdout)
			}
		})
	}
}
