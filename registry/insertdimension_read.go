package registry

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"valet/registry/dimension"
	"valet/registry/query"
	"valet/registry/sphere"
)

// ReadRecord makes a record of named values as JSON, YAML and CSV have them: integers, numbers, booleans, texts of these, nil; a region is
// hexadecimal or an IVOA POS text, a hash hexadecimal, a timespan an object or its JSON text with begin and end in TAI, each of which may be
// null. Names are the fields of the records; the own key may be called like the dimension. Fields that are not given are nil. The error
// joins everything that is wrong.
func ReadRecord(e *dimension.Element, given map[string]any) (*dimension.Record, error) {
	r := &dimension.Record{Element: e, Values: make([]any, len(e.Fields()))}
	var faults []string
	own := -1
	if e.IsDimension() {
		own = len(e.Required) - 1
	}
	names := make([]string, 0, len(given))
	for name := range given {
		names = append(names, name)
	}
	slices.Sort(names)
	set := make([]bool, len(r.Values))
	for _, name := range names {
		i := slices.IndexFunc(e.Fields(), func(c dimension.Column) bool { return c.Name == name })
		if i < 0 && name == e.Name {
			i = own
		}
		if i < 0 {
			faults = append(faults, fmt.Sprintf("%q is no field of %s", name, e))
			continue
		}
		if set[i] {
			faults = append(faults, fmt.Sprintf("%s is given twice", e.Fields()[i].Name))
			continue
		}
		set[i] = true
		var err error
		if r.Values[i], err = readField(e.Fields()[i], given[name]); err != nil {
			faults = append(faults, name+": "+err.Error())
		}
	}
	if len(faults) > 0 {
		return nil, errors.New(strings.Join(faults, "; "))
	}
	return r, nil
}

var errWrongType = errors.New("wrong type")

// readField makes a value of the type that records have.
func readField(c dimension.Column, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	out, err := convertField(c, v)
	if errors.Is(err, errWrongType) {
		return nil, fmt.Errorf("%v is not of type %s", v, c.Type)
	}
	return out, err
}

func convertField(c dimension.Column, v any) (any, error) {
	text, isText := v.(string)
	switch c.Type {
	case dimension.Int:
		switch n := v.(type) {
		case int:
			return int64(n), nil
		case int64:
			return n, nil
		case float64:
			if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
				return int64(n), nil
			}
		case json.Number:
			text, isText = n.String(), true
		}
		if n, err := strconv.ParseInt(text, 10, 64); isText && err == nil {
			return n, nil
		}
	case dimension.Float:
		switch n := v.(type) {
		case int:
			return float64(n), nil
		case int64:
			return float64(n), nil
		case float64:
			return n, nil
		case json.Number:
			text, isText = n.String(), true
		}
		if n, err := strconv.ParseFloat(text, 64); isText && err == nil {
			return n, nil
		}
	case dimension.Bool:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		switch {
		case isText && strings.EqualFold(text, "true"), text == "1":
			return true, nil
		case isText && strings.EqualFold(text, "false"), text == "0":
			return false, nil
		}
	case dimension.String:
		if isText {
			return text, nil
		}
	case dimension.Hash:
		if b, err := hex.DecodeString(strings.TrimPrefix(text, "0x")); isText && err == nil {
			return b, nil
		}
	case dimension.RegionColumn:
		if isText {
			return readRegion(text)
		}
	case dimension.TimespanColumn:
		if isText {
			var object map[string]any
			if err := json.Unmarshal([]byte(text), &object); err != nil {
				return nil, errWrongType
			}
			v = object
		}
		if object, ok := v.(map[string]any); ok {
			return readTimespan(object)
		}
	}
	return nil, errWrongType
}

func readRegion(text string) (any, error) {
	if b, err := hex.DecodeString(text); err == nil && len(b) > 0 {
		return b, nil
	}
	r, err := sphere.ParsePOS(text)
	if err != nil {
		return nil, err
	}
	return r.AppendBinary(nil), nil
}

func readTimespan(object map[string]any) (any, error) {
	t := dimension.AllTime
	for name, v := range object {
		bound := &t.Begin
		switch name {
		case "begin":
		case "end":
			bound = &t.End
		default:
			return nil, fmt.Errorf("a timespan has begin and end, not %q", name)
		}
		if v == nil {
			continue
		}
		text, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("%s of the timespan is no time: %v", name, v)
		}
		if !strings.Contains(text, "/") {
			text += "/tai"
		}
		at, err := query.ParseTime(text)
		if err != nil {
			return nil, err
		}
		*bound = int64(at)
	}
	if t.Begin > t.End {
		return nil, errors.New("the timespan ends before it begins")
	}
	return dimension.NewTimespan(t.Begin, t.End), nil
}
