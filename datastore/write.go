package datastore

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/blake2b"
)

// Writer writes the files of one worker: directories are made once; a file that replaces another one is written under a temporary name
// and renamed. It is not safe for concurrent use; several writers of one store are.
type Writer struct {
	store *Store
	// prefix makes temporary names of this writer its own, count those of one file.
	prefix string
	count  uint64
	// dir is the directory of the last file, which needs no further look.
	dir string
	buf []byte
	// Guard, if set, is asked right before a file takes the place of another one; its error is that of the write.
	Guard func() error
}

// Writer returns a writer for one worker.
func (s *Store) Writer() *Writer {
	return &Writer{store: s, prefix: s.temporary() + strconv.FormatUint(s.writers.Add(1), 36) + "x"}
}

// tokens are what the temporary names of a store begin with: a mark, eight random characters, a mark. They tell stores apart, in
// this process and in others. Names that meet all the same are noticed by Create and tried again.
var tokens = regexp.MustCompile(`^v[0-9a-v]{8}x[0-9a-z]+x[0-9a-z]+_.*\.tmp(\.[^.]*)?$`)

func (s *Store) temporary() string {
	s.token.Do(func() {
		var b [5]byte
		_, _ = rand.Read(b[:]) // never fails
		s.tokenText = "v" + strings.ToLower(base32.HexEncoding.EncodeToString(b[:])) + "x"
	})
	return s.tokenText
}

// RemoveTemporary removes from a directory, relative to the root, what writers left under temporary names that are not of this store:
// those of a process that was killed while it replaced a file. A process that lives, and whose temporary file goes, cannot replace its
// file any more. What cannot be listed or removed stays; it is harmless.
func (s *Store) RemoveTemporary(dir string) {
	if s.Config.Class == ChainedClass || checkWritable(dir) != nil {
		return
	}
	names, err := s.fs.List(s.Config.Root + "/" + dir)
	if err != nil {
		return
	}
	for _, name := range names {
		if strings.Contains(name, ".tmp") && tokens.MatchString(name) && !strings.HasPrefix(name, s.temporary()) {
			_ = s.fs.Remove(s.Config.Root + "/" + dir + "/" + name)
		}
	}
}

// Checksum is what the datastore records of written bytes: hexadecimal BLAKE2b-512, or nothing if it is not configured to.
func (s *Store) Checksum(data []byte) string {
	if !s.Config.Checksum {
		return ""
	}
	sum := blake2b.Sum512(data)
	return hex.EncodeToString(sum[:])
}

// Write writes one file at a path relative to the root, replacing an unrecorded one. The file is durable after the next Sync; what it
// replaces is there until the new one has all its bytes. After an error nothing is left behind. The error is a *PathError, a *FileError or, for a
// chain, a *ChainError.
func (w *Writer) Write(p string, data []byte) error { return w.writeTo(p, data, false) }

// WriteOver is Write for a file that holds what the file in its place told: that is there until the new one is durable.
func (w *Writer) WriteOver(p string, data []byte) error { return w.writeTo(p, data, true) }

func (w *Writer) writeTo(p string, data []byte, durable bool) error {
	s := w.store
	if s.Config.Class == ChainedClass {
		return &ChainError{}
	}
	slash := strings.LastIndexByte(p, '/')
	dir := p[:max(slash, 0)]
	if err := checkWritable(p); err != nil {
		return err
	}
	if err := w.enter(dir); err != nil {
		return err
	}
	err := w.write(p, dir, p[slash+1:], data, durable)
	if errors.Is(err, fs.ErrNotExist) {
		// Somebody removed the directory since we saw it.
		w.dir = ""
		s.disk.forget(dir)
		if err := w.enter(dir); err != nil {
			return err
		}
		err = w.write(p, dir, p[slash+1:], data, durable)
	}
	if err != nil {
		return &FileError{"write", s.Config.Root + "/" + p, err}
	}
	s.disk.written(p, dir)
	return nil
}

func (w *Writer) enter(dir string) error {
	if dir == w.dir && dir != "" {
		return nil
	}
	if err := w.store.disk.enter(dir); err != nil {
		return err
	}
	w.dir = dir
	return nil
}

func (w *Writer) write(p, dir, name string, data []byte, durable bool) error {
	root := w.store.Config.Root
	// A new file gets its name at once: no row names it before it is complete and durable, and what a crash leaves of it is written
	// over. That spares a rename, a third of the cost of a small file.
	final := root + "/" + p
	err := w.store.fs.Create(final, data)
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrExist) {
		if isPartial(err) {
			// The first error is the one to tell.
			_ = w.store.fs.Remove(final)
		}
		return err
	}
	for tries := 0; ; tries++ {
		temporary := w.temporary(root, dir, name)
		err := w.store.fs.Create(temporary, data)
		if errors.Is(err, fs.ErrExist) && tries < 100 {
			continue
		}
		if err == nil && durable {
			err = w.store.fs.SyncFile(temporary)
		}
		if err == nil && w.Guard != nil {
			err = w.Guard()
		}
		if err == nil {
			err = w.store.fs.Rename(temporary, final)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			// The first error is the one to tell; a file that cannot be removed has a name that says what it is.
			_ = w.store.fs.Remove(temporary)
		}
		return err
	}
}

// isPartial reports whether Create failed after it had made the file: a file that it did not make may be another one's.
func isPartial(err error) bool {
	var e *fs.PathError
	return errors.As(err, &e) && (e.Op == "write" || e.Op == "close")
}

// temporary makes a name of the form <unique><stem>.tmp<extension> in the directory of the file (repository.md 9.5). The stem is cut at
// its front where the name would be too long for the file system.
func (w *Writer) temporary(root, dir, name string) string {
	const longest = 255
	extension := path.Ext(name)
	stem := name[:len(name)-len(extension)]
	w.count++
	b := append(append(w.buf[:0], root...), '/')
	if dir != "" {
		b = append(append(b, dir...), '/')
	}
	start := len(b)
	b = append(b, w.prefix...)
	b = strconv.AppendUint(b, w.count, 36)
	b = append(b, '_')
	if over := len(b) - start + len(stem) + len(".tmp") + len(extension) - longest; over > 0 {
		stem = stem[min(over, len(stem)):]
	}
	b = append(b, stem...)
	b = append(b, ".tmp"...)
	b = append(b, extension...)
	w.buf = b
	return string(b)
}

// checkWritable refuses paths that are not plainly below the root.
func checkWritable(p string) error {
	if err := checkRelative(p); err != nil {
		return &PathError{p, err.Error()}
	}
	for rest := p; ; {
		component := rest
		i := strings.IndexByte(rest, '/')
		if i >= 0 {
			component, rest = rest[:i], rest[i+1:]
		}
		if component == "" || component == "." || component == ".." {
			return &PathError{p, "has an empty or relative part"}
		}
		if i < 0 {
			return nil
		}
	}
}

// cause is the innermost reason without the path, which may be that of a temporary file.
func cause(err error) string {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		return pe.Err.Error()
	case errors.As(err, &le):
		return le.Err.Error()
	}
	return err.Error()
}
