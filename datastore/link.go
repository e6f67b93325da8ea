package datastore

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
)

// LinkKind is a way to make a file appear at a place without copying it.
type LinkKind uint8

// The kinds. HardOrSymbolic makes a symbolic link where the file system cannot give the file a second name.
const (
	HardLink LinkKind = iota
	HardOrSymbolic
	SymbolicLink
	RelativeLink
)

// Link makes a link to a file at a path relative to the root, replacing an unrecorded file. source is absolute and names the file itself, not
// a link to it. What is said of Write holds for it too.
func (w *Writer) Link(source, p string, kind LinkKind) error {
	s := w.store
	if s.Config.Class == ChainedClass {
		return &ChainError{}
	}
	if err := checkWritable(p); err != nil {
		return err
	}
	slash := strings.LastIndexByte(p, '/')
	dir := p[:max(slash, 0)]
	if err := w.enter(dir); err != nil {
		return err
	}
	target := source
	if kind == RelativeLink {
		real, err := s.fs.Resolve(strings.TrimSuffix(s.Config.Root+"/"+dir, "/"))
		if err != nil {
			return &FileError{"write", s.Config.Root + "/" + p, err}
		}
		target = relative(real, source)
	}
	put := func(at string) error {
		if kind == HardLink || kind == HardOrSymbolic {
			err := s.fs.Link(source, at)
			if kind == HardLink || !cannotLink(err) {
				return err
			}
		}
		return s.fs.Symlink(target, at)
	}
	final := s.Config.Root + "/" + p
	err := put(final)
	for tries := 0; errors.Is(err, fs.ErrExist) && tries < 100; tries++ {
		temporary := w.temporary(s.Config.Root, dir, p[slash+1:])
		if err = put(temporary); err != nil {
			continue
		}
		if w.Guard != nil {
			err = w.Guard()
		}
		if err == nil {
			err = s.fs.Rename(temporary, final)
		}
		// Renaming a name over another one of the same file does nothing, and an error leaves the temporary name: the first error is the
		// one to tell.
		_ = s.fs.Remove(temporary)
		break
	}
	if err != nil {
		return &FileError{"write", final, err}
	}
	s.disk.written(p, dir)
	return nil
}

// cannotLink reports whether an error says that this file cannot have a second name there.
func cannotLink(err error) bool {
	for _, e := range []error{syscall.EXDEV, syscall.EPERM, syscall.EMLINK, syscall.EOPNOTSUPP, syscall.ENOSYS} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// relative is the path from a directory to a file, both absolute and without links.
func relative(dir, file string) string {
	from, to := strings.Split(strings.Trim(dir, "/"), "/"), strings.Split(strings.Trim(file, "/"), "/")
	if from[0] == "" {
		from = nil
	}
	same := 0
	for same < len(from) && same < len(to)-1 && from[same] == to[same] {
		same++
	}
	return strings.Repeat("../", len(from)-same) + strings.Join(to[same:], "/")
}
