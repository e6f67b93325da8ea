package values

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"valet/tasks/metric"
)

// appendNotes appends notes as a JSON object. What JSON has no form for is text: NaN and infinities by name, times as written, binary data in
// base 64, keys that are no text as their text.
func appendNotes(dst []byte, notes []metric.Note) []byte {
	dst = append(dst, '{')
	for i := range notes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, notes[i].Key), ':')
		dst = appendPlain(dst, notes[i].Value, 0)
	}
	return append(dst, '}')
}

// maxNotes bounds what a note with shared parts grows to when they are written out.
const maxNotes = 1 << 16

func appendPlain(dst []byte, v metric.Value, depth int) []byte {
	if len(dst) > maxNotes || depth > 100 {
		return append(dst, `"..."`...)
	}
	list := func(items []metric.Value) []byte {
		dst = append(dst, '[')
		for i, x := range items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendPlain(dst, x, depth+1)
		}
		return append(dst, ']')
	}
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case string:
		return appendText(dst, v)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case *big.Int:
		return v.Append(dst, 10)
	case float64:
		switch {
		case math.IsNaN(v):
			return append(dst, `"NaN"`...)
		case math.IsInf(v, 1):
			return append(dst, `"Infinity"`...)
		case math.IsInf(v, -1):
			return append(dst, `"-Infinity"`...)
		}
		return metric.AppendFloatRepr(dst, v)
	case metric.Bytes:
		return appendText(dst, base64.StdEncoding.EncodeToString([]byte(v)))
	case *metric.Timestamp:
		return appendText(dst, v.Text)
	case *metric.Sequence:
		return list(v.Items)
	case *metric.Tuple:
		return list(v.Items)
	case *metric.Set:
		return list(v.Items)
	case *metric.Mapping:
		dst = append(dst, '{')
		for i, k := range v.Keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			if s, ok := k.(string); ok {
				dst = appendText(dst, s)
			} else {
				dst = appendText(dst, string(appendPlain(nil, k, depth+1)))
			}
			dst = appendPlain(append(dst, ':'), v.Values[i], depth+1)
		}
		return append(dst, '}')
	}
	return appendText(dst, fmt.Sprint(v))
}

// appendText appends a JSON string: plain characters as they are, everything else as package json writes it.
func appendText(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			b, err := json.Marshal(s)
			if err != nil {
				return append(dst, `""`...)
			}
			return append(dst, b...)
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}
