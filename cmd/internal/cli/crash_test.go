package cli

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"valet/datastore/vfs"
	"valet/registry/registrytest"
)

// crash is a way to end.
type crash int

// A killed process leaves all that it wrote. A power failure leaves what was made durable, or on some file systems all names besides.
const (
	killed crash = iota
	power
	powerNamed
	crashes
)

func (c crash) String() string {
	return [...]string{"killed", "power failed", "power failed, names stored"}[c] + " at "
}

// instant is what a crash leaves at one step of a command: the files of the database, and the disk of the artifacts by kind of crash.
type instant struct {
	step              string
	database, journal []byte
	disks             [crashes]*vfs.Memory
}

// camera takes an instant before every file operation, before every statement and after every COMMIT of a command. Instants that
// equal the one before are taken once.
type camera struct {
	repo *repo
	disk *vfs.Memory
	sql  *registrytest.Fault
	file *vfs.Fault
	// only, if not 0, is the one step to take.
	only int

	mu    sync.Mutex
	steps int
	// last is the state that was taken last.
	last  uint64
	taken []instant
}

// film puts a camera on a repository in memory. under may replace the disk by a faulty one on top of it.
func film(r *repo, disk *vfs.Memory, under vfs.FS) *camera {
	c := &camera{repo: r, disk: disk}
	c.sql = registrytest.NewFault(func(s registrytest.Statement) error {
		c.take(s.Text)
		return nil
	})
	if under == nil {
		under = disk
	}
	c.file = vfs.NewFault(under, func(op vfs.Op) error {
		c.sql.Still(func() { c.take(string(op.Kind) + " " + op.Path) })
		return nil
	})
	return c
}

var seed = maphash.MakeSeed()

// take is called with the database held still.
func (c *camera) take(step string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.steps++; c.only != 0 && c.steps != c.only {
		return
	}
	database, err := os.ReadFile(c.repo.database())
	if err != nil {
		panic(err)
	}
	journal, err := os.ReadFile(c.repo.database() + "-journal")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		panic(err)
	}
	disks := [crashes]*vfs.Memory{c.disk.Clone(), c.disk.Crash(), c.disk.CrashNamed()}
	state := maphash.Bytes(seed, database) ^ maphash.Bytes(seed, journal)<<1
	for k, d := range disks {
		state ^= maphash.String(seed, fmt.Sprint(k, sizes(d)))
	}
	if state == c.last {
		return
	}
	c.last = state
	c.taken = append(c.taken, instant{step: fmt.Sprintf("step %d, %s", c.steps, step), database: database, journal: journal, disks: disks})
}

// sizes are the files of a disk with their sizes.
func sizes(d *vfs.Memory) (out []string) {
	for _, path := range d.Files() {
		info, _ := d.Stat(path)
		out = append(out, fmt.Sprint(path, info.Size))
	}
	return out
}

// restore makes a repository as the instant left it.
func (c *instant) restore(t testing.TB, r *repo, how crash) *vfs.Memory {
	t.Helper()
	if err := errors.Join(os.WriteFile(r.database(), c.database, 0o666), os.RemoveAll(r.database()+"-journal")); err != nil {
		t.Fatal(err)
	}
	if c.journal != nil {
		if err := os.WriteFile(r.database()+"-journal", c.journal, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	disk := c.disks[how].Clone()
	r.disk, r.list = disk, disk.Files
	return disk
}

// layer is the camera with a quick database below.
func (c *camera) layer(under driver.Conn) driver.Conn { return c.sql.Layer(quick(under)) }

// crashScene is a run of which a crash at every step is looked at.
type crashScene struct {
	t        *testing.T
	repo     *repo
	pipeline string
	// repair is done to the disk before the run is resumed.
	repair func(*vfs.Memory)
	// again resumes from the start: the scene is a re-run.
	again bool
	// command is what the scene does, and does again, with the repository and the run, instead of a run: pack or unpack. options are more
	// of its arguments.
	command string
	options []string
	// stride, if not 0, lets one of so many steps fail, because another scene is much the same; in short tests it also looks at one of so
	// many instants.
	stride int
	// then, if not nil, judges what is held at the end.
	then func(h *held) (problems []string)
	// want is what an undisturbed run holds; code its exit code.
	want *held
	code int
	// keeps are the logs that have to keep a failure from before the scene.
	keeps []string
}

// finish restores an instant, checks it, resumes the run, and checks that it is as if nothing had happened. With a camera, the resumed
// run is filmed.
func (s *crashScene) finish(at *instant, kind crash, film func(disk *vfs.Memory) *camera) *camera {
	t := s.t
	at.restore(t, s.repo, kind)
	for _, p := range s.repo.audit(t, "u/metrics").problems {
		t.Errorf("%s%s: %s", kind, at.step, p)
	}
	disk := at.restore(t, s.repo, kind)
	if s.repair != nil {
		s.repair(disk)
	}
	s.repo.bury(t)
	var c *camera
	layer := quick
	if film != nil {
		c = film(disk)
		s.repo.disk, layer = c.file, c.layer
	}
	code, stderr := s.repo.run(t, layer, s.args()...)
	s.repo.disk = disk
	if code != s.code && !(strings.Contains(stderr, "QuantumGraph was empty")) {
		t.Errorf("%s%s: resumed with exit code %d\n%s", kind, at.step, code, stderr)
	}
	h := s.repo.audit(t, "u/metrics")
	ledger, _ := s.repo.checkLedger(t)
	problems := slices.Concat(h.problems, h.stray, h.differences(s.want), ledger)
	if s.then != nil {
		problems = append(problems, s.then(h)...)
	}
	for _, p := range problems {
		t.Errorf("%s%s: resumed: %s", kind, at.step, p)
	}
	for _, path := range s.keeps {
		if !h.failed[path] {
			t.Errorf("%s%s: the log of the failed attempt is lost: %s keeps %d", kind, at.step, path, h.earlier[path])
		}
	}
	return c
}

// args is the command that does what is left to do.
func (s *crashScene) args() []string {
	if s.command != "" {
		return append([]string{s.command, s.repo.dir, crashRun}, s.options...)
	}
	return s.repo.runArgs(s.pipeline, s.again || s.repo.hasRun(s.t))
}

// hasRun reports whether the run was prepared.
func (r *repo) hasRun(t testing.TB) bool {
	t.Helper()
	code, _ := r.run(t, quick, "query-collections", r.dir, crashRun)
	return code == ExitOK
}

// every looks at all instants of a film, both ways, and at crashes during some of the recoveries.
func (s *crashScene) every(c *camera, recoveries int) {
	t := s.t
	if len(c.taken) < 20 {
		t.Fatalf("only %d of %d steps differ", len(c.taken), c.steps)
	}
	stride := max(1, len(c.taken)/max(recoveries/max(1, s.stride), 1))
	step := 1
	if testing.Short() {
		step = max(1, s.stride)
	}
	for i := 0; i < len(c.taken); i += step {
		at := &c.taken[i]
		for how := power; how < crashes; how++ {
			if !slices.Equal(sizes(at.disks[how-1]), sizes(at.disks[how])) {
				s.finish(at, how, nil)
			}
		}
		if i/step%max(1, stride/step) != max(1, stride/step)/2 {
			s.finish(at, killed, nil)
			continue
		}
		again := s.finish(at, killed, func(disk *vfs.Memory) *camera { return film(s.repo, disk, nil) })
		// Some instants of each recovery, others each time.
		for k := i % 5; k < len(again.taken); k += 5 * step {
			twice := again.taken[k]
			twice.step = at.step + ", then " + twice.step
			s.finish(&twice, crash(k%int(crashes)), nil)
		}
	}
	t.Logf("%d steps, %d different instants", c.steps, len(c.taken))
}

// newScene runs the pipeline once undisturbed. What it holds is checked against upstream's own answers.
func newScene(t *testing.T) *crashScene {
	t.Helper()
	s := &crashScene{t: t, pipeline: crashPipelineFile(t)}
	r, _ := memoryRepo(t)
	var stderr string
	if s.code, stderr = r.run(t, quick, r.runArgs(s.pipeline, false)...); s.code != ExitFailure {
		t.Fatal(s.code, stderr)
	}
	s.want = r.audit(t, "u/metrics")
	ledger, counts := r.checkLedger(t)
	if len(s.want.problems)+len(s.want.stray)+len(ledger) > 0 || counts.Planned != 12 || counts.Failed != 1 || counts.Blocked != 1 {
		t.Fatal(s.want.problems, s.want.stray, ledger, counts)
	}
	text, err := os.ReadFile(filepath.Join(goldenRun, "../expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Datasets []struct {
			Type, Path, Text string
			DataID           struct{ Visit int64 } `json:"dataId"`
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, d := range golden.Datasets {
		path := strings.NewReplacer("<RUN>", crashRun, "<RUN_>", strings.ReplaceAll(crashRun, "/", "_")).Replace(d.Path)
		if d.DataID.Visit != 2026080100002 || d.Type != "metricvalue_ap_association_DiaForcedSourceMemory" && d.Type != "metricvalue_ap_association_DiaPipelineTime" {
			continue
		}
		compared++
		if s.want.content[path] != d.Text {
			t.Errorf("%s:\n%s\nwant\n%s", path, s.want.content[path], d.Text)
		}
	}
	if compared < 6 {
		t.Errorf("only %d measurements were compared", compared)
	}
	return s
}

// samples is the number of recoveries that are interrupted in turn.
func samples() int {
	if testing.Short() {
		return 2
	}
	return 6
}

// TestCrashAtEveryStep kills valet, and lets the power fail, at every step of a run and of its recovery.
func TestCrashAtEveryStep(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r, disk := memoryRepo(t)
	s.repo = r
	c := film(r, disk, nil)
	r.disk = c.file
	if code, stderr := r.run(t, c.layer, r.runArgs(s.pipeline, false)...); code != s.code {
		t.Fatal(code, stderr)
	}
	s.every(c, samples())
}

// newRerunScene is one that repeats the failed quanta of a run, one of which fails again. packed tells of the run and of its repetition
// whether they pack their files.
func newRerunScene(t *testing.T, packed, packedAgain bool) *crashScene {
	t.Helper()
	s := newScene(t)
	s.again = true
	r, disk := memoryRepo(t)
	s.repo, r.pack = r, packed
	var input string
	for _, path := range disk.Files() {
		if strings.Contains(path, "diaPipe_metadata_TestCam_i_i_03_2026080100002_R00_S01") {
			input = path
		}
	}
	repair := damage(t, disk, input)
	if code, stderr := r.run(t, quick, r.runArgs(s.pipeline, false)...); code != ExitFailure {
		t.Fatal(code, stderr)
	}
	before := r.audit(t, "u/metrics")
	for path, content := range before.content {
		if strings.Contains(path, "_log/") && content != "a log" {
			s.keeps = append(s.keeps, path)
		}
	}
	// Two tasks read the damaged file, and one quantum fails in any case.
	if len(s.keeps) != 3 || len(before.differences(s.want)) == 0 {
		t.Fatal(s.keeps)
	}
	repair(disk)
	r.pack = packedAgain
	return s
}

// TestCrashOfRerunAtEveryStep does the same to a run that repeats what failed. The logs of the failures are kept whatever happens.
func TestCrashOfRerunAtEveryStep(t *testing.T) {
	t.Parallel()
	s := newRerunScene(t, false, false)
	s.filmRerun()
}

// filmRerun films the repetition, then looks at all its instants.
func (s *crashScene) filmRerun() {
	t := s.t
	r := s.repo
	disk := r.disk.(*vfs.Memory)
	c := film(r, disk, nil)
	r.disk = c.file
	if code, stderr := r.run(t, c.layer, s.args()...); code != s.code {
		t.Fatal(code, stderr)
	}
	r.disk = disk
	if h := r.audit(t, "u/metrics"); len(h.differences(s.want)) > 0 || h.earlier[s.keeps[0]] != 1 {
		t.Fatal(h.differences(s.want), h.earlier)
	}
	s.every(c, samples())
}
