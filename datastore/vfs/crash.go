package vfs

import (
	"maps"
	"path"
	"slices"
)

// Crash returns the disk that a power failure would leave now: directory entries and contents that were made durable, nothing
// else. A file whose name is durable but whose content is not is empty. The original is not changed.
func (m *Memory) Crash() *Memory { return m.clone(true, true) }

// Clone returns the disk that a process finds when the one before was killed now: all that was written. It counts as durable. The
// original is not changed.
func (m *Memory) Clone() *Memory { return m.clone(false, false) }

// CrashNamed returns the disk that a power failure may leave of a file system that stores names before contents: every name, but of
// contents only what was made durable. The original is not changed.
func (m *Memory) CrashNamed() *Memory { return m.clone(false, true) }

func (m *Memory) clone(durableNames, durableContents bool) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	// A rename moves a node, so that one node may be durable under two names; both become it.
	copies := map[*node]*node{}
	var clone func(n *node) *node
	clone = func(n *node) *node {
		if c := copies[n]; c != nil {
			return c
		}
		data, children := n.data, n.children
		if durableContents {
			data = n.synced
		}
		if durableNames {
			children = n.durable
		}
		c := &node{target: n.target, data: data, synced: data}
		copies[n] = c
		if n.children != nil {
			c.children = map[string]*node{}
			for name, child := range children {
				c.children[name] = clone(child)
			}
			c.durable = maps.Clone(c.children)
		}
		return c
	}
	return &Memory{root: clone(m.root), NoVolume: m.NoVolume}
}

// Files are the paths of all files, sorted.
func (m *Memory) Files() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	var walk func(p string, n *node)
	walk = func(p string, n *node) {
		if n.children == nil {
			out = append(out, p)
		}
		for name, c := range n.children {
			walk(path.Join(p, name), c)
		}
	}
	walk("/", m.root)
	slices.Sort(out)
	return out
}
