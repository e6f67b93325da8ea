package datastore

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strings"

	"valet/registry/dataset"
)

// PackContent is what a zip file tells of itself. It holds no bytes of members.
type PackContent struct {
	// sizes are those of the files, by member, without the index.
	sizes map[string]int64
	index map[string]indexed
	// IndexErr says why the index cannot be used, nil if it can.
	IndexErr error
}

// indexed is what an index says of a member.
type indexed struct {
	Info struct {
		Formatter    string
		Path         string
		StorageClass string `json:"storage_class"`
		Checksum     *string
		Size         int64 `json:"file_size"`
	}
	IDs []dataset.ID
}

// ErrNoIndex is the IndexErr of a zip without an index.
var ErrNoIndex = errors.New("there is no " + indexName)

// InspectPack reads the directory and the index of the zip that a record names a member of. The error is a *MissingFileError, a
// *LocationError or a *FileError.
func (s *Store) InspectPack(r *dataset.FileRecord) (*PackContent, error) {
	name, _, err := s.locate(r)
	if err != nil {
		return nil, err
	}
	file, err := s.fs.Open(name)
	if err != nil {
		if isMissing(err) {
			return nil, &MissingFileError{r.ID, name, err}
		}
		return nil, &FileError{"read", name, err}
	}
	defer file.Close()
	z, err := zip.NewReader(file, file.Size())
	if err != nil {
		return nil, &FileError{"read", name, err}
	}
	c := &PackContent{sizes: make(map[string]int64, len(z.File))}
	for _, f := range z.File {
		if _, twice := c.sizes[f.Name]; twice {
			return nil, &FileError{"read", name, fmt.Errorf("two members are named %q", f.Name)}
		}
		c.sizes[f.Name] = int64(f.UncompressedSize64)
	}
	delete(c.sizes, indexName)
	c.index, c.IndexErr = parseIndex(z)
	return c, nil
}

// Size is that of the file in the member that a record names.
func (c *PackContent) Size(record string) (size int64, ok bool) {
	_, member, _ := dataset.SplitMember(record)
	if size, ok = c.sizes[member]; !ok {
		if plain, err := url.PathUnescape(member); err == nil {
			size, ok = c.sizes[plain]
		}
	}
	return size, ok
}

// Disagrees says what the index tells otherwise than a record does, or that it tells nothing of it; it is empty if they agree.
func (c *PackContent) Disagrees(r *dataset.FileRecord) string {
	_, member, _ := dataset.SplitMember(r.Path)
	x, ok := c.index[member]
	switch {
	case !ok:
		return "it does not tell of " + member
	case len(x.IDs) != 1 || x.IDs[0] != r.ID:
		return "it tells of another dataset than " + r.ID.String() + " in " + member
	case r.Size >= 0 && x.Info.Size != r.Size:
		return fmt.Sprintf("it tells of %d bytes in %s, %d are recorded", x.Info.Size, member, r.Size)
	case x.Info.Formatter != r.Formatter || x.Info.StorageClass != r.StorageClass:
		return "it tells of another format of " + member
	}
	return ""
}

// parseIndex reads the index of a zip.
func parseIndex(z *zip.Reader) (map[string]indexed, error) {
	for _, f := range z.File {
		if f.Name != indexName {
			continue
		}
		in, err := f.Open()
		if err != nil {
			return nil, err
		}
		defer in.Close()
		text, err := io.ReadAll(io.LimitReader(in, maxIndex))
		if err != nil {
			return nil, err
		}
		var index struct {
			Artifacts map[string]indexed `json:"artifact_map"`
		}
		if err := json.Unmarshal(text, &index); err != nil {
			return nil, err
		}
		return index.Artifacts, nil
	}
	return nil, ErrNoIndex
}

// IsOwnPack reports whether a path is that of a zip file that valet makes.
func IsOwnPack(zipPath string) bool {
	dir, name, ok := strings.Cut(zipPath, "/"+packDirectory+"/")
	return ok && dir != "" && !strings.Contains(name, "/") && strings.HasSuffix(name, packSuffix) && checkWritable(zipPath) == nil
}

// unpackedDirectory is that of a run in which files get their places that no index knew.
const unpackedDirectory = "unpacked"

// RepairIndex writes a zip of valet's own anew, with an index that tells what the records tell. Its members stay as they are, also those that no
// record names. A place of a member as a file of its own that the former index did not know is in a directory for such files. The former
// zip is there until the new one is durable. The error is a *PathError or a *FileError.
func (s *Store) RepairIndex(zipPath string, records []dataset.FileRecord) error {
	if !IsOwnPack(zipPath) {
		return &PathError{zipPath, "is no zip file of valet's own"}
	}
	name := s.Config.Root + "/" + zipPath
	file, err := s.fs.Open(name)
	if err != nil {
		return &FileError{"read", name, err}
	}
	defer file.Close()
	z, err := zip.NewReader(file, file.Size())
	if err != nil {
		return &FileError{"read", name, err}
	}
	former, _ := parseIndex(z)
	named := map[string]*dataset.FileRecord{}
	for i := range records {
		_, member, _ := dataset.SplitMember(records[i].Path)
		named[member] = &records[i]
	}
	dir, _, _ := strings.Cut(zipPath, "/"+packDirectory+"/")
	p := &Pack{names: map[string]int{}}
	p.index.universe = s.universe
	p.Reset()
	p.path = zipPath
	left := file.Size()
	for _, f := range z.File {
		if f.Name == indexName {
			continue
		}
		if p.nameOf(f.Name) != f.Name {
			return &FileError{"read", name, fmt.Errorf("the member %q is not named by valet", f.Name)}
		}
		delete(p.names, f.Name)
		m, err := rawMember(f)
		if left -= int64(f.CompressedSize64); err == nil && left < 0 {
			err = errors.New("members lie upon each other")
		}
		if err != nil {
			return &FileError{"read", name + dataset.ZipFragment + f.Name, err}
		}
		x, known := former[f.Name]
		if m.Path = x.Info.Path; !IsLoose(dir, m.Path) {
			m.Path = dir + "/" + unpackedDirectory + "/" + f.Name
		}
		r := named[f.Name]
		switch {
		case r != nil:
		case known && len(x.IDs) == 1:
			// Of a dataset that was removed.
			r = &dataset.FileRecord{ID: x.IDs[0], Formatter: x.Info.Formatter, StorageClass: x.Info.StorageClass, Size: x.Info.Size}
			if x.Info.Checksum != nil {
				r.Checksum = *x.Info.Checksum
			}
		default:
			// Nobody knows what it is of.
			p.append(packed{name: p.nameOf(f.Name), crc: m.CRC, size: m.Size, deflated: m.Deflated}, m.Data)
			continue
		}
		if _, _, err := p.Add(r, m); err != nil {
			return err
		}
	}
	if err := s.Writer().WriteOver(zipPath, p.bytes()); err != nil {
		return err
	}
	return s.Sync()
}

// rawMember is a member as it is in a zip.
func rawMember(f *zip.File) (*Member, error) {
	if f.Method != zip.Deflate && (f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64) || f.CompressedSize64 > maxUnpacked || f.UncompressedSize64 > maxUnpacked {
		return nil, fs.ErrInvalid
	}
	in, err := f.OpenRaw()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(in)
	if err == nil && uint64(len(data)) != f.CompressedSize64 {
		err = io.ErrUnexpectedEOF
	}
	return &Member{Name: f.Name, Data: data, CRC: f.CRC32, Deflated: f.Method == zip.Deflate, Size: uint32(f.UncompressedSize64)}, err
}
