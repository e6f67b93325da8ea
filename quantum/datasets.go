package quantum

import (
	"strings"

	"valet/registry/dataset"
)

// Datasets is a compact table of the existing datasets of one type that a graph reads. Directories are shared, so that a row
// costs little more than its file's base name.
type Datasets struct {
	// Type is the name of the dataset type.
	Type string

	strings *Strings
	ids     []dataset.ID
	runs    []int32
	dirs    []int32
	names   []byte
	ends    []uint64
	sizes   []int64
	formats []int32 // index of formatter NUL storage class NUL component; -1: not stored
}

// Len is the number of datasets.
func (d *Datasets) Len() int { return len(d.ids) }

// ID is the dataset ID of row i.
func (d *Datasets) ID(i int) dataset.ID { return d.ids[i] }

// Run is the run of row i.
func (d *Datasets) Run(i int) string { return d.strings.texts[d.runs[i]] }

// Record is the file record of row i; it reports false if the registry knows no file. Checksums are not kept.
func (d *Datasets) Record(i int) (dataset.FileRecord, bool) {
	if d.formats[i] < 0 {
		return dataset.FileRecord{}, false
	}
	begin := uint64(0)
	if i > 0 {
		begin = d.ends[i-1]
	}
	format := strings.SplitN(d.strings.texts[d.formats[i]], "\x00", 3)
	return dataset.FileRecord{ID: d.ids[i], Path: d.strings.texts[d.dirs[i]] + string(d.names[begin:d.ends[i]]),
		Formatter: format[0], StorageClass: format[1], Component: format[2], Size: d.sizes[i]}, true
}

func (d *Datasets) add(f *Found) int32 {
	d.ids = append(d.ids, f.ID)
	d.runs = append(d.runs, int32(d.strings.add(f.Run)))
	if r := f.Record; r == nil {
		d.dirs, d.sizes, d.formats = append(d.dirs, 0), append(d.sizes, 0), append(d.formats, -1)
	} else {
		slash := strings.LastIndexByte(r.Path, '/') + 1
		d.dirs = append(d.dirs, int32(d.strings.add(r.Path[:slash])))
		d.names = append(d.names, r.Path[slash:]...)
		d.sizes = append(d.sizes, r.Size)
		d.formats = append(d.formats, d.format(r))
	}
	d.ends = append(d.ends, uint64(len(d.names)))
	return int32(len(d.ids) - 1)
}

// format interns what the records of one type nearly always share; the last row's is tried first, which saves the concatenation.
func (d *Datasets) format(r *dataset.FileRecord) int32 {
	if n := len(d.formats); n > 0 && d.formats[n-1] >= 0 {
		rest, ok := strings.CutPrefix(d.strings.texts[d.formats[n-1]], r.Formatter+"\x00")
		if ok && len(rest) == len(r.StorageClass)+1+len(r.Component) && strings.HasPrefix(rest, r.StorageClass) && strings.HasSuffix(rest, r.Component) {
			return d.formats[n-1]
		}
	}
	return int32(d.strings.add(r.Formatter + "\x00" + r.StorageClass + "\x00" + r.Component))
}
