package butler

import (
	"fmt"
	"path/filepath"
	"strings"

	"valet/registry/dataset"
)

// source finds the file that a path of the text means.
func (m *importer) source(f *importFile) error {
	name, member := splitZip(f.path)
	scheme, outside := isURI(name)
	switch {
	case outside && scheme != "file":
		return nil
	case outside:
		var err error
		if name, err = localPath(name); err != nil {
			return err
		}
	case filepath.IsAbs(name):
	default:
		if !filepath.IsLocal(name) {
			return fmt.Errorf("path %q leaves the directory", f.path)
		}
		name = filepath.Join(m.o.Directory, name)
	}
	name, err := filepath.Abs(name)
	f.source, f.member = name, member
	return err
}

// locate looks for the file of datasets and says where it goes.
func (m *importer) locate(f *importFile, placers *runPlacers) error {
	ref := &f.refs[0]
	f.record.ID, f.record.StorageClass, f.record.Component, f.record.Size = ref.ID, ref.Type.StorageClass, dataset.WholeDataset, -1
	if err := m.source(f); err != nil {
		return err
	}
	p, err := placers.of(ref.Type, ref.Run)
	if err != nil {
		return err
	}
	usual, err := p.FormatterOf(ref.DataID)
	if err != nil {
		return err
	}
	if f.record.Formatter == "" {
		f.record.Formatter = usual.Class
	}
	if f.source == "" {
		if f.stays = m.o.Transfer == Direct || m.o.Transfer == Auto; !f.stays {
			return fmt.Errorf("%s is on another machine: only the transfer direct can keep it there", f.path)
		}
		f.record.Path = f.path
		return nil
	}
	info, err := m.b.stat(f.source)
	if err != nil {
		return err
	}
	if !info.Regular {
		return fmt.Errorf("%s is no regular file", f.source)
	}
	if f.member != "" && m.o.Transfer != Direct && m.o.Transfer != Copy && m.o.Transfer != Auto {
		return fmt.Errorf("%s is in a zip file: only the transfers copy, auto and direct can bring it", f.path)
	}
	ext := extension(f.path)
	if f.record.Formatter == usual.Class && ext != usual.Extension {
		return fmt.Errorf("%s ends in %q, files of storage class %s in %q", f.path, ext, ref.Type.StorageClass, usual.Extension)
	}
	if f.member == "" {
		f.record.Size = info.Size
	}
	real, err := m.b.files.Resolve(f.source)
	switch {
	case err != nil:
		return err
	case m.root != "" && m.o.Transfer == Auto && f.member == "" && strings.HasPrefix(real, m.root+"/"):
		f.stays, f.record.Path = true, filepath.ToSlash(strings.TrimPrefix(real, m.root+"/"))
		return nil
	case m.o.Transfer == Direct:
		f.stays, f.record.Path = true, fileURI(f.source)+f.member
		return nil
	}
	place, err := p.AppendPath(nil, ref.DataID, ref.ID)
	if err != nil {
		return err
	}
	f.record.Path = strings.TrimSuffix(string(place), usual.Extension) + ext
	if real == m.root+"/"+f.record.Path {
		return fmt.Errorf("%s is at its place in the repository already: take the transfer auto", f.source)
	}
	return nil
}
