package metadata

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"testing"
)

// TestAppendNumber compares with the numbers that the Python stack writes.
func TestAppendNumber(t *testing.T) {
	data, err := os.ReadFile("testdata/write.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases [][2]string
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		f, _ := strconv.ParseFloat(c[0], 64)
		if got := AppendNumber(nil, f); string(got) != c[1] {
			t.Errorf("%s is written %s, want %s", c[0], got, c[1])
		}
	}
}

// TestAppendJSON writes and reads trees: the second writing must give the text of the first.
func TestAppendJSON(t *testing.T) {
	texts := goldenTexts(t)
	texts = append(texts, string(realFile(t)), `{"scalars":{"\u0000\"\\\b\f\n\r\té😀\u007f\u001f":"a\u0001b"},"arrays":{"x":[],"y":["a","1"]}}`)
	for _, text := range texts {
		m, err := Parse([]byte(text))
		if err != nil {
			continue
		}
		first := m.AppendJSON(nil)
		again, err := Parse(first)
		if err != nil {
			t.Errorf("%v in %s", err, first)
			continue
		}
		if second := again.AppendJSON(nil); !bytes.Equal(first, second) {
			t.Errorf("written %s, then %s", first, second)
		}
	}
}

func TestAppendText(t *testing.T) {
	const want = `"a\"\\\n\t` + "\x7fé\u2028" + `\u0000/😀\u001f\b\f\r"`
	if got := AppendText(nil, "a\"\\\n\t\x7fé\u2028\x00/😀\x1f\b\f\r"); string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
}
