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
	if i := strings.LastIndex(path, "#zip-path="); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}

// isURI reports whether a path is a URI, and of which scheme.
func isURI(path string) (scheme string, ok bool) {
	scheme, _, ok = strings.Cut(path, "://")
	return scheme, ok && scheme != "" && !strings.Contains(scheme, "/")
}

// place makes a file of a dataset at a path relative to the root: of data, or as a link to a source. Links need a copy first, which makes
// directories and replaces what was there.
func (b *Butler) place(w *datastore.Writer, mode Transfer, r *dataset.FileRecord, data []byte, source string) error {
	if err := w.Write(r.Path, data); err != nil || mode != Link && mode != Symlink && mode != RelSymlink && mode != Auto || source == "" {
		return err
	}
	return b.linkInto(mode, source, b.Store.Config.Root+"/"+r.Path, r.ID.String())
}

// linkInto replaces a file by a link to a source in one step. A hard link that is not possible, on another disk for one, becomes a symbolic link.
func (b *Butler) linkInto(mode Transfer, source, final, token string) error {
	temporary := filepath.Dir(final) + "/" + token + ".tmp"
	source, err := b.files.Resolve(source)
	if err != nil {
		return err
	}
	target := source
	if mode == RelSymlink {
		dir, err := b.files.Resolve(filepath.Dir(final))
		if err != nil {
			return err
		}
		if target, err = filepath.Rel(dir, source); err != nil {
			return err
		}
	}
	// What a killed process left.
	_ = b.files.Remove(temporary)
	hard := mode == Link || mode == Auto
	if hard {
		err = b.files.Link(source, temporary)
	}
	if !hard || err != nil {
		err = b.files.Symlink(target, temporary)
	}
	if err == nil {
		err = b.files.Rename(temporary, final)
	}
	if err != nil {
		_ = b.files.Remove(temporary) // The first error is the one to tell.
	}
	return err
}
