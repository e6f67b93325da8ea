package metadata

import (
	"errors"
	"strings"
	"testing"
)

const propertySet = `!<lsst.daf.base.PropertySet>
- - isr
  - PropertySet
  - !<lsst.daf.base.PropertySet>
    - - runStartUtc
      - String
      - '2021-09-08T23:44:38.930'
    - - runEndCpuTime
      - Double
      - - 5.5
        - 6.5
    - - runEndMaxResidentSetSize
      - LongLong
      - 184320
    - [flow, Double, [.nan, 1.0e+16]]
    - - none
      - Undef
      - null
    - - digits
      - String
      - - '1'
        - '2'
    - - mixed
      - String
      - - '1'
        - b
    - - date
      - DateTime
      - !<lsst.daf.base.DateTime> '2021-09-08T23:44:38.930000000Z'
    - - flag
      - Bool
      - true
- - isr:sub
  - PropertySet
  - !<lsst.daf.base.PropertySet> []
`

const propertySetJSON = `{"scalars":{},"arrays":{},"metadata":{"isr":{"scalars":{` +
	`"runStartUtc":"2021-09-08T23:44:38.930","runEndMaxResidentSetSize":184320.0,"none":NaN,"date":"2021-09-08T23:44:38.930000000Z","flag":1.0},` +
	`"arrays":{"runEndCpuTime":[5.5,6.5],"flow":[NaN,1e+16],"digits":[1.0,2.0],"mixed":["1","b"]},"metadata":{}},` +
	`"isr:sub":{"scalars":{},"arrays":{},"metadata":{}}}}`

const propertyList = `!<lsst.daf.base.PropertyList>
- - isr.runEndCpuTime
  - Double
  - 5.5
  - seconds
- - isr:sub.runEndUtc
  - String
  - - a
    - b
  - ''
`

const propertyListJSON = `{"scalars":{},"arrays":{},"metadata":{"isr":{"scalars":{"runEndCpuTime":5.5},"arrays":{},"metadata":{}},` +
	`"isr:sub":{"scalars":{},"arrays":{"runEndUtc":["a","b"]},"metadata":{}}}}`

func TestParsePropertySet(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"set", propertySet, propertySetJSON},
		{"list", propertyList, propertyListJSON},
		{"empty", "!<lsst.daf.base.PropertySet> []\n", `{"scalars":{},"arrays":{},"metadata":{}}`},
		{"alias", "!<lsst.daf.base.PropertySet>\n- [a, Double, &x [1.5, 2.5]]\n- [b, Double, *x]\n",
			`{"scalars":{},"arrays":{"a":[1.5,2.5],"b":[1.5,2.5]},"metadata":{}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := ParsePropertySet([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(m.AppendJSON(nil)); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

func TestParsePropertySetRefuses(t *testing.T) {
	const head = "!<lsst.daf.base.PropertySet>\n"
	bomb := head + "- [a0, Int, &a0 [1,1,1,1,1,1,1,1]]\n"
	for range 2000 {
		bomb += "- [b, Int, *a0]\n"
	}
	for _, c := range []struct{ name, text, reason string }{
		{"empty", "", "empty"},
		{"syntax", "- [a", "did not find"},
		{"untagged", "- - a\n", "must be a list tagged"},
		{"mapping", "a: b\n", "must be a list tagged"},
		{"short item", head + "- [a, Int]\n", "name, type and value"},
		{"unknown type", head + "- [a, Complex, 1]\n", `unknown type "Complex"`},
		{"null as text", head + "- [a, String, [null, b]]\n", "null is no value of type String"},
		{"text as number", head + "- [a, Int, x]\n", `"x" is no value of type Int`},
		{"set as number", head + "- [a, Int, {b: c}]\n", "must be a value of type Int"},
		{"number as set", head + "- [a, PropertySet, 5]\n", "must be a list tagged"},
		{"list of name", head + "- [[a], Int, 5]\n", "must be texts"},
		{"deep name", head + "- [" + strings.Repeat("a.", 200) + "b, Int, 5]\n", "deeply"},
		{"own alias", head + "- [a, PropertySet, &x !<lsst.daf.base.PropertySet> [[b, PropertySet, *x]]]\n", ""},
		{"aliases", bomb, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParsePropertySet([]byte(c.text))
			var p *ParseError
			if c.name == "aliases" && err == nil {
				return // within the budget
			}
			if !errors.As(err, &p) || !strings.Contains(p.Error(), c.reason) {
				t.Errorf("error %v, want %q", err, c.reason)
			}
		})
	}
}

func FuzzPropertySet(f *testing.F) {
	f.Add([]byte(propertySet))
	f.Add([]byte(propertyList))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ParsePropertySet(text)
		if err != nil {
			return
		}
		if _, err := Parse(m.AppendJSON(nil)); err != nil {
			t.Errorf("%v in %q", err, m.AppendJSON(nil))
		}
	})
}
