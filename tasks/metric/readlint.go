package metric

import (
	"fmt"

	"valet/tasks/metric/internal/yaml11"
)

// lint warns of values that are not written as they look.
func (r Reader) lint(n *yaml11.Node, v Value) {
	if r.Warn == nil {
		return
	}
	switch v := v.(type) {
	case string:
		r.Warn(n.Line, fmt.Sprintf("the value %q is text, read as a number with its unit", v))
	case bool:
		r.Warn(n.Line, fmt.Sprintf("the value %q is a truth value, stored as 1 or 0", n.Value))
	case int64, float64:
		s := n.Value
		if s != "" && (s[0] == '-' || s[0] == '+') {
			s = s[1:]
		}
		if len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' && n.Tag == yaml11.TagInt {
			r.Warn(n.Line, fmt.Sprintf("the value %s is an octal number: %v", n.Value, v))
		}
		for i := range len(s) {
			if s[i] == ':' {
				r.Warn(n.Line, fmt.Sprintf("the value %s is a sexagesimal number: %v", n.Value, v))
				break
			}
		}
	}
}
