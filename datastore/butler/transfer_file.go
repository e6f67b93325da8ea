package butler

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"valet/datastore"
	"valet/registry/dataset"
)

// Further ways for files to come from one place to another, with upstream's names.
const (
	// Auto links, but files that are in the repository already stay where they are, and so do those that were outside of the other one.
	Auto Transfer = "auto"
	// RelSymlink makes symbolic links that hold relative paths.
	RelSymlink Transfer = "relsymlink"
	// NoTransfer names files and leaves them where they are.
	NoTransfer Transfer = "none"
)

// ParseTransferOf reads the name of a transfer that has to be one of those allowed.
func ParseTransferOf(s string, allowed ...Transfer) (Transfer, error) {
	t := Transfer(s)
	if s == "hardlink" {
		t = Link
	}
	if slices.Contains(allowed, t) {
		return t, nil
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	return "", fmt.Errorf("%q is not possible here: %s or %s expected", s, strings.Join(names[:len(names)-1], ", "), names[len(names)-1])
}

// fileURI is the URI of a file on this machine.
func fileURI(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// splitZip splits off the member of a zip file that a path names; the member keeps its sharp sign.
func splitZip(path string) (file, member string) {
	file, _, _ = dataset.SplitMember(path)
	return file, path[len(file):]
}

// isURI reports whether a path is a URI, and of which scheme.
func isURI(path string) (scheme string, ok bool) {
	scheme, _, ok = strings.Cut(path, "://")
	return scheme, ok && scheme != "" && !strings.Contains(scheme, "/")
}

// linkKind is the link that a transfer makes; it is not ok if it makes none.
func (t Transfer) linkKind() (kind datastore.LinkKind, ok bool) {
	switch t {
	case Link, Auto:
		return datastore.HardOrSymbolic, true
	case Hardlink:
		return datastore.HardLink, true
	case Symlink:
		return datastore.SymbolicLink, true
	case RelSymlink:
		return datastore.RelativeLink, true
	}
	return 0, false
}

// place makes a file of a dataset at a path relative to the root: as a link to a source if there is one and the transfer links, else of data.
func (b *Butler) place(w *datastore.Writer, mode Transfer, r *dataset.FileRecord, data []byte, source string) error {
	kind, links := mode.linkKind()
	if !links || source == "" {
		return w.Write(r.Path, data)
	}
	real, err := b.files.Resolve(source)
	if err != nil {
		return err
	}
	return w.Link(real, r.Path, kind)
}
