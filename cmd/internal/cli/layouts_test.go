package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"valet/datastore/butler"
	"valet/datastore/vfs"
	"valet/registry"
)

// Every command that cares for a repository works on every universe, on datasets of version 1.0.0 and on collections with names as keys, and
// leaves a repository that fsck finds whole.
func TestCareInEveryLayout(t *testing.T) {
	t.Parallel()
	for universe := range 9 {
		for _, layout := range []string{"all as today", "dates as text", "names as keys"} {
			if testing.Short() && universe%4 != 0 {
				continue
			}
			t.Run(fmt.Sprintf("universe %d with %s", universe, layout), func(t *testing.T) { careInLayout(t, universe, layout) })
		}
	}
}

func careInLayout(t *testing.T, universe int, layout string) {
	text, err := os.ReadFile(fmt.Sprintf("../../../registry/dimension/testdata/universe%d.json", universe))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	repository := filepath.Join(dir, "repo")
	if err := butler.Create(t.Context(), repository, butler.CreateOptions{Universe: text, Layer: quick}); err != nil {
		t.Fatal(err)
	}
	if layout != "all as today" {
		names := layout == "names as keys"
		if err := os.Remove(filepath.Join(repository, "gen3.sqlite3")); err != nil {
			t.Fatal(err)
		}
		if err := registry.Create(t.Context(), registry.CreateOptions{URL: "sqlite:///" + filepath.Join(repository, "gen3.sqlite3"), Universe: text, NameKeys: names, TextDates: true}); err != nil {
			t.Fatal(err)
		}
		config, err := os.ReadFile(filepath.Join(repository, "butler.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if names {
			config = []byte(strings.ReplaceAll(string(config), "synthIntKey.SynthIntKeyCollectionManager", "nameKey.NameKeyCollectionManager"))
			if !strings.Contains(string(config), "nameKey") {
				config = append(config, "\nregistry.managers.collections: lsst.daf.butler.registry.collections.nameKey.NameKeyCollectionManager\n"...)
			}
		}
		if err := os.WriteFile(filepath.Join(repository, "butler.yaml"), config, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"camera.yaml":   "instrument: {name: Cam}\nphysical_filter: [{name: g1, band: g}]\ndetector:\n- {id: 0, full_name: d0}\n- {id: 1, full_name: d1}\n",
		"files.csv":     "path,instrument,detector\n" + dir + "/a.yaml,Cam,0\n" + dir + "/a.yaml,Cam,1\n",
		"a.yaml":        "a: 1\n",
		"days.csv":      "instrument,id\nCam,20260801\n",
		"systems.jsonl": `{"instrument":"Cam","id":0,"name":"one-to-one"}`,
		"visits.jsonl":  `{"instrument":"Cam","id":5,"name":"v5","physical_filter":"g1","region":"CIRCLE 10 -60 0.1","timespan":{"begin":"2026-08-01T00:00:00","end":"2026-08-01T00:00:30"}DAY SYSTEM}`,
	} {
		day, system := "", ""
		if universe >= 6 {
			day = `,"day_obs":20260801`
		}
		if universe < 2 {
			system = `,"visit_system":0`
		}
		text = strings.NewReplacer("DAY", day, " SYSTEM", system).Replace(text)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	r := &repo{dir: repository, disk: vfs.Real{}}
	commands := []string{
		"register-instrument REPO DIR/camera.yaml",
		"insert-dimension-records REPO visit_system DIR/systems.jsonl",
		"insert-dimension-records REPO visit DIR/visits.jsonl",
		"insert-dimension-records REPO visit DIR/visits.jsonl --replace",
		"register-dataset-type REPO flat StructuredDataDict instrument detector --is-calibration",
		"register-dataset-type REPO m StructuredDataDict instrument visit detector",
		"ingest-files REPO flat u/a DIR/files.csv",
		"ingest-files REPO flat u/b DIR/files.csv --transfer link",
		"put REPO m DIR/a.yaml instrument=Cam visit=5 detector=1 --run u/a",
		"collection-chain REPO u u/a u/b", "collection-chain REPO w u --flatten",
		"associate REPO tagged flat --collections u --find-first",
		"disassociate REPO tagged flat --collections u/a --where instrument='Cam'&AND&detector=1",
		"certify REPO u/a calib flat --begin-date 2026-08-01T00:00:00",
		"decertify REPO calib flat --begin-date 2026-08-10T00:00:00 --end-date 2026-08-11T00:00:00",
		"fsck REPO --checksum",
		"query-datasets REPO m --collections u --where instrument='Cam'&AND&visit.region&OVERLAPS&CIRCLE(10.0,&-60.0,&0.01)",
		"prune-datasets REPO --purge u/a --datasets m --no-confirm",
		"prune-datasets REPO u/b --unstore --disassociate tagged --no-confirm",
		"fsck REPO",
		"remove-collections REPO tagged --no-confirm", "remove-collections REPO w --no-confirm",
		"remove-runs REPO u/b --force --no-confirm", "remove-collections REPO u --no-confirm",
		"fsck REPO",
	}
	if universe >= 6 {
		commands = append(commands[:1], append([]string{"insert-dimension-records REPO day_obs DIR/days.csv"}, commands[1:]...)...)
	}
	for _, command := range commands {
		args := strings.Fields(strings.NewReplacer("REPO", repository, "DIR", dir).Replace(command))
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "&", " ")
		}
		if code, stderr := r.run(t, quick, args...); code != ExitOK {
			t.Fatalf("%s: exit code %d\n%s", command, code, stderr)
		}
	}
}
