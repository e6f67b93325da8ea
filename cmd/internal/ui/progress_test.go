package ui

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgressLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		p := StartProgress(ProgressOptions{Out: &b, What: "quanta"})
		p.Set(Counts{Total: 1000, Done: 300, Failed: 2})
		time.Sleep(31 * time.Second)
		p.Set(Counts{Total: 1000, Done: 900, Failed: 2})
		time.Sleep(30 * time.Second)
		p.Close()
		want := "300 of 1000 quanta, 2 failed, 10/s, 1m10s left\n900 of 1000 quanta, 2 failed, 15/s, 7s left\n"
		if b.String() != want {
			t.Errorf("got\n%s\nwant\n%s", b.String(), want)
		}
	})
}

// A bar goes away at the end and lets other lines through.
func TestProgressBar(t *testing.T) {
	var b bytes.Buffer
	p := StartProgress(ProgressOptions{Out: &b, Terminal: true, What: "quanta"})
	p.Set(Counts{Total: 10, Done: 5})
	io.WriteString(p, "a log line\n")
	p.Close()
	if !strings.Contains(b.String(), "a log line\n") {
		t.Errorf("output %q", b.String())
	}
}
