// Package floor does what no runner can avoid, and nothing else: for each input dataset it reads the file, writes three small files
// under temporary names, renames them, and inserts the twelve rows of three datasets. How fast it is on a repository is the yardstick
// for a run over the same repository.
//
// It is a plain program on database/sql that knows the tables of one layout, that of synthetic repositories. It checks nothing,
// makes nothing durable before its rows are committed, and what it writes is no measurement: use it on repositories made for it.
package floor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver

	"valet/registry/dataset"
)

// Options of Run.
type Options struct {
	// Repo is the directory of the repository, whose database is gen3.sqlite3.
	Repo string
	// DatasetType is that of the inputs, of dimensions instrument, detector and visit; Instrument theirs.
	DatasetType, Instrument string
	// Output is the name of the run that is made. It must be new.
	Output string
	// Workers is the number of goroutines that read and write files; at least 1.
	Workers int
}

// Result tells what was done.
type Result struct {
	Quanta, Commits int
	// Bytes of the files written.
	Bytes int64
	// Select is the time to read the inputs' rows, Total that of everything.
	Select, Total time.Duration
}

// sizes are the usual sizes of a measurement, a metadata and a log file.
var sizes = [outputs]int{353, 1500, 2600}

const (
	outputs      = 3
	perStatement = 64   // quanta
	perCommit    = 4096 // quanta
)

type quantum struct {
	path, detectorName, filter, band string
	detector, visit, day             int64
}

// written is a quantum whose files are written.
type written struct {
	*quantum
	ids   [outputs]string
	paths [outputs]string
}

// names of the outputs, which differ in nothing else.
var names = [outputs]string{"floor_value", "floor_metadata", "floor_log"}

// Run does the minimal work for every input.
func Run(ctx context.Context, o Options) (result Result, err error) {
	started := time.Now()
	db, err := sql.Open("sqlite3", "file:"+o.Repo+"/gen3.sqlite3?_foreign_keys=on&_busy_timeout=10000")
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	w := &writer{ctx: ctx, db: db, options: o}
	if err := db.QueryRowContext(ctx, `select tag_association_table from dataset_type where name = ?`, o.DatasetType).Scan(&w.tags); err != nil {
		return result, fmt.Errorf("dataset type %s: %w", o.DatasetType, err)
	}
	quanta, err := selectInputs(ctx, db, w.tags, &o)
	if err != nil {
		return result, err
	}
	result.Select = time.Since(started)
	if err := w.prepare(); err != nil {
		return result, err
	}
	blocks := writeFiles(&o, quanta)
	for b := range blocks {
		if err == nil {
			err = b.err
		}
		if err == nil {
			err = w.insert(b.quanta)
		}
		result.Quanta += len(b.quanta)
	}
	if err == nil {
		err = w.commit()
	}
	result.Commits, result.Total = w.commits, time.Since(started)
	for _, size := range sizes {
		result.Bytes += int64(size * result.Quanta)
	}
	return result, err
}

func selectInputs(ctx context.Context, db *sql.DB, tags string, o *Options) ([]quantum, error) {
	rows, err := db.QueryContext(ctx, `select t.detector, t.visit, f.path, d.full_name, v.day_obs, v.physical_filter, p.band from `+tags+` t
		join dataset_type y on y.id = t.dataset_type_id and y.name = ?
		join file_datastore_records f on f.dataset_id = t.dataset_id
		join detector d on d.instrument = t.instrument and d.id = t.detector
		join visit v on v.instrument = t.instrument and v.id = t.visit
		join physical_filter p on p.instrument = v.instrument and p.name = v.physical_filter
		where t.instrument = ?`, o.DatasetType, o.Instrument)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []quantum
	for rows.Next() {
		var q quantum
		if err := rows.Scan(&q.detector, &q.visit, &q.path, &q.detectorName, &q.day, &q.filter, &q.band); err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, rows.Err()
}

type block struct {
	quanta []written
	err    error
}

// writeFiles reads and writes the files of all quanta on Workers goroutines. The channel must be drained.
func writeFiles(o *Options, quanta []quantum) <-chan block {
	out := make(chan block, 64)
	var next atomic.Int64
	var failed atomic.Bool
	var workers sync.WaitGroup
	for range max(o.Workers, 1) {
		workers.Go(func() {
			made := map[string]bool{}
			for !failed.Load() {
				from := int(next.Add(perStatement)) - perStatement
				if from >= len(quanta) {
					return
				}
				b := block{}
				for i := range quanta[from:min(from+perStatement, len(quanta))] {
					w := written{quantum: &quanta[from+i]}
					if b.err = w.write(o, made); b.err != nil {
						failed.Store(true)
						break
					}
					b.quanta = append(b.quanta, w)
				}
				out <- b
			}
		})
	}
	go func() {
		workers.Wait()
		close(out)
	}()
	return out
}

var body = []byte(strings.Repeat("x", sizes[outputs-1]))

// write reads the input and writes the outputs. made holds the directories that are there.
func (w *written) write(o *Options, made map[string]bool) error {
	if _, err := os.ReadFile(filepath.Join(o.Repo, w.path)); err != nil {
		return err
	}
	for k, name := range names {
		w.ids[k] = dataset.NewID().Hex()
		dir := o.Output + "/" + name + "/" + strconv.FormatInt(w.day, 10) + "/" + w.band + "/" + w.filter + "/" + strconv.FormatInt(w.visit, 10)
		w.paths[k] = dir + "/" + name + "_" + o.Instrument + "_" + w.band + "_" + w.filter + "_" + strconv.FormatInt(w.visit, 10) + "_" + w.detectorName + ".dat"
		if !made[dir] {
			if err := os.MkdirAll(filepath.Join(o.Repo, dir), 0o777); err != nil {
				return err
			}
			made[dir] = true
		}
		path := filepath.Join(o.Repo, w.paths[k])
		if err := os.WriteFile(path+".tmp", body[:sizes[k]], 0o666); err != nil {
			return err
		}
		if err := os.Rename(path+".tmp", path); err != nil {
			return err
		}
	}
	return nil
}
