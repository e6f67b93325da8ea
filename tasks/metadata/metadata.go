// Package metadata owns TaskMetadata: the tree of values that timed methods and the executor leave for every quantum.
//
// A node has scalars, arrays and named children. A value is reached by its full name, the names from the top joined by
// periods; children of the top are named after tasks, with colons between a task and its subtasks, so that
// "diaPipe:diaForcedSource.runEndMaxResidentSetSize" is an item of the child "diaPipe:diaForcedSource".
//
// Values are what the present reader of the Python stack hands to a task (metrics.md 6.1): everything that Python's float()
// accepts is a number, integers lose digits above 2^53, and a file that holds anything else than numbers and texts is refused
// whole. Two readers give the same answers: Parse makes the tree, Document answers searches straight from the text without
// making one. Parse also defines which files are refused.
//
// The package does no I/O. It refuses what the Python reader refuses, and names the class of its error. Its weak spot is
// that the types of the values in the file are lost, as they are for tasks: a tree that was read is not written as it was.
package metadata

import "strings"

// Metadata is one node of a tree. The zero value is an empty tree. A tree that nobody changes may be read concurrently.
type Metadata struct {
	scalars  ordered[Value]
	arrays   ordered[[]Value]
	children ordered[*Metadata]
}

// Names lists the full names of all scalars and arrays, each once: those of this node, then those below, in the order of the file.
// Names of children are not listed themselves. A name need not be one that Get can find: see Get.
func (m *Metadata) Names() []string {
	var names []string
	seen := make(map[string]bool)
	m.walk("", func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	})
	return names
}

// OwnNames lists the names of the scalars and arrays of this node alone.
func (m *Metadata) OwnNames() []string {
	names := make([]string, 0, len(m.scalars.names)+len(m.arrays.names))
	names = append(names, m.scalars.names...)
	for _, name := range m.arrays.names {
		if _, twice := m.scalars.get(name); !twice {
			names = append(names, name)
		}
	}
	return names
}

// walk calls yield with the full name of every scalar and array; a name that is both comes twice.
func (m *Metadata) walk(prefix string, yield func(name string)) {
	for _, name := range m.scalars.names {
		yield(prefix + name)
	}
	for _, name := range m.arrays.names {
		yield(prefix + name)
	}
	for i, name := range m.children.names {
		m.children.items[i].walk(prefix+name+".", yield)
	}
}

// Get gives the value of a full name: the scalar, else the last element of the array, else (as upstream does) the child of that
// name, as a Branch. The error is a *NotFoundError, also for an empty array and for a stored name that contains a period: a full
// name is split at every period.
func (m *Metadata) Get(name string) (Value, error) {
	node, item := m.descend(name)
	if node == nil {
		return Value{}, &NotFoundError{Name: name}
	}
	if v, ok := node.scalars.get(item); ok {
		return v, nil
	}
	if list, _ := node.arrays.get(item); len(list) > 0 {
		return list[len(list)-1], nil
	}
	if child, ok := node.children.get(item); ok {
		return Value{Kind: Branch, Empty: len(child.OwnNames()) == 0 && len(child.children.names) == 0}, nil
	}
	return Value{}, &NotFoundError{Name: name}
}

// Array gives all elements of the array of a full name, or the scalar as its only element. The error is a *NotFoundError.
func (m *Metadata) Array(name string) ([]Value, error) {
	node, item := m.descend(name)
	if node == nil {
		return nil, &NotFoundError{Name: name}
	}
	if list, ok := node.arrays.get(item); ok {
		return list, nil
	}
	if v, ok := node.scalars.get(item); ok {
		return []Value{v}, nil
	}
	return nil, &NotFoundError{Name: name}
}

// Child is the direct child of the name, or nil.
func (m *Metadata) Child(name string) *Metadata {
	child, _ := m.children.get(name)
	return child
}

// ChildNames lists the direct children.
func (m *Metadata) ChildNames() []string { return m.children.names }

// descend follows all parts of a full name but the last, and is nil where a child is missing.
func (m *Metadata) descend(name string) (node *Metadata, item string) {
	for m != nil {
		part, rest, more := strings.Cut(name, ".")
		if !more {
			return m, part
		}
		m, name = m.Child(part), rest
	}
	return nil, ""
}

// Find appends one value per fragment to dst: the value of the one name that contains the fragment, or an Absent value if none
// does. Fragments are looked up in order and the first that fails ends the search: with an *AmbiguousError if several names
// contain it, with a *NotFoundError if the one name has no value (metrics.md 7.2).
func (m *Metadata) Find(dst []Value, fragments []string) ([]Value, error) {
	names := m.Names()
	for _, fragment := range fragments {
		var matches []string
		for _, name := range names {
			if strings.Contains(name, fragment) {
				matches = append(matches, name)
			}
		}
		switch len(matches) {
		case 0:
			dst = append(dst, Value{})
		case 1:
			v, err := m.Get(matches[0])
			if err != nil {
				return dst, err
			}
			dst = append(dst, v)
		default:
			return dst, newAmbiguousError(fragment, matches)
		}
	}
	return dst, nil
}
