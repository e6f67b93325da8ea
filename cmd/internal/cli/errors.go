package cli

import (
	"errors"
	"fmt"
	"strings"
)

// printError prints an error for people: "error: message", with the upstream error class in front of the message if it stands for
// one, then what to do in "hint:" lines. A message of several lines keeps them.
func (a *App) printError(err error) {
	var told *reportedError
	if errors.As(err, &told) {
		return
	}
	fmt.Fprintf(a.Stderr, "error: %s\n", errorText(err))
	var placed interface{ Caret() string }
	if errors.As(err, &placed) && placed.Caret() != "" {
		fmt.Fprintln(a.Stderr, strings.TrimRight(placed.Caret(), "\n"))
	}
	for _, line := range strings.Split(hintOf(err), "\n") {
		if line != "" {
			fmt.Fprintf(a.Stderr, "hint: %s\n", line)
		}
	}
	var internal *InternalError
	if errors.As(err, &internal) && internal.Stack != "" {
		fmt.Fprintln(a.Stderr, internal.Stack)
	}
}

// errorText is the message with the last component of the class name in front.
func errorText(err error) string {
	text := err.Error()
	class := className(err)
	if class == "" || strings.HasPrefix(text, class+":") {
		return text
	}
	return class + ": " + text
}

// className is the last component of the class of the outermost error that has one, or empty.
func className(err error) string {
	var c interface{ ClassName() string }
	if !errors.As(err, &c) {
		return ""
	}
	name := c.ClassName()
	return name[strings.LastIndexByte(name, '.')+1:]
}

// hintOf is what the outermost error that knows a remedy says, or empty.
func hintOf(err error) string {
	for err != nil {
		var h interface{ Hint() string }
		if !errors.As(err, &h) {
			break
		}
		if hint := h.Hint(); hint != "" {
			return hint
		}
		// An empty hint says nothing: ask the errors below it.
		inner, ok := h.(error)
		if !ok {
			break
		}
		err = errors.Unwrap(inner)
	}
	if isTemporary(err) {
		return "free some room or raise the limit, then run the same command again"
	}
	return ""
}

// fullClassName is the class that pipetask would report for the error.
func fullClassName(err error) string {
	var c interface{ ClassName() string }
	if errors.As(err, &c) {
		return c.ClassName()
	}
	return "RuntimeError"
}
