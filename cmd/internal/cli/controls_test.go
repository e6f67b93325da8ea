package cli

import (
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	"valet/datastore/vfs"
)

// The checks of the tests of crashes are checked here: with a promise taken out of the disk, they have to find what is wrong.

// deaf is a disk that makes nothing durable when it is asked to.
type deaf struct{ vfs.FS }

func (deaf) SyncFile(string) error { return nil }
func (deaf) SyncDir(string) error  { return nil }
func (d deaf) Volume(dir string) (vfs.Volume, error) {
	v, err := d.FS.Volume(dir)
	return deafVolume{v}, err
}

type deafVolume struct{ vfs.Volume }

func (deafVolume) Sync() error { return nil }

// late is a disk on which a file appears at the last moment, after the rows that name it.
type late struct {
	vfs.FS
	mu      sync.Mutex
	waiting map[string][]byte
}

func (d *late) Create(path string, data []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting[path] = append([]byte(nil), data...)
	return nil
}

func (d *late) Volume(dir string) (vfs.Volume, error) {
	v, err := d.FS.Volume(dir)
	return lateVolume{v, d}, err
}

type lateVolume struct {
	vfs.Volume
	disk *late
}

func (v lateVolume) Close() error {
	for path, data := range v.disk.waiting {
		if err := v.disk.FS.Create(path, data); err != nil {
			return err
		}
	}
	return v.Volume.Close()
}

// careless is a disk that does not tell when only half of a file was written.
type careless struct{ vfs.FS }

func (d careless) Create(path string, data []byte) error {
	if strings.Contains(path, "metricvalue_") {
		data = data[:len(data)/2]
	}
	return d.FS.Create(path, data)
}

// TestControls counts the instants of a run at which a crash breaks a promise: none on a sound disk, some on each of the others.
func TestControls(t *testing.T) {
	t.Parallel()
	pipeline := crashPipelineFile(t)
	for _, c := range []struct {
		name  string
		disk  func(vfs.FS) vfs.FS
		wrong string
	}{
		{"sound", nil, ""},
		{"no fsync", func(d vfs.FS) vfs.FS { return deaf{d} }, "row without its file"},
		{"rows before files", func(d vfs.FS) vfs.FS { return &late{FS: d, waiting: map[string][]byte{}} }, "row without its file"},
		{"no check of errors", func(d vfs.FS) vfs.FS { return careless{d} }, "are recorded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, disk := memoryRepo(t)
			var under vfs.FS
			if c.disk != nil {
				under = c.disk(disk)
			}
			film := film(r, disk, under)
			r.disk = film.file
			if code, stderr := r.run(t, film.layer, r.runArgs(pipeline, false)...); code != ExitFailure {
				t.Fatal(code, stderr)
			}
			found, other := 0, []string(nil)
			for i := range film.taken {
				film.taken[i].restore(t, r, power)
				for _, p := range r.audit(t, "u/metrics").problems {
					if c.wrong != "" && strings.Contains(p, c.wrong) {
						found++
					} else {
						other = append(other, p)
					}
				}
			}
			if (found > 0) != (c.wrong != "") || c.wrong == "" && len(other) > 0 {
				t.Errorf("%d found, others %v", found, other)
			}
		})
	}
}

// TestControlOfStrayFiles leaves a file where no row names one.
func TestControlOfStrayFiles(t *testing.T) {
	t.Parallel()
	r := realRepo(t)
	if err := os.MkdirAll(r.dir+"/"+crashRun, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.dir+"/"+crashRun+"/left.json", nil, fs.FileMode(0o666)); err != nil {
		t.Fatal(err)
	}
	if h := r.audit(t, "u/metrics"); len(h.stray) != 1 {
		t.Errorf("%v", h.stray)
	}
}
