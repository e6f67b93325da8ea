package quantum

import (
	"strings"

	"valet/registry/dataset"
)

// Datasets is a compact table of the existing datasets of one type that a graph reads. Directories are shared, so that a row
// costs little more than its file's base name. Rows lie in blocks, so that growing never copies what is there.
type Datasets struct {
	// Type is the name of the dataset type.
	Type string

	strings *Strings
	rows    int
	blocks  []*datasetBlock
}

// blockRows is the number of rows in a block.
const blockRows = 1 << 14

type datasetBlock struct {
	ids     []dataset.ID
	runs    []int32
	dirs    []int32
	names   []byte
	ends    []uint32
	sizes   []int64
	formats []int32 // index of formatter NUL storage class NUL component; -1: not stored
}

// Len is the number of datasets.
func (d *Datasets) Len() int { return d.rows }

// ID is the dataset ID of row i.
func (d *Datasets) ID(i int) dataset.ID { return d.blocks[i/blockRows].ids[i%blockRows] }

// Run is the run of row i.
func (d *Datasets) Run(i int) string { return d.strings.texts[d.blocks[i/blockRows].runs[i%blockRows]] }

// Record is the file record of row i; it reports false if the registry knows no file. Checksums are not kept.
func (d *Datasets) Record(i int) (dataset.FileRecord, bool) {
	b, k := d.blocks[i/blockRows], i%blockRows
	if b.formats[k] < 0 {
		return dataset.FileRecord{}, false
	}
	begin := uint32(0)
	if k > 0 {
		begin = b.ends[k-1]
	}
	format := strings.SplitN(d.strings.texts[b.formats[k]], "\x00", 3)
	return dataset.FileRecord{ID: b.ids[k], Path: d.strings.texts[b.dirs[k]] + string(b.names[begin:b.ends[k]]),
		Formatter: format[0], StorageClass: format[1], Component: format[2], Size: b.sizes[k]}, true
}

func (d *Datasets) add(f *Found) int32 {
	if d.rows%blockRows == 0 {
		d.blocks = append(d.blocks, &datasetBlock{})
	}
	b := d.blocks[len(d.blocks)-1]
	b.ids = append(b.ids, f.ID)
	b.runs = append(b.runs, int32(d.strings.add(f.Run)))
	if r := f.Record; r == nil {
		b.dirs, b.sizes, b.formats = append(b.dirs, 0), append(b.sizes, 0), append(b.formats, -1)
	} else {
		slash := strings.LastIndexByte(r.Path, '/') + 1
		b.dirs = append(b.dirs, int32(d.strings.add(r.Path[:slash])))
		b.names = append(b.names, r.Path[slash:]...)
		b.sizes = append(b.sizes, r.Size)
		b.formats = append(b.formats, d.format(b, r))
	}
	b.ends = append(b.ends, uint32(len(b.names)))
	d.rows++
	return int32(d.rows - 1)
}

// format interns what the records of one type nearly always share; the last row's is tried first, which saves the concatenation.
func (d *Datasets) format(b *datasetBlock, r *dataset.FileRecord) int32 {
	if n := len(b.formats); n > 0 && b.formats[n-1] >= 0 {
		rest, ok := strings.CutPrefix(d.strings.texts[b.formats[n-1]], r.Formatter+"\x00")
		if ok && len(rest) == len(r.StorageClass)+1+len(r.Component) && strings.HasPrefix(rest, r.StorageClass) && strings.HasSuffix(rest, r.Component) {
			return b.formats[n-1]
		}
	}
	return int32(d.strings.add(r.Formatter + "\x00" + r.StorageClass + "\x00" + r.Component))
}
