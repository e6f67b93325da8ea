// Package datastore is the bytes side of a repository: where a ref's file is, and how its bytes are written, made durable, read and
// removed. It owns the configuration of a file datastore, lookup keys, path templates and the choice of a formatter; what the bytes
// mean is the business of package formatter, and which files are recorded that of the registry.
//
// It refuses remote stores, in-memory datastores, writing to a chain, and every path out of the root. It never checks whether a path
// is recorded for another dataset already: who has the registry must.
//
// Weak spots: composites are not taken apart on writing; a zip is removed only as a whole, with its last dataset; a component is looked
// up by its own storage class, not by its parent's.
package datastore

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"valet/datastore/vfs"
	"valet/registry/dimension"
)

// Store is one file datastore, or a chain of them. It is safe for concurrent use.
type Store struct {
	Config Config

	fs          vfs.FS
	templates   *lookup[*template]
	formatters  *lookup[*Formatter]
	constraints constraints
	// instruments are those that the configuration says something special of.
	instruments []string
	children    []*Store
	disk        *disk
	zips        zipDirectories
	universe    *dimension.Universe
	// token and tokenText are what temporary names begin with; writers counts the writers.
	token     sync.Once
	tokenText string
	writers   atomic.Uint64
}

// New checks the configuration, compiles templates, and returns the store on a file system. The disk is not touched. The error is
// a *ConfigError.
func New(fs vfs.FS, c Config, u *dimension.Universe) (*Store, error) {
	s := &Store{Config: c, fs: fs, universe: u}
	if c.Class == ChainedClass {
		for _, child := range c.files() {
			file, err := New(fs, child, u)
			if err != nil {
				return nil, err
			}
			s.children = append(s.children, file)
		}
		return s, nil
	}
	if c.Root == "" || c.Root[0] != '/' {
		return nil, &ConfigError{"root", fmt.Sprintf("%q is no absolute directory", c.Root)}
	}
	if c.Templates == nil {
		c.Templates = defaultTemplates()
	}
	defaults, known := defaultFormatters()
	if c.Formatters == nil {
		c.Formatters = defaults
	}
	var err error
	if s.templates, err = newLookup("templates", c.Templates, u, convertTemplate); err != nil {
		return nil, err
	}
	if s.formatters, err = newFormatters(c.Formatters, known, u); err != nil {
		return nil, err
	}
	if s.constraints, err = newConstraints(c, u); err != nil {
		return nil, err
	}
	s.instruments = collectInstruments(s)
	s.disk = newDisk(fs, c.Root, c.Create)
	return s, nil
}

func convertTemplate(_ string, v any) (*template, error) {
	text, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("a file template is a text, not %v", v)
	}
	return parseTemplate(text)
}

// newFormatters compiles the formatters section. Two of its keys are no lookup keys but write options of Python classes.
func newFormatters(m map[string]any, known []formatterDefault, u *dimension.Universe) (*lookup[*Formatter], error) {
	classes := map[string]*Formatter{}
	for _, k := range known {
		classes[k.Class] = &Formatter{Class: k.Class, Extension: k.Extensions[0], Extensions: k.Extensions}
	}
	lookups := map[string]any{}
	for k, v := range m {
		if k != "default" && k != "write_recipes" {
			lookups[k] = v
		}
	}
	return newLookup("formatters", lookups, u, func(_ string, v any) (*Formatter, error) {
		if m := asMapping(v); m != nil {
			v = m["formatter"]
		}
		class, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("a formatter is a class name, not %v", v)
		}
		if f := classes[class]; f != nil {
			return f, nil
		}
		f := &Formatter{Class: class}
		classes[class] = f
		return f, nil
	})
}

func collectInstruments(s *Store) []string {
	names := map[string]bool{}
	for n := range s.templates.instruments {
		names[n] = true
	}
	for n := range s.formatters.instruments {
		names[n] = true
	}
	for _, l := range []*lookup[bool]{s.constraints.accept, s.constraints.reject} {
		for n := range l.instruments {
			names[n] = true
		}
	}
	var out []string
	for n := range names {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// Files are the file datastores in reading order: the store itself, or the children of a chain. Each has its own name and table of
// records; a dataset is read from the first that has a record of it.
func (s *Store) Files() []*Store {
	if s.Config.Class == ChainedClass {
		return s.children
	}
	return []*Store{s}
}
