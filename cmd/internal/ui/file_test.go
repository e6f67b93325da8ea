package ui

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rows.csv")
	write := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			io.WriteString(w, text)
			return err
		}
	}
	if err := WriteFile(path, nil, write("one", nil)); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("no more rows")
	if err := WriteFile(path, nil, write("two", failure)); !errors.Is(err, failure) {
		t.Errorf("error %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "one" {
		t.Errorf("a failed write left %q", got)
	}
	if err := WriteFile(path, nil, write("three", nil)); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "three" {
		t.Errorf("content %q", got)
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("temporary files stay: %v", list)
	}
	if err := WriteFile(filepath.Join(dir, "missing", "x"), nil, write("", nil)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
}
