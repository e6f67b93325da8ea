package registry_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"valet/registry"
	"valet/registry/dimension"
)

const datasetsManager = "version:lsst.daf.butler.registry.datasets.byDimensions._manager.ByDimensionsDatasetRecordStorageManagerUUID"

func TestVersions(t *testing.T) {
	set := func(name, value string) string {
		return "UPDATE butler_attributes SET value = '" + value + "' WHERE name = '" + name + "'"
	}
	remove := func(name string) string { return "DELETE FROM butler_attributes WHERE name = '" + name + "'" }
	version := func(class string) string { return "version:lsst.daf.butler.registry." + class }
	dimensions, opaque := version("dimensions.static.StaticDimensionRecordStorageManager"), version("opaque.ByNameOpaqueTableStorageManager")
	for _, test := range []struct {
		name, change    string
		read, write     bool
		managers        map[string]string
		namesInMessages string
	}{
		{"as made", "SELECT 1", true, true, nil, ""},
		{"patch newer", set(dimensions, "6.0.9"), true, true, nil, ""},
		{"patch older", set(dimensions, "6.0.1"), true, true, nil, ""},
		{"minor newer", set(dimensions, "6.1.0"), false, false, nil, "StaticDimensionRecordStorageManager"},
		{"major older", set(dimensions, "5.9.9"), false, false, nil, "StaticDimensionRecordStorageManager"},
		{"major newer", set(dimensions, "7.0.0"), false, false, nil, "7.0.0"},
		{"opaque minor older", set(opaque, "0.1.0"), true, false, nil, "ByNameOpaqueTableStorageManager"},
		{"opaque minor newer", set(opaque, "0.3.0"), false, false, nil, "0.3.0"},
		{"datasets 1.0.0", set(datasetsManager, "1.0.0"), true, true, nil, ""},
		{"datasets 0.9.0", set(datasetsManager, "0.9.0"), false, false, nil, "ByDimensionsDatasetRecordStorageManagerUUID"},
		{"datasets 3.0.0", set(datasetsManager, "3.0.0"), false, false, nil, "1.0.0"},
		{"not three numbers", set(opaque, "0.2"), false, false, nil, "three numbers"},
		{"negative", set(opaque, "0.-2.0"), false, false, nil, "three numbers"},
		{"no version row", remove(opaque), true, true, nil, ""},
		{"no manager row", remove("config:registry.managers.opaque"), false, false, nil, "opaque"},
		{"no dimensions", remove("config:dimensions.json"), false, false, nil, "dimensions.json"},
		{"empty table", "DELETE FROM butler_attributes", false, false, nil, "dimensions.json"},
		{"other manager in the table", set("config:registry.managers.opaque", "x.Y"), false, false, nil, "x.Y"},
		{"other manager in the configuration", "SELECT 1", false, false, map[string]string{"opaque": "x.Y"}, "x.Y"},
		{"unknown manager in both", set("config:registry.managers.opaque", "x.Y"), false, false, map[string]string{"opaque": "x.Y"}, "x.Y"},
		{"configured in the table's form", "SELECT 1", true, true, map[string]string{"datasets": strings.TrimPrefix(datasetsManager, "version:")}, ""},
		{"name keys configured only", "SELECT 1", false, false, map[string]string{"collections": "lsst.daf.butler.registry.collections.nameKey.NameKeyCollectionManager"}, "nameKey"},
		{"extra rows", "INSERT INTO butler_attributes VALUES ('schema_digest:x', 'abc')", true, true, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := copyGolden(t)
			o.Managers = test.managers
			exec(t, o, test.change)
			before, err := os.ReadFile(strings.TrimPrefix(o.URL, "sqlite:///"))
			if err != nil {
				t.Fatal(err)
			}
			for _, readOnly := range []bool{true, false} {
				o.ReadOnly = readOnly
				r, err := registry.Open(context.Background(), o)
				if ok := test.read && readOnly || test.write && !readOnly; ok != (err == nil) {
					t.Fatalf("read-only %v: %v", readOnly, err)
				}
				if err == nil {
					r.Close()
				} else {
					if refused := (*registry.VersionError)(nil); !errors.As(err, &refused) {
						t.Errorf("read-only %v: %v", readOnly, err)
					}
					if !strings.Contains(err.Error(), test.namesInMessages) {
						t.Errorf("%q does not name %q", err, test.namesInMessages)
					}
				}
			}
			after, err := os.ReadFile(strings.TrimPrefix(o.URL, "sqlite:///"))
			if err != nil || string(after) != string(before) {
				t.Error("opening changed the database", err)
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	golden, err := os.ReadFile("../testdata/run/before/gen3.sqlite3")
	if err != nil {
		t.Fatal(err)
	}
	broken := []byte(string(golden))
	for i := 4096; i < len(broken); i++ {
		broken[i] ^= 0x5a
	}
	badUniverse := copyGolden(t)
	exec(t, badUniverse, `UPDATE butler_attributes SET value = '{"version": 8, "skypix": {"common": "htm7"}, "elements": {"a": {"keys": [{"name": "id", "type": "complex"}]}}}' WHERE name = 'config:dimensions.json'`)
	for _, test := range []struct {
		name, url string
		is        func(error) bool
	}{
		{"missing", "sqlite:///" + filepath.Join(dir, "no.sqlite3"), is[*registry.NotFoundError]},
		{"directory", "sqlite:///" + dir, is[*registry.OpenError]},
		{"text", "sqlite:///" + write("text", strings.Repeat("hello, world\n", 1000)), is[*registry.CorruptError]},
		{"empty", "sqlite:///" + write("empty", ""), is[*registry.CorruptError]},
		{"broken pages", "sqlite:///" + write("broken", string(broken)), is[*registry.CorruptError]},
		{"truncated", "sqlite:///" + write("short", string(golden[:5000])), is[*registry.CorruptError]},
		{"other scheme", "oracle://user:secret@host/db", is[*registry.URLError]},
		{"in memory", "sqlite://", is[*registry.URLError]},
		{"universe", badUniverse.URL, is[*dimension.UniverseError]},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, readOnly := range []bool{true, false} {
				_, err := registry.Open(context.Background(), registry.Options{URL: test.url, ReadOnly: readOnly, BusyTimeout: time.Second})
				if !test.is(err) {
					t.Errorf("read-only %v: %T %v", readOnly, err, err)
				}
				if err != nil && strings.Contains(err.Error(), "secret") {
					t.Errorf("%v shows the password", err)
				}
			}
		})
	}
}

// is reports whether an error of type E is in err's tree.
func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}
