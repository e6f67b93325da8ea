package ledger

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"valet/registry/dimension"
	"valet/tasks/metadata"
)

// appendDataID appends the compact text of a data ID: a JSON array of its required values.
func appendDataID(dst []byte, values []dimension.Value) []byte {
	dst = append(dst, '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		if v.IsInt() {
			dst = strconv.AppendInt(dst, v.Int(), 10)
		} else {
			dst = metadata.AppendText(dst, v.Text())
		}
	}
	return append(dst, ']')
}

// parseDataID reads the compact text of a data ID of the group.
func parseDataID(g *dimension.Group, s string) (dimension.DataID, error) {
	values := make([]dimension.Value, 0, len(g.Required))
	bad := func() (dimension.DataID, error) {
		return dimension.DataID{}, fmt.Errorf("%s is no data ID of %s", s, g)
	}
	rest, ok := strings.CutPrefix(s, "[")
	if !ok {
		return bad()
	}
	for len(values) < len(g.Required) {
		if len(values) > 0 {
			if rest, ok = strings.CutPrefix(rest, ","); !ok {
				return bad()
			}
		}
		var v dimension.Value
		if strings.HasPrefix(rest, `"`) {
			end := textEnd(rest)
			if end < 0 {
				return bad()
			}
			t := rest[1 : end-1]
			if strings.IndexByte(t, '\\') >= 0 && json.Unmarshal([]byte(rest[:end]), &t) != nil {
				return bad()
			}
			v, rest = dimension.StringValue(t), rest[end:]
		} else {
			end := strings.IndexAny(rest, ",]")
			if end < 0 {
				return bad()
			}
			n, err := strconv.ParseInt(rest[:end], 10, 64)
			if err != nil {
				return bad()
			}
			v, rest = dimension.IntValue(n), rest[end:]
		}
		values = append(values, v)
	}
	if rest != "]" {
		return bad()
	}
	return dimension.NewDataID(g, values), nil
}

// textEnd is the position behind the JSON text that s starts with, -1 if it does not end.
func textEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}
