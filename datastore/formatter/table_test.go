package formatter

import (
	"testing"

	"valet/tasks/metadata"
)

// TestReadOldMetadata reads metadata as it was stored until January 2022 (metrics.md 6.4).
func TestReadOldMetadata(t *testing.T) {
	for _, storageClass := range []string{"PropertySet", "PropertyList"} {
		text := "!<lsst.daf.base." + storageClass + ">\n- - isr.runEndMaxResidentSetSize\n  - LongLong\n  - 184320\n"
		v, err := Read(YAMLClass, storageClass, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		m, ok := v.(*metadata.Metadata)
		if !ok {
			t.Fatalf("%T", v)
		}
		found, err := m.Find(nil, []string{"isr.runEndMaxResidentSetSize"})
		if err != nil || found[0].Number != 184320 {
			t.Errorf("%s: %+v %v", storageClass, found, err)
		}
	}
}
