package verify

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

// isoCase is a text with what Python 3.12 makes of it: nothing, or microseconds since 1970 on the wall and of the offset.
type isoCase struct {
	S      string
	Wall   *int64
	Offset *int64
}

func TestParseTime(t *testing.T) {
	for _, file := range []string{"testdata/isoformat.json", os.Getenv("VALET_ISOFORMAT")} {
		if file == "" {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []isoCase
		if err := json.Unmarshal(data, &cases); err != nil {
			t.Fatal(err)
		}
		bad := 0
		for _, c := range cases {
			got, problem := parseTime(c.S)
			want := instant{}
			if c.Wall != nil {
				want.wall = *c.Wall
			}
			if c.Offset != nil {
				want.aware, want.offset = true, *c.Offset
			}
			if (problem == "") != (c.Wall != nil) || problem == "" && got != want {
				if bad++; bad < 40 {
					t.Errorf("%q gives %+v, %q; want %+v, %v", c.S, got, problem, want, c.Wall != nil)
				}
			}
		}
	}
}

// formatTime writes a time in full.
func formatTime(t instant) string {
	s := time.UnixMicro(t.wall).UTC().Format("2006-01-02T15:04:05.000000")
	if !t.aware {
		return s
	}
	sign, offset := "+", t.offset
	if offset < 0 {
		sign, offset = "-", -offset
	}
	return s + sign + time.UnixMicro(offset).UTC().Format("15:04:05.000000")
}
