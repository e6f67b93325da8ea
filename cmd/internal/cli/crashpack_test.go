package cli

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"valet/datastore/vfs"
)

// packedFiles is a zip file as other programs read it.
type packedFiles struct {
	err     error
	members map[string][]byte
	// deflated is the number of members that are compressed.
	deflated int
	// places are those of the members as files of their own.
	places map[string]string
}

// member reads a member of a zip file, and the place that it would have as a file of its own.
func (r *repo) member(zips map[string]*packedFiles, path, name string) (place string, text []byte, err error) {
	z := zips[path]
	if z == nil {
		z = &packedFiles{members: map[string][]byte{}, places: map[string]string{}}
		z.err = z.read(r, r.dir+"/"+path)
		zips[path] = z
	}
	text, ok := z.members[name]
	switch {
	case z.err != nil:
		return name, nil, z.err
	case !ok:
		return name, nil, fmt.Errorf("%s has no member %s", path, name)
	case z.places[name] == "":
		return name, nil, fmt.Errorf("%s does not tell the place of %s", path, name)
	}
	return z.places[name], text, nil
}

func (z *packedFiles) read(r *repo, path string) error {
	text, err := r.read(path)
	if err != nil {
		return err
	}
	archive, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, f := range archive.File {
		in, err := f.Open()
		if err != nil {
			return fmt.Errorf("%s: %s: %w", path, f.Name, err)
		}
		// The checksum of the member is looked at here.
		text, err := io.ReadAll(in)
		if err = errors.Join(err, in.Close()); err != nil {
			return fmt.Errorf("%s: %s: %w", path, f.Name, err)
		}
		if _, twice := z.members[f.Name]; twice {
			return fmt.Errorf("%s has two members %s", path, f.Name)
		}
		z.members[f.Name] = text
		if f.Method == zip.Deflate {
			z.deflated++
		}
	}
	var index struct {
		Artifacts map[string]struct {
			Info struct{ Path string }
		} `json:"artifact_map"`
	}
	if err := json.Unmarshal(z.members["_butler_zip_index.json"], &index); err != nil {
		return fmt.Errorf("%s: index: %w", path, err)
	}
	for name, a := range index.Artifacts {
		z.places[name] = a.Info.Path
	}
	return nil
}

// fsck lets valet check the repository as if its disk were that of the machine.
func (r *repo) fsck(t testing.TB) (problems []string) {
	t.Helper()
	disk, memory := r.disk.(*vfs.Memory)
	if memory {
		for _, path := range disk.Files() {
			if !strings.HasPrefix(path, r.dir+"/") {
				continue
			}
			text, err := r.read(path)
			if err := errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, text, 0o666)); err != nil {
				t.Fatal(err)
			}
		}
		defer func() {
			for _, dir := range []string{"u", "inputs"} {
				if err := os.RemoveAll(filepath.Join(r.dir, dir)); err != nil {
					t.Fatal(err)
				}
			}
		}()
	}
	a, out, errOut := testApp("fsck", r.dir, "--checksum", "--format", "jsonl")
	if code := a.Main(t.Context()); code != ExitOK {
		problems = append(problems, "fsck: "+out.String()+errOut.String())
	}
	return problems
}

// packedScenes are those of runs that pack their files, or repeat what failed in such a run.
var packedScenes = []struct {
	name               string
	rerun              bool
	packed, packedThen bool
}{
	{"run", false, true, true},
	{"rerun", true, true, true},
	{"rerun of a packed run", true, true, false},
	{"packed rerun", true, false, true},
	{"compressed run", false, true, true},
	{"command rerun", true, true, true},
}

// packedScene makes the n-th scene; the repository is as it is before the command.
func packedScene(t *testing.T, n int) *crashScene {
	t.Helper()
	of := packedScenes[n]
	var s *crashScene
	if of.rerun {
		s = newRerunScene(t, of.packed, of.packedThen)
		if of.name == "command rerun" {
			s.command, s.options = "rerun", []string{"--pack", "--failed", "--missing", "-j", "2"}
		}
	} else {
		s = newScene(t)
		r, _ := memoryRepo(t)
		r.pack = true
		if of.name == "compressed run" {
			r.options = []string{"--compress"}
		}
		s.repo = r
	}
	if n > 0 || testing.Short() {
		s.stride = 4
	}
	checked := 0
	r := s.repo
	s.then = func(h *held) (problems []string) {
		if (h.deflated > 0) != (len(r.options) > 0) {
			problems = append(problems, fmt.Sprintf("%d members are compressed", h.deflated))
		}
		if (h.packed == 0) != !(of.packed || of.packedThen) {
			problems = append(problems, fmt.Sprintf("%d datasets are packed", h.packed))
		}
		if checked++; checked%8 == 1 {
			problems = append(problems, r.fsck(t)...)
		}
		return problems
	}
	return s
}

// TestCrashOfPackedRunAtEveryStep does what the tests of loose runs do to runs whose files are packed, or were before.
func TestCrashOfPackedRunAtEveryStep(t *testing.T) {
	for n, of := range packedScenes {
		t.Run(of.name, func(t *testing.T) {
			t.Parallel()
			s := packedScene(t, n)
			if of.rerun {
				s.filmRerun()
				return
			}
			r := s.repo
			c := film(r, r.disk.(*vfs.Memory), nil)
			r.disk = c.file
			if code, stderr := r.run(t, c.layer, s.first()...); code != s.code {
				t.Fatal(code, stderr)
			}
			s.every(c, samples())
		})
	}
}

// TestFaultAtEveryStepOfPackedRun lets each file operation and each statement of such runs fail.
func TestFaultAtEveryStepOfPackedRun(t *testing.T) {
	for n, of := range packedScenes {
		t.Run(of.name, func(t *testing.T) {
			t.Parallel()
			s := packedScene(t, n)
			s.everyFault(s.repo.now(t, s.repo.disk.(*vfs.Memory)))
		})
	}
}

// convertScene is one that packs or unpacks a finished run.
func convertScene(t *testing.T, command string) *crashScene {
	t.Helper()
	command, option, compressed := strings.Cut(command, " ")
	s := newScene(t)
	if compressed {
		s.options = []string{option}
	}
	r, disk := memoryRepo(t)
	s.repo, r.pack = r, command == "unpack"
	if code, stderr := r.run(t, quick, r.runArgs(s.pipeline, false)...); code != s.code {
		t.Fatal(code, stderr)
	}
	s.command, s.code = command, ExitOK
	if testing.Short() {
		s.stride = 4
	}
	s.want = r.audit(t, "u/metrics")
	loose := len(s.want.content)
	checked := 0
	s.then = func(h *held) (problems []string) {
		// Configs and packages stay loose.
		if inits := len(slices.DeleteFunc(r.list(), func(p string) bool {
			return !strings.HasPrefix(p, r.dir+"/u/metrics/") || strings.HasSuffix(p, ".zip")
		})); command == "pack" && h.packed+inits != loose || command == "unpack" && h.packed != 0 {
			problems = append(problems, fmt.Sprintf("%d datasets are packed, %d files are there", h.packed, inits))
		}
		if (h.deflated > 0) != compressed {
			problems = append(problems, fmt.Sprintf("%d members are compressed", h.deflated))
		}
		if checked++; checked%8 == 1 {
			problems = append(problems, r.fsck(t)...)
		}
		return problems
	}
	r.disk, r.list = disk, disk.Files
	return s
}

// TestCrashOfConversionAtEveryStep kills valet, and lets the power fail, at every step of packing and unpacking a run and of doing it again.
func TestCrashOfConversionAtEveryStep(t *testing.T) {
	for _, command := range []string{"pack", "pack --compress", "unpack"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			s := convertScene(t, command)
			r := s.repo
			c := film(r, r.disk.(*vfs.Memory), nil)
			r.disk = c.file
			if code, stderr := r.run(t, c.layer, s.first()...); code != s.code {
				t.Fatal(code, stderr)
			}
			s.every(c, samples())
		})
	}
}

// TestFaultAtEveryStepOfConversion lets each file operation and each statement of packing and unpacking fail.
func TestFaultAtEveryStepOfConversion(t *testing.T) {
	for _, command := range []string{"pack", "pack --compress", "unpack"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			s := convertScene(t, command)
			s.everyFault(s.repo.now(t, s.repo.disk.(*vfs.Memory)))
		})
	}
}
