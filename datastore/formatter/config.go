package formatter

import (
	"fmt"
	"unicode/utf8"
)

// Config is the Python source of a saved config (repository.md 10.6). It is opaque here: the task layer writes and compares it.
type Config string

// EncodingError says that a file that must be text is not UTF-8.
type EncodingError struct {
	// Content is what the file is, Offset the first bad byte.
	Content string
	Offset  int
}

func (e *EncodingError) Error() string {
	return fmt.Sprintf("%s file is not UTF-8 at byte %d", e.Content, e.Offset)
}

// ClassName is upstream's name of the error.
func (e *EncodingError) ClassName() string { return "UnicodeDecodeError" }

// ParseConfig checks that a saved config is text. The error is an *EncodingError.
func ParseConfig(text []byte) (Config, error) {
	if err := checkText("config", text); err != nil {
		return "", err
	}
	return Config(text), nil
}

func checkText(content string, text []byte) error {
	if utf8.Valid(text) {
		return nil
	}
	i := 0
	for i < len(text) {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		i += size
	}
	return &EncodingError{content, i}
}
