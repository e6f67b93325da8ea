package metadata

// The slow reader works in two steps, as upstream's does: parseJSON reads the whole text, or refuses it for its syntax;
// then convert.go refuses it for its shape. The order decides which error is found first.

type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonBool
	jsonNumber
	jsonTooLarge
	jsonString
	jsonArray
	jsonObject
)

// jsonValue is any value. Numbers are already what Python's float() makes of them; jsonTooLarge is a whole number for which it
// fails.
type jsonValue struct {
	kind   jsonKind
	number float64
	text   string
	// list is set for arrays and objects. It is apart because most values are none.
	list *jsonList
}

// jsonList holds the elements of an array or the values of an object with their names, in order and with repeated names.
type jsonList struct {
	items []jsonValue
	names []string
}

type jsonParser struct {
	b     []byte
	depth int
}

func parseJSON(text []byte) (jsonValue, error) {
	p := jsonParser{b: text}
	v, i, err := p.value(skipSpace(text, 0))
	if err != nil {
		return v, err
	}
	if i = skipSpace(text, i); i < len(text) {
		return v, syntaxError(text, i, "more text follows the end of the object")
	}
	return v, nil
}

func (p *jsonParser) value(i int) (v jsonValue, end int, err error) {
	if i >= len(p.b) {
		return v, i, syntaxError(p.b, i, "the text ends where a value must follow")
	}
	switch c := p.b[i]; {
	case c == '{' || c == '[':
		if p.depth++; p.depth > maxDepth {
			return v, i, syntaxError(p.b, i, "nested too deeply")
		}
		if c == '{' {
			v, end, err = p.object(i + 1)
		} else {
			v, end, err = p.array(i + 1)
		}
		p.depth--
		return v, end, err
	case c == '"':
		v.kind = jsonString
		v.text, end, err = p.str(i + 1)
		return v, end, err
	}
	if word, ok := wordToken(p.b, i); ok {
		return wordValue(word), i + len(word), nil
	}
	if c := p.b[i]; c != '-' && (c < '0' || c > '9') {
		return v, i, syntaxError(p.b, i, "this is no value")
	}
	end, digits, whole, ok := numberToken(p.b, i)
	if !ok {
		reason := "this is no number"
		if digits > maxIntDigits {
			reason = "a number has too many digits"
		}
		return v, end, syntaxError(p.b, end, reason)
	}
	v.kind = jsonNumber
	if v.number, ok = numberValue(p.b[i:end], digits, whole); !ok {
		v.kind = jsonTooLarge
	}
	return v, end, nil
}

func wordValue(word string) jsonValue {
	switch word {
	case "null":
		return jsonValue{kind: jsonNull, number: nan.Number}
	case "true":
		return jsonValue{kind: jsonBool, number: 1}
	case "false":
		return jsonValue{kind: jsonBool}
	}
	f, _ := ParseFloat(word)
	return jsonValue{kind: jsonNumber, number: f}
}

func (p *jsonParser) str(i int) (s string, end int, err error) {
	end, escaped, reason := stringToken(p.b, i)
	if reason != "" {
		return "", end, syntaxError(p.b, end, reason)
	}
	content := p.b[i:end]
	if escaped {
		content = appendString(nil, content)
	}
	return string(content), end + 1, nil
}

func (p *jsonParser) array(i int) (v jsonValue, end int, err error) {
	v = jsonValue{kind: jsonArray, list: new(jsonList)}
	if i = skipSpace(p.b, i); i < len(p.b) && p.b[i] == ']' {
		return v, i + 1, nil
	}
	for {
		var item jsonValue
		if item, i, err = p.value(i); err != nil {
			return v, i, err
		}
		v.list.items = append(v.list.items, item)
		more := false
		if i, more, err = p.next(i, ']'); err != nil || !more {
			return v, i, err
		}
	}
}

func (p *jsonParser) object(i int) (v jsonValue, end int, err error) {
	v = jsonValue{kind: jsonObject, list: new(jsonList)}
	if i = skipSpace(p.b, i); i < len(p.b) && p.b[i] == '}' {
		return v, i + 1, nil
	}
	for {
		if i >= len(p.b) || p.b[i] != '"' {
			return v, i, syntaxError(p.b, i, "a name in double quotes must follow")
		}
		var name string
		if name, i, err = p.str(i + 1); err != nil {
			return v, i, err
		}
		if i = skipSpace(p.b, i); i >= len(p.b) || p.b[i] != ':' {
			return v, i, syntaxError(p.b, i, "a colon must follow the name")
		}
		var item jsonValue
		if item, i, err = p.value(skipSpace(p.b, i+1)); err != nil {
			return v, i, err
		}
		v.list.names = append(v.list.names, name)
		v.list.items = append(v.list.items, item)
		more := false
		if i, more, err = p.next(i, '}'); err != nil || !more {
			return v, i, err
		}
	}
}

// next goes over the comma or the closing bracket that must follow an item, to what follows that.
func (p *jsonParser) next(i int, closing byte) (end int, more bool, err error) {
	i = skipSpace(p.b, i)
	if i < len(p.b) && p.b[i] == closing {
		return i + 1, false, nil
	}
	if i < len(p.b) && p.b[i] == ',' {
		return skipSpace(p.b, i+1), true, nil
	}
	return i, false, syntaxError(p.b, i, "a comma or the end of the list must follow")
}
