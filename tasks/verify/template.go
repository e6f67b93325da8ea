package verify

import (
	"fmt"
	"slices"
	"strings"

	"valet/tasks"
	"valet/tasks/python"
)

// TemplateError says that the name of a dataset type cannot be made of its template.
type TemplateError struct {
	// Field is the config field that holds the template.
	Field, Template string
	Problem         string
	// Keys are what may stand between braces.
	Keys []string
	// Class is the upstream error class.
	Class string
}

func (e *TemplateError) Error() string {
	return fmt.Sprintf("config field %s: %s in %q", e.Field, e.Problem, e.Template)
}

// ClassName is the upstream error class.
func (e *TemplateError) ClassName() string { return e.Class }

// Hint lists what may be used.
func (e *TemplateError) Hint() string {
	return "use {" + strings.Join(e.Keys, "}, {") + "}, and {{ or }} for a brace itself"
}

// expand fills the template of a connection's dataset type as Python's str.format does: names of fields in braces, with !s, !r or !a,
// and doubled braces for one. Format specifications, indices and attributes are refused.
func expand(c *tasks.Config, connection string, keys ...string) (string, error) {
	field := "connections." + connection
	in := text(c, field)
	fail := func(class, format string, args ...any) error {
		return &TemplateError{Field: field, Template: in, Problem: fmt.Sprintf(format, args...), Keys: keys, Class: class}
	}
	var out strings.Builder
	for i := 0; i < len(in); i++ {
		switch {
		case (in[i] == '{' || in[i] == '}') && i+1 < len(in) && in[i+1] == in[i]:
			out.WriteByte(in[i])
			i++
		case in[i] == '}':
			return "", fail("ValueError", "a closing brace without an opening one")
		case in[i] == '{':
			size := strings.IndexByte(in[i:], '}')
			if size < 0 {
				return "", fail("ValueError", "an opening brace without a closing one")
			}
			key, conversion, _ := strings.Cut(in[i+1:i+size], "!")
			i += size
			switch {
			case strings.Trim(key, "0123456789") == "":
				return "", fail("IndexError", "nothing has the position {%s}", key)
			case !slices.Contains(keys, key):
				return "", fail("KeyError", "nothing stands for {%s}", key)
			}
			switch value := text(c, "connections."+key); conversion {
			case "", "s":
				out.WriteString(value)
			case "r", "a":
				out.WriteString(python.Repr(value))
			default:
				return "", fail("ValueError", "unknown conversion !%s", conversion)
			}
		default:
			out.WriteByte(in[i])
		}
	}
	return out.String(), nil
}
