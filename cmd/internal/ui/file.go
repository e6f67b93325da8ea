package ui

import (
	"io"
	"os"
	"path/filepath"
)

// File is a file that appears under its name when it is complete, or not at all.
type File struct {
	*os.File
	path string
}

// CreateFile starts a file. Commit or Abort ends it.
func CreateFile(path string) (*File, error) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	f, err := os.CreateTemp(dir, "."+base+".*.tmp")
	if err != nil {
		return nil, err
	}
	return &File{f, path}, nil
}

// Commit makes the file durable and gives it its name, replacing a file of that name.
func (f *File) Commit() error {
	err := f.Chmod(filePerm())
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// Abort drops the file.
func (f *File) Abort() {
	f.Close()
	os.Remove(f.Name())
}

// WriteFile writes a whole file: write fills it. If write fails, a file that was there before stays as it was. The path - is stdout.
func WriteFile(path string, stdout io.Writer, write func(w io.Writer) error) error {
	if path == "" || path == "-" {
		return write(stdout)
	}
	f, err := CreateFile(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Abort()
		return err
	}
	return f.Commit()
}
