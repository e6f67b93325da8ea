// Package example holds the example repository of valet demo: what the real stack left of a small science run, and a pipeline to
// measure it. It is part of the program, so that the demo needs no other files and no network.
package example

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

//go:embed example.zip
var archive []byte

// The names below the directory of Extract.
const (
	Repository = "repo"
	Pipeline   = "metrics.yaml"
)

// Extract writes the repository and the pipeline below dir, which is made if it is new. Files that are there already are an
// error: nothing is overwritten.
func Extract(dir string) error {
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return fmt.Errorf("read the example: %w", err)
	}
	for _, f := range files.File {
		if err := extract(f, filepath.Join(dir, filepath.FromSlash(f.Name))); err != nil {
			return fmt.Errorf("write the example: %w", err)
		}
	}
	return nil
}

func extract(f *zip.File, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
