package yaml11

// resolve gives the tag of a plain scalar.
func resolve(s string) string {
	if s == "" {
		return TagNull
	}
	switch c := s[0]; {
	case c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.':
		switch {
		case isInt(s):
			return TagInt
		case isFloat(s):
			return TagFloat
		case isTimestamp(s):
			return TagTimestamp
		}
		return TagString
	}
	switch s {
	case "~", "null", "Null", "NULL":
		return TagNull
	case "yes", "Yes", "YES", "no", "No", "NO", "true", "True", "TRUE", "false", "False", "FALSE", "on", "On", "ON", "off", "Off", "OFF":
		return TagBool
	case "<<":
		return TagMerge
	case "=":
		return TagValue
	}
	return TagString
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// span counts the leading bytes of s that are digits of the base or underscores.
func span(s string, base int) int {
	n := 0
	for n < len(s) && (s[n] == '_' || hexDigit(s[n]) >= 0 && hexDigit(s[n]) < base) {
		n++
	}
	return n
}

func unsigned(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		return s[1:]
	}
	return s
}

func isInt(s string) bool {
	s = unsigned(s)
	if s == "" || !digit(s[0]) {
		return false
	}
	if s[0] == '0' {
		switch {
		case len(s) == 1:
			return true
		case s[1] == 'b':
			return len(s) > 2 && span(s[2:], 2) == len(s)-2
		case s[1] == 'x':
			return len(s) > 2 && span(s[2:], 16) == len(s)-2
		}
		return span(s[1:], 8) == len(s)-1
	}
	n := span(s, 10)
	return n == len(s) || minutes(s[n:]) == len(s)-n
}

// minutes counts the leading bytes of s that are groups ":59" of a sexagesimal number.
func minutes(s string) int {
	n := 0
	for n+1 < len(s) && s[n] == ':' && digit(s[n+1]) {
		if n+2 < len(s) && s[n+1] <= '5' && digit(s[n+2]) {
			n += 3
		} else {
			n += 2
		}
	}
	return n
}

func isFloat(s string) bool {
	switch s {
	case ".nan", ".NaN", ".NAN":
		return true
	}
	if s[0] == '.' && len(s) > 1 && digit(s[1]) { // no sign here
		n := 1 + span(s[1:], 10)
		return exponent(s[n:])
	}
	s = unsigned(s)
	switch s {
	case ".inf", ".Inf", ".INF":
		return true
	}
	if s == "" || !digit(s[0]) {
		return false
	}
	n := span(s, 10)
	if n < len(s) && s[n] == '.' {
		n++
		n += span(s[n:], 10)
		return exponent(s[n:])
	}
	m := minutes(s[n:])
	if n += m; m == 0 || n == len(s) || s[n] != '.' {
		return false
	}
	return span(s[n+1:], 10) == len(s)-n-1
}

// exponent tells whether s is empty or an exponent with its sign.
func exponent(s string) bool {
	if s == "" {
		return true
	}
	if len(s) < 3 || s[0] != 'e' && s[0] != 'E' || s[1] != '+' && s[1] != '-' {
		return false
	}
	for i := 2; i < len(s); i++ {
		if !digit(s[i]) {
			return false
		}
	}
	return true
}
