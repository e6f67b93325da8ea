package query

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"valet/registry/dimension"
)

// goldenCase is a line of testdata/queries/cases.jsonl; each kind of query has its own arguments.
type goldenCase struct {
	ID, Kind string
	Args     struct {
		Dimensions  []string
		Element     string
		DatasetType string `json:"dataset_type"`
		Where       string
		QueryWhere  string `json:"query_where"`
		Bind        map[string]json.RawMessage
		DataID      map[string]any `json:"data_id"`
		Default     map[string]any `json:"default_data_id"`
		// DefaultCollections tell that defaults are inferred from what is in them.
		DefaultCollections json.RawMessage `json:"default_collections"`
		OrderBy            []string        `json:"order_by"`
		JoinDatasets       []struct {
			DatasetType string `json:"dataset_type"`
		} `json:"join_datasets"`
		JoinDimensions []string `json:"join_dimensions"`
	}
	Result json.RawMessage
	Error  string
}

// errorClass is the class that the real stack raised, or empty.
func (c *goldenCase) errorClass() string {
	class, _, _ := strings.Cut(c.Error, ":")
	return class
}

func readGolden(t testing.TB) []goldenCase {
	t.Helper()
	f, err := os.Open("../../testdata/queries/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []goldenCase
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<22)
	for s.Scan() {
		// Arguments of kinds that this package does not test may have other shapes; those lines are left out.
		var c goldenCase
		if json.Unmarshal(s.Bytes(), &c) == nil {
			out = append(out, c)
		}
	}
	return out
}

func readUniverse(t testing.TB) *dimension.Universe {
	t.Helper()
	text, err := os.ReadFile("../../testdata/queries/universe.json")
	if err != nil {
		t.Fatal(err)
	}
	u, err := dimension.ParseUniverse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
