package datastore

import (
	"errors"
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"valet/datastore/vfs"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// FuzzTemplate: no template and no run makes a path that a Writer would refuse.
func FuzzTemplate(f *testing.F) {
	u := testUniverse(f)
	cases, records, ref := loadGolden(f, u)
	for i, c := range cases {
		if i%8 == 0 {
			f.Add(c.Template, c.Run, "g 50%")
		}
	}
	f.Add("{run:/}/{instrument}{visit}{detector}/..", "%2e%2e%2f/a", "%2F..%2f")
	g := u.MustGroup("visit", "detector")
	typ := &dataset.Type{Name: "t", Dimensions: g, StorageClass: "StructuredDataDict"}
	f.Fuzz(func(t *testing.T, text, run, filter string) {
		s, err := New(vfs.NewMemory(), Config{Root: "/repo", Templates: map[string]any{"default": text}}, u)
		if err != nil {
			var ce *ConfigError
			if !errors.As(err, &ce) {
				t.Errorf("%T %v", err, err)
			}
			return
		}
		p, err := s.Placer(typ, run, records)
		if err != nil {
			return
		}
		id := dimension.NewDataID(g, []dimension.Value{dimension.StringValue("TestCam"), dimension.IntValue(1), dimension.IntValue(77),
			dimension.StringValue("g"), dimension.IntValue(20260801), dimension.StringValue(filter)})
		path, err := p.AppendPath(nil, id, ref)
		if err != nil {
			return
		}
		if err := checkWritable(string(path)); err != nil || !strings.HasSuffix(string(path), ".yaml") {
			t.Errorf("template %q run %q filter %q: %q: %v", text, run, filter, path, err)
		}
		again, err := p.AppendPath(nil, id, ref)
		if string(again) != string(path) {
			t.Errorf("%q, and again %q %v", path, again, err)
		}
	})
}

// FuzzRead: no recorded path leads out of the root, and no zip harms.
func FuzzRead(f *testing.F) {
	for _, p := range []string{"a/b", "../secret", "file:///secret", "z.zip#zip-path=a", "s3://x/y", "a/../../secret"} {
		f.Add(p, []byte("PK"))
	}
	f.Fuzz(func(t *testing.T, path string, data []byte) {
		m := vfs.NewMemory()
		s, err := New(m, Config{Root: "/data/repo", Create: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Writer().Write("z.zip", data); err != nil {
			t.Fatal(err)
		}
		if err := m.Create("/data/secret", []byte("secret")); err != nil {
			t.Fatal(err)
		}
		got, err := s.Read(record(path))
		if err == nil && string(got) == "secret" && !strings.HasPrefix(strings.ToLower(path), "file://") {
			t.Errorf("%q leads out of the root", path)
		}
	})
}

// TestNormalise compares with the standard library, which cleans paths alike but for empty ones.
func TestNormalise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.SampledFrom([]string{"", ".", "..", "a", "b.c", "...", "ü"})).Draw(t, "parts")
		text := strings.Join(parts, "/")
		got := string(normalise([]byte("kept "+text), len("kept ")))
		want := strings.TrimPrefix(path.Clean(text), "/")
		if want == "." {
			want = ""
		}
		if got != "kept "+want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	})
}
