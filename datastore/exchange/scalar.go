package exchange

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"valet/datastore/formatter"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// The tags of the form.
const (
	uuidTag     = "!uuid"
	timeTag     = "!butler_time/tai/iso"
	timespanTag = "!lsst.daf.butler.Timespan"
	binaryTag   = "!!binary"
	regionTag   = "lsst.sphgeom."
	// noBoundTag is what Python makes of the bounds of the empty timespan, which it cannot read again.
	noBoundTag = "tag:yaml.org,2002:python/object/apply:lsst.daf.butler._timespan._SpecialTimespanBound"
)

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// noBound stands for a bound of the empty timespan.
type noBound struct{}

// instant is TAI in nanoseconds.
type instant int64

// scalar is the value of a node: nil, bool, int64, float64, string, []byte, dataset.ID or instant.
func scalar(n *yaml.Node) (any, error) {
	n = resolve(n)
	if strings.HasSuffix(n.Tag, strings.TrimPrefix(noBoundTag, "tag:yaml.org,2002:")) {
		return noBound{}, nil
	}
	if n.Kind != yaml.ScalarNode {
		return nil, errors.New("a single value is expected, not a list or mapping")
	}
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	tag := n.Tag
	if n.Style&yaml.TaggedStyle == 0 {
		// What the parser thinks of a plain scalar is YAML 1.2.
		if tag = ""; quoted {
			tag = "!!str"
		}
	}
	switch tag {
	case "!!str", "!":
		return n.Value, nil
	case "", "!!int", "!!float", "!!bool", "!!null":
		v, err := formatter.ResolvePlain(n.Value)
		if text, ok := v.(string); ok && tag == "" && err == nil {
			if t, err := time.Parse("2006-01-02 15:04:05", text); err == nil {
				return instant(dimension.TAI(t)), nil
			}
		}
		return v, err
	case binaryTag:
		return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Value), ""))
	case uuidTag:
		return dataset.ParseID(n.Value)
	case timeTag:
		return parseTime(n.Value)
	}
	return nil, fmt.Errorf("unknown tag %q", n.Tag)
}

var isoTime = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d)(?::(\d\d)(?:\.(\d*))?)?)?$`)

// parseTime reads an ISO time of TAI.
func parseTime(text string) (instant, error) {
	m := isoTime.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is no time: year-month-day hour:minute:second expected", text)
	}
	clock, seconds := m[2], m[3]
	if clock == "" {
		clock = "00:00"
	}
	if seconds == "" {
		seconds = "00"
	}
	t, err := time.Parse("2006-01-02 15:04:05", m[1]+" "+clock+":"+seconds)
	if err != nil {
		return 0, fmt.Errorf("%q is no time", text)
	}
	// Clipped before nanoseconds are counted, which have no room for all years.
	switch {
	case t.Unix() < dimension.MinTime/1e9:
		return instant(dimension.MinTime), nil
	case t.Unix() >= dimension.MaxTime/1e9:
		return instant(dimension.MaxTime), nil
	}
	fraction, err := strconv.ParseInt((m[4] + "000000000")[:9], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no time", text)
	}
	return instant(t.Unix()*1e9 + fraction), nil
}

// appendTime appends a time with its tag; unbounded is what stands for no bound.
func appendTime(dst []byte, tai, unbounded int64) []byte {
	if tai == unbounded {
		return append(dst, "null"...)
	}
	dst = append(dst, timeTag+" '"...)
	dst = time.Unix(tai/1e9, tai%1e9).UTC().AppendFormat(dst, "2006-01-02 15:04:05.000000000")
	return append(dst, '\'')
}

// bound is a bound of a timespan.
func bound(n *yaml.Node, unbounded int64) (tai int64, empty bool, err error) {
	v, err := scalar(n)
	if err != nil {
		return 0, false, err
	}
	switch v := v.(type) {
	case nil:
		return unbounded, false, nil
	case noBound:
		return 0, true, nil
	case instant:
		return int64(v), false, nil
	}
	return 0, false, fmt.Errorf("%v is no time: %s and a text expected", v, timeTag)
}

// span makes a timespan as upstream does: an instant is a nanosecond long, and bounds in the wrong order are no time at all.
func span(begin, end *yaml.Node) (dimension.Timespan, error) {
	a, none, err := bound(begin, dimension.MinTime)
	if err != nil {
		return dimension.Timespan{}, err
	}
	b, nothing, err := bound(end, dimension.MaxTime)
	if err != nil {
		return dimension.Timespan{}, err
	}
	if none || nothing {
		return dimension.EmptyTimespan, nil
	}
	if a == b {
		b++
	}
	return dimension.NewTimespan(a, b), nil
}

// timespan reads a node with the tag of timespans.
func timespan(n *yaml.Node) (dimension.Timespan, error) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode || n.Tag != timespanTag {
		return dimension.Timespan{}, fmt.Errorf("is no timespan: %s with begin and end expected", timespanTag)
	}
	var begin, end *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch n.Content[i].Value {
		case "begin":
			begin = n.Content[i+1]
		case "end":
			end = n.Content[i+1]
		default:
			return dimension.Timespan{}, fmt.Errorf("a timespan has begin and end, not %q", n.Content[i].Value)
		}
	}
	if begin == nil || end == nil {
		return dimension.Timespan{}, errors.New("a timespan needs begin and end")
	}
	return span(begin, end)
}

// region reads the bytes of a region.
func region(n *yaml.Node) ([]byte, error) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode || !strings.HasPrefix(n.Tag, regionTag) || len(n.Content) != 2 || n.Content[0].Value != "encoded" {
		return nil, fmt.Errorf("is no region: a tag !<%sKIND> with encoded and hexadecimal digits expected", regionTag)
	}
	b, err := hex.DecodeString(strings.TrimSpace(resolve(n.Content[1]).Value))
	if err != nil || len(b) == 0 {
		return nil, errors.New("is no region: encoded has to be hexadecimal digits")
	}
	return b, nil
}

// regionKind is the class of an encoded region, by its first byte.
func regionKind(b []byte) string {
	switch b[0] {
	case 'b':
		return "Box"
	case 'c':
		return "Circle"
	case 'e':
		return "Ellipse"
	case 'p':
		return "ConvexPolygon"
	case 'u':
		return "UnionRegion"
	case 'i':
		return "IntersectionRegion"
	}
	return ""
}

// field reads a field of a record, as dimension.Record has it.
func field(c dimension.Column, n *yaml.Node) (any, error) {
	if r := resolve(n); c.Type == dimension.RegionColumn && r.Kind == yaml.MappingNode {
		return region(r)
	}
	if r := resolve(n); c.Type == dimension.TimespanColumn && r.Kind == yaml.MappingNode {
		return timespan(r)
	}
	v, err := scalar(n)
	if err != nil || v == nil {
		return nil, err
	}
	switch v := v.(type) {
	case int64:
		switch c.Type {
		case dimension.Int:
			return v, nil
		case dimension.Float:
			return float64(v), nil
		}
	case float64:
		switch {
		case c.Type == dimension.Float:
			return v, nil
		case c.Type == dimension.Int && v == math.Trunc(v) && math.Abs(v) < 1<<53:
			return int64(v), nil
		}
	case bool:
		if c.Type == dimension.Bool {
			return v, nil
		}
	case string:
		switch c.Type {
		case dimension.String:
			return v, nil
		case dimension.Int:
			if n, err := strconv.ParseInt(v, 10, 64); err == nil {
				return n, nil
			}
		}
	case []byte:
		if c.Type == dimension.Hash {
			return v, nil
		}
	}
	return nil, fmt.Errorf("%s is not of type %s", dimension.Quote(resolve(n).Value), c.Type)
}
