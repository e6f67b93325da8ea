package executor

import (
	"fmt"
	"hash/crc32"
	"sync"

	"valet/datastore"
	"valet/quantum"
	"valet/registry/dataset"
)

// packing is what a run needs that writes the files of each commit group as one zip file. Workers keep the bytes of what they put, with
// their checksums; the committer writes the zip, makes it durable, and then stores the rows that name its members.
type packing struct {
	// compressors are for workers that deflate members; nil if they are stored as they are.
	compressors *sync.Pool

	mu sync.RWMutex
	// zips are those that hold what quanta of the run read; places tell where.
	zips   []string
	places map[column][]place
	// free are packs to use again.
	free []*datastore.Pack
}

// column is an output that a task of the run reads.
type column struct {
	producer *quantum.Quanta
	typ      string
}

// place is where the output of a row is: zip is the index of its zip plus one.
type place struct {
	zip  int32
	span datastore.Span
}

func newPacking(g *quantum.Graph, compress bool) *packing {
	p := &packing{places: map[column][]place{}}
	if compress {
		p.compressors = &sync.Pool{New: func() any { return new(datastore.Compressor) }}
	}
	for _, q := range g.Tasks {
		for i := range q.Inputs {
			if in := &q.Inputs[i]; in.Producer != nil {
				p.places[column{in.Producer, in.Edge.Type.Name}] = nil
			}
		}
	}
	return p
}

// remember keeps where a member is that another quantum may read.
func (p *packing) remember(it Item, typ, zipPath string, span datastore.Span) {
	key := column{it.Task, typ}
	places, wanted := p.places[key]
	if !wanted {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if places == nil {
		places = make([]place, it.Task.Len())
		p.places[key] = places
	}
	if n := len(p.zips); n == 0 || p.zips[n-1] != zipPath {
		p.zips = append(p.zips, zipPath)
	}
	places[it.Row] = place{int32(len(p.zips)), span}
}

// find is where the output of a row is; ok is false if it was not written.
func (p *packing) find(q *quantum.Quanta, typ string, row int) (zipPath string, span datastore.Span, ok bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	places := p.places[column{q, typ}]
	if row >= len(places) || places[row].zip == 0 {
		return "", span, false
	}
	return p.zips[places[row].zip-1], places[row].span, true
}

// read reads a packed output that another quantum of the run wrote.
func (p *packing) read(r *reader, q *quantum.Quanta, row int, out *output) (any, error) {
	zipPath, span, ok := p.find(q, out.typ.Name, row)
	if !ok {
		return nil, errNoArtifact
	}
	text, err := r.run.butler.Store.ReadSpan(zipPath, span)
	if err != nil {
		return nil, err
	}
	return parse(&dataset.FileRecord{Path: zipPath, Formatter: out.placer.Formatter().Class, StorageClass: out.typ.StorageClass}, text)
}

// arenaSize is how much memory a worker takes at a time for the bytes that it keeps.
const arenaSize = 256 << 10

// keep adds a file to a result that is written with its group. It deflates it here, where the other workers go on meanwhile.
func (w *worker) keep(res *result, path string, data []byte) {
	m := datastore.Member{Path: path, Data: data, CRC: crc32.ChecksumIEEE(data)}
	if pool := w.run.pack.compressors; pool != nil {
		c := pool.Get().(*datastore.Compressor)
		defer pool.Put(c)
		c.Compress(&m)
		data = m.Data
	}
	if cap(w.arena)-len(w.arena) < len(data) {
		w.arena = make([]byte, 0, max(arenaSize, len(data)))
	}
	start := len(w.arena)
	w.arena = append(w.arena, data...)
	m.Data = w.arena[start:len(w.arena):len(w.arena)]
	if res.members == nil {
		res.members = make([]datastore.Member, 0, 4)
	}
	res.members = append(res.members, m)
}

// pack adds what a quantum put to the zips of its group, and completes the records. The loop does that, so that the committer, who has the
// most to do, need not.
func (g *commitGroup) pack(r *run, res *result) error {
	for k := range res.members {
		if n := len(g.packs); n == 0 || g.packs[n-1].Full() {
			p, err := r.pack.take(r)
			if err != nil {
				return err
			}
			g.packs = append(g.packs, p)
		}
		p, f := g.packs[len(g.packs)-1], &res.files[k]
		record, span, err := p.Add(&f.Record, &res.members[k])
		if err != nil {
			return fmt.Errorf("pack dataset %q %s: %w", f.Ref.Type.Name, f.Ref.DataID, err)
		}
		f.Record.Path = record
		if f.Ref.ID == res.out.LogID {
			res.out.Log = record
		}
		for m := range res.out.Measured {
			if measured := &res.out.Measured[m].Record; measured.ID == f.Ref.ID {
				measured.Path = record
			}
		}
		r.pack.remember(res.out.Item, f.Ref.Type.Name, p.Path(), span)
		g.bytes += len(res.members[k].Data)
	}
	res.members = nil
	return nil
}

// take is an empty pack.
func (p *packing) take(r *run) (*datastore.Pack, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		last := p.free[n-1]
		p.free = p.free[:n-1]
		return last, nil
	}
	return r.butler.Store.NewPack(r.name)
}

// give takes a pack back.
func (p *packing) give(used *datastore.Pack) {
	used.Reset()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, used)
}

// packer writes the zips of one run. It belongs to the committer.
type packer struct {
	run    *run
	writer *datastore.Writer
	// sweeper has what is needed to remove files of earlier attempts.
	sweeper worker
}

// write writes the zips of a group.
func (p *packer) write(g *commitGroup) error {
	if p.writer == nil {
		p.writer, p.sweeper.run = p.run.butler.Store.Writer(), p.run
		p.writer.Guard = p.run.guard
	}
	for i := range g.results {
		if res := &g.results[i]; p.run.existed && res.out.State != quantum.Blocked {
			// What earlier attempts logged is kept elsewhere.
			p.sweeper.sweep(res)
		}
	}
	for _, zip := range g.packs {
		if err := p.writer.WritePack(zip); err != nil {
			return fmt.Errorf("write packed datasets: %w", err)
		}
		g.written = append(g.written, zip.Path())
		p.run.pack.give(zip)
	}
	g.packs = nil
	return nil
}

// removeZips removes the zips of a group of which no row will name a member.
func removeZips(r *run, g *commitGroup, why error) {
	if len(g.written) == 0 || !r.mayRemove(why) {
		return
	}
	for _, path := range g.written {
		_ = r.butler.Store.Remove(&dataset.FileRecord{Path: path})
	}
}
