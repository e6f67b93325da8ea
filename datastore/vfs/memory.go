package vfs

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Memory is a disk in memory. It remembers for each file and directory what was made durable, and Crash makes a disk of just
// that: the strictest reading of what a power failure may leave.
type Memory struct {
	mu   sync.Mutex
	root *node
	// NoVolume makes Volume unsupported, as on systems without syncfs.
	NoVolume bool
}

var _ FS = (*Memory)(nil)

// node is a file, a directory (children is not nil) or a link (target is not empty).
type node struct {
	target            string
	children, durable map[string]*node
	data, synced      []byte
}

func newDir() *node { return &node{children: map[string]*node{}, durable: map[string]*node{}} }

// NewMemory returns an empty disk.
func NewMemory() *Memory { return &Memory{root: newDir()} }

// find follows a path. With follow it also follows a link in the last place. It returns the directory that holds or would hold
// the last part, the name there and the node, nil if there is none, and the path without links.
func (m *Memory) find(p string, follow bool) (dir *node, name string, n *node, real string, err error) {
	parts := strings.Split(strings.Trim(path.Clean(p), "/"), "/")
	dir, n, real = m.root, m.root, "/"
	for links := 0; len(parts) > 0; {
		name, parts = parts[0], parts[1:]
		if name == "" {
			continue
		}
		if n == nil {
			return nil, "", nil, "", syscall.ENOENT
		}
		if n.children == nil {
			return nil, "", nil, "", syscall.ENOTDIR
		}
		dir, n = n, n.children[name]
		if n != nil && n.target != "" && (follow || len(parts) > 0) {
			if links++; links > 40 {
				return nil, "", nil, "", syscall.ELOOP
			}
			target := n.target
			if !path.IsAbs(target) {
				target = path.Join(real, target)
			}
			parts = append(strings.Split(strings.Trim(target, "/"), "/"), parts...)
			n, real = m.root, "/"
			continue
		}
		real = path.Join(real, name)
	}
	return dir, name, n, real, nil
}

func (m *Memory) existing(op, p string, follow bool) (*node, string, error) {
	_, _, n, real, err := m.find(p, follow)
	if err == nil && n == nil {
		err = syscall.ENOENT
	}
	if err != nil {
		return nil, "", &fs.PathError{Op: op, Path: p, Err: err}
	}
	return n, real, nil
}

// add puts a node where nothing is.
func (m *Memory) add(op, p string, n *node) error {
	dir, name, old, _, err := m.find(p, false)
	if err == nil && old != nil {
		err = syscall.EEXIST
	}
	if err != nil {
		return &fs.PathError{Op: op, Path: p, Err: err}
	}
	dir.children[name] = n
	return nil
}

type memoryFile struct{ data []byte }

func (f memoryFile) Size() int64  { return int64(len(f.data)) }
func (f memoryFile) Close() error { return nil }
func (f memoryFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fs.ErrInvalid // as a file of the machine does
	}
	if off > int64(len(f.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Open opens a file.
func (m *Memory) Open(p string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, _, err := m.existing("open", p, true)
	if err != nil {
		return nil, err
	}
	if n.children != nil {
		return nil, &fs.PathError{Op: "read", Path: p, Err: syscall.EISDIR}
	}
	return memoryFile{n.data}, nil
}

// Create makes a file.
func (m *Memory) Create(p string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.add("open", p, &node{data: slices.Clone(data)})
}

// Link gives a file a second name.
func (m *Memory) Link(file, p string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _, n, _, err := m.find(file, false)
	switch {
	case err == nil && n == nil:
		err = syscall.ENOENT
	case err == nil && n.children != nil:
		err = syscall.EPERM
	case err == nil:
		err = m.add("link", p, n)
	}
	return linkError("link", file, p, err)
}

// Symlink makes a symbolic link.
func (m *Memory) Symlink(target, p string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return linkError("symlink", target, p, m.add("symlink", p, &node{target: target}))
}

// linkError is an error as the system's operations on two paths have it.
func linkError(op, from, to string, err error) error {
	if err == nil {
		return nil
	}
	var one *fs.PathError
	if errors.As(err, &one) {
		err = one.Err
	}
	return &os.LinkError{Op: op, Old: from, New: to, Err: err}
}

// Mkdir makes a directory.
func (m *Memory) Mkdir(p string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.add("mkdir", p, newDir())
}

// Rename renames.
func (m *Memory) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	bad := func(err error) error { return &os.LinkError{Op: "rename", Old: from, New: to, Err: err} }
	dir, name, n, _, err := m.find(from, false)
	if err == nil && n == nil {
		err = syscall.ENOENT
	}
	if err != nil {
		return bad(err)
	}
	toDir, toName, old, _, err := m.find(to, false)
	switch {
	case err != nil:
		return bad(err)
	case old != nil && old.children != nil && n.children == nil:
		return bad(syscall.EISDIR)
	case old != nil && old.children == nil && n.children != nil:
		return bad(syscall.ENOTDIR)
	case old != nil && len(old.children) > 0:
		return bad(syscall.ENOTEMPTY)
	}
	delete(dir.children, name)
	toDir.children[toName] = n
	return nil
}

// Remove removes.
func (m *Memory) Remove(p string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, name, n, _, err := m.find(p, false)
	switch {
	case err != nil:
	case n == nil:
		err = syscall.ENOENT
	case len(n.children) > 0:
		err = syscall.ENOTEMPTY
	}
	if err != nil {
		return &fs.PathError{Op: "remove", Path: p, Err: err}
	}
	delete(dir.children, name)
	return nil
}

// List reads a directory.
func (m *Memory) List(p string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, _, err := m.existing("open", p, true)
	if err == nil && n.children == nil {
		err = &fs.PathError{Op: "open", Path: p, Err: syscall.ENOTDIR}
	}
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(n.children)), nil
}

// Entries reads a directory.
func (m *Memory) Entries(p string) ([]Entry, error) {
	names, err := m.List(p)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Entry
	for _, name := range names {
		if _, _, n, _, err := m.find(path.Join(p, name), false); err == nil && n != nil {
			out = append(out, Entry{name, n.children != nil})
		}
	}
	return out, nil
}

// Stat describes a path.
func (m *Memory) Stat(p string) (Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, _, err := m.existing("stat", p, false)
	if err != nil {
		return Info{}, err
	}
	return Info{Size: int64(len(n.data)), Dir: n.children != nil, Link: n.target != "", Regular: n.children == nil && n.target == "", Device: 1}, nil
}

// Resolve follows every link.
func (m *Memory) Resolve(p string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, real, err := m.existing("stat", p, true)
	return real, err
}

// SyncFile makes a file's content durable.
func (m *Memory) SyncFile(p string) error { return m.sync(p) }

// SyncDir makes a directory's entries durable.
func (m *Memory) SyncDir(p string) error { return m.sync(p) }

func (m *Memory) sync(p string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, _, err := m.existing("sync", p, true)
	if err != nil {
		return err
	}
	n.sync()
	return nil
}

func (n *node) sync() {
	n.synced = n.data
	if n.children != nil {
		n.durable = maps.Clone(n.children)
	}
}

type memoryVolume struct{ m *Memory }

// Volume is the whole disk.
func (m *Memory) Volume(dir string) (Volume, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.NoVolume {
		return nil, &fs.PathError{Op: "syncfs", Path: dir, Err: errors.ErrUnsupported}
	}
	if _, _, err := m.existing("open", dir, true); err != nil {
		return nil, err
	}
	return memoryVolume{m}, nil
}

func (v memoryVolume) Close() error { return nil }

func (v memoryVolume) Sync() error {
	v.m.mu.Lock()
	defer v.m.mu.Unlock()
	var all func(n *node)
	all = func(n *node) {
		n.sync()
		for _, c := range n.children {
			all(c)
		}
	}
	all(v.m.root)
	return nil
}
