package quantum

import (
	"strings"

	"valet/registry/dataset"
)

// Datasets is a compact table of the existing datasets of one type that a graph reads. Directories are shared and file names kept by
// what differs, so that a row costs little more than its ID.
type Datasets struct {
	// Type is the name of the dataset type.
	Type string

	strings *Strings
	ids     idList
	runs    ints
	dirs    ints
	names   names
	sizes   ints
	formats ints // of formatter NUL storage class NUL component; notStored
}

// notStored stands for the format of a dataset that has no file record.
const notStored = -1

// idList is a list of IDs that growing does not copy.
type idList struct {
	n      int
	blocks [][]dataset.ID
}

func (l *idList) add(id dataset.ID) {
	if l.n%blockRows == 0 {
		l.blocks = append(l.blocks, nil)
	}
	last := &l.blocks[len(l.blocks)-1]
	*last = append(grow(*last), id)
	l.n++
}

// Len is the number of datasets.
func (d *Datasets) Len() int { return d.ids.n }

// ID is the dataset ID of row i.
func (d *Datasets) ID(i int) dataset.ID { return d.ids.blocks[i/blockRows][i%blockRows] }

// Run is the run of row i.
func (d *Datasets) Run(i int) string { return d.strings.texts[d.runs.at(i)] }

// Record is the file record of row i; it reports false if the registry knows no file. Checksums are not kept.
func (d *Datasets) Record(i int) (dataset.FileRecord, bool) {
	format := d.formats.at(i)
	if format == notStored {
		return dataset.FileRecord{}, false
	}
	var room [256]byte
	path := d.names.append(append(room[:0], d.strings.texts[d.dirs.at(i)]...), i)
	parts := strings.SplitN(d.strings.texts[format], "\x00", 3)
	return dataset.FileRecord{ID: d.ID(i), Path: string(path), Formatter: parts[0], StorageClass: parts[1], Component: parts[2], Size: d.sizes.at(i)}, true
}

// MeanSize is the mean size of the files in bytes, estimated from a thousand of them; 0 if no size is known.
func (d *Datasets) MeanSize() int64 {
	step := max(d.Len()/1000, 1)
	var sum, n int64
	for i := 0; i < d.Len(); i += step {
		if size := d.sizes.at(i); size > 0 {
			sum, n = sum+size, n+1
		}
	}
	return sum / max(n, 1)
}

func (d *Datasets) add(f *Found) int32 {
	d.ids.add(f.ID)
	d.runs.add(d.strings.add(f.Run))
	if r := f.Record; r == nil {
		d.dirs.add(0)
		d.names.add("")
		d.sizes.add(0)
		d.formats.add(notStored)
	} else {
		slash := strings.LastIndexByte(r.Path, '/') + 1
		d.dirs.add(d.strings.add(r.Path[:slash]))
		d.names.add(r.Path[slash:])
		d.sizes.add(r.Size)
		d.formats.add(d.format(r))
	}
	return int32(d.Len() - 1)
}

// format interns what the records of one type nearly always share; the last row's is tried first, which saves the concatenation.
func (d *Datasets) format(r *dataset.FileRecord) int64 {
	if n := d.formats.len(); n > 0 {
		if last := d.formats.at(n - 1); last != notStored {
			rest, ok := strings.CutPrefix(d.strings.texts[last], r.Formatter+"\x00")
			if ok && len(rest) == len(r.StorageClass)+1+len(r.Component) && strings.HasPrefix(rest, r.StorageClass) && strings.HasSuffix(rest, r.Component) {
				return last
			}
		}
	}
	return d.strings.add(r.Formatter + "\x00" + r.StorageClass + "\x00" + r.Component)
}
