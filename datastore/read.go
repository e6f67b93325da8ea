package datastore

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"valet/datastore/vfs"
	"valet/registry/dataset"
)

// maxUnpacked bounds what a packed zip member of unrecorded size may grow to.
const maxUnpacked = 1 << 30

// Read returns the bytes of a stored file after comparing its size with the recorded one (repository.md 9.1, 9.7). On a chain it tries
// the children in order. The error is a *MissingFileError, an *IntegrityError, a *LocationError or a *FileError.
func (s *Store) Read(r *dataset.FileRecord) ([]byte, error) {
	if s.Config.Class != ChainedClass {
		return s.readOne(r)
	}
	var missing error
	for _, child := range s.children {
		data, err := child.readOne(r)
		var m *MissingFileError
		if err == nil || !errors.As(err, &m) {
			return data, err
		}
		missing = err
	}
	return nil, missing
}

func (s *Store) readOne(r *dataset.FileRecord) ([]byte, error) {
	name, member, err := s.locate(r)
	if err != nil {
		return nil, err
	}
	file, err := s.fs.Open(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &MissingFileError{r.ID, name, err}
		}
		return nil, &FileError{"read", name, err}
	}
	defer file.Close()
	if member != "" {
		if data, ok := s.zips.quick(file, name, member, r); ok {
			return data, nil
		}
		return readMember(file, name, member, r)
	}
	if r.Size >= 0 && r.Size != file.Size() {
		return nil, &IntegrityError{r.ID, name, r.Size, file.Size()}
	}
	data := make([]byte, file.Size())
	if n, err := file.ReadAt(data, 0); n < len(data) {
		if err == io.EOF {
			return nil, &IntegrityError{r.ID, name, file.Size(), int64(n)}
		}
		return nil, &FileError{"read", name, err}
	}
	return data, nil
}

// locate finds the absolute path of a record's file and the member of it, if it is a zip.
func (s *Store) locate(r *dataset.FileRecord) (name, member string, err error) {
	location, member, _ := dataset.SplitMember(r.Path)
	if scheme, _, ok := splitScheme(location); ok {
		if scheme != "file" {
			return "", "", &LocationError{r.ID, r.Path, fmt.Sprintf("is in a remote store (%s), which valet cannot read yet", scheme)}
		}
		if name, err = filePath(location); err != nil {
			return "", "", &LocationError{r.ID, r.Path, "is no file on this machine"}
		}
		return name, member, nil
	}
	if err := checkRelative(location); err != nil {
		return "", "", &LocationError{r.ID, r.Path, err.Error()}
	}
	return s.Config.Root + "/" + location, member, nil
}

// checkRelative refuses what is no path below the root. Paths that other programs recorded may be untidy inside it.
func checkRelative(p string) error {
	switch {
	case p == "":
		return errors.New("is empty")
	case p[0] == '/':
		return errors.New("is absolute, but no URI")
	case strings.IndexByte(p, 0) >= 0:
		return errors.New("has a zero byte")
	case strings.Contains(p, ".."):
		if clean := path.Clean(p); clean == ".." || strings.HasPrefix(clean, "../") {
			return errors.New("leaves the datastore")
		}
	}
	return nil
}

func readMember(file vfs.File, name, member string, r *dataset.FileRecord) ([]byte, error) {
	z, err := zip.NewReader(file, file.Size())
	if err != nil {
		return nil, &FileError{"read", name, err}
	}
	find := func(member string) *zip.File {
		for _, f := range z.File {
			if f.Name == member {
				return f
			}
		}
		return nil
	}
	f := find(member)
	if f == nil {
		if plain, err := url.PathUnescape(member); err == nil {
			f = find(plain)
		}
	}
	where := name + dataset.ZipFragment + member
	if f == nil {
		return nil, &MissingFileError{r.ID, where, fs.ErrNotExist}
	}
	size := int64(f.UncompressedSize64)
	if r.Size >= 0 && r.Size != size {
		return nil, &IntegrityError{r.ID, where, r.Size, size}
	}
	if size < 0 || size > file.Size() && size > maxUnpacked {
		return nil, &FileError{"read", where, fmt.Errorf("the member claims %d bytes", f.UncompressedSize64)}
	}
	in, err := f.Open()
	if err != nil {
		return nil, &FileError{"read", where, err}
	}
	defer in.Close()
	// The claim is not believed before the bytes are there: the buffer grows with them.
	data, err := io.ReadAll(io.LimitReader(in, size+1))
	if err != nil {
		return nil, &FileError{"read", where, err}
	}
	if int64(len(data)) != size {
		return nil, &IntegrityError{r.ID, where, size, int64(len(data))}
	}
	return data, nil
}

// Remove removes a stored file. A missing one is fine; files outside the root and zips, which hold other datasets too, are left alone.
func (s *Store) Remove(r *dataset.FileRecord) error {
	if s.Config.Class == ChainedClass {
		return &ChainError{}
	}
	name, member, err := s.locate(r)
	if err != nil {
		return err
	}
	if _, _, absolute := splitScheme(r.Path); absolute || member != "" {
		return nil
	}
	if err := s.fs.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &FileError{"remove", name, err}
	}
	return nil
}
