package python

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// contractCase is a contract and what pipetask found, for the two tasks of lookupGolden. Refused contracts need Python.
type contractCase struct {
	Contract string `json:"contract"`
	Holds    bool   `json:"holds,omitempty"`
	Error    string `json:"error,omitempty"`
	Refused  bool   `json:"refused,omitempty"`
}

func contractCases(t testing.TB) []contractCase {
	data, err := os.ReadFile("testdata/contracts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var all []contractCase
	for line := range bytes.Lines(data) {
		var c contractCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func lookupGolden(r Reference) (Value, error) {
	fields := map[string]Value{
		"target": "x", "i": int64(1), "f": 1.0, "b": true, "md": []Value{"a"}, "saveLogOutput": true,
		"connections.package": "None", "connections.labelName": "", "connections.measurement": "o_{package}_x",
	}
	output := "o_None_x"
	switch r.Label {
	case "t":
	case "u":
		fields["target"], fields["connections.package"], output = "y", "q", "o_q_x"
	default:
		return nil, &OperationError{"NameError", "name '" + r.Label + "' is not defined"}
	}
	switch {
	case r.Connection == "measurement":
		return output, nil
	case r.Field == "" && r.Connection == "":
		return Object{r.Label}, nil
	case r.Field == "connections":
		return Object{r.Label + ".connections"}, nil
	}
	v, ok := fields[r.Field]
	if !ok {
		return nil, &OperationError{"AttributeError", "no attribute " + r.Field}
	}
	return v, nil
}

func TestContractsLikePipetask(t *testing.T) {
	for _, c := range contractCases(t) {
		contract, err := ParseContract(c.Contract)
		holds := false
		if err == nil {
			holds, err = contract.Eval(lookupGolden)
		}
		var u *UnsupportedError
		if refused := errors.As(err, &u); refused || c.Refused {
			if refused != c.Refused {
				t.Errorf("%q: refused %v (%v)", c.Contract, refused, err)
			}
			continue
		}
		class := ""
		if err != nil {
			class = err.(interface{ ClassName() string }).ClassName()
		}
		if holds != c.Holds || class != c.Error {
			t.Errorf("%q: %v %s (%v), want %v %s", c.Contract, holds, class, err, c.Holds, c.Error)
		}
	}
}

func TestContractReferences(t *testing.T) {
	c, err := ParseContract(`a.b.c == 1 or not (d in [e.f, a.connections.ConnectionsClass(config=a).out.name])`)
	if err != nil {
		t.Fatal(err)
	}
	want := []Reference{{Label: "a", Field: "b.c"}, {Label: "d"}, {Label: "e", Field: "f"}, {Label: "a", Connection: "out"}}
	if diff := cmp.Diff(want, c.References()); diff != "" {
		t.Error(diff)
	}
	texts := []string{"a.b.c", "d", "e.f", "a.connections.ConnectionsClass(config=a).out.name"}
	for i, r := range c.References() {
		if r.String() != texts[i] {
			t.Error(r)
		}
	}
}
