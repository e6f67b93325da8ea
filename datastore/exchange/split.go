package exchange

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// part is a piece of a text that is complete YAML by itself.
type part struct {
	kind partKind
	text []byte
	// line is the number of the first line of the text.
	line int
	// list is the key of the list whose entries follow an item, empty if none do.
	list string
}

type partKind uint8

const (
	// headerPart is a mapping of everything before the list of items.
	headerPart partKind = iota
	// itemPart is an item without its list.
	itemPart
	// entriesPart is a piece of the list of the item before it.
	entriesPart
)

// errNoBlocks says that a text is not in the block style that can be cut into parts.
var errNoBlocks = errors.New("is not in block style")

// Entries are parsed together up to these numbers.
const (
	entriesAtOnce = 256
	bytesAtOnce   = 256 << 10
)

// lists are the keys of items whose lists may be long.
var lists = []string{"records", "dataset_ids", "validity_ranges"}

// cut calls f with the parts of a text in block style. Whatever does not look like it gives errNoBlocks: the rest is not looked at. The text of a
// part is reused.
//
// Only indentation counts: an item begins with a dash in the column of the first one, an entry of its list with a dash in the column of the
// first one of that list, and every other line stands further right. Texts that run on over several lines stand further right than the key that
// they belong to, so that what they say cannot be taken for either.
func cut(in io.Reader, f func(part) error) error {
	c := &cutter{lines: bufio.NewReaderSize(in, 64<<10), yield: f}
	return c.run()
}

type cutter struct {
	lines *bufio.Reader
	yield func(part) error

	number int
	buf    []byte
	// line is the current one with its end; indent the number of spaces before its text; blank says that it has none but a comment.
	line   []byte
	indent int
	blank  bool
	// pending is the part that grows.
	pending part
	entries int
}

// next reads a line; io.EOF ends.
func (c *cutter) next() error {
	c.buf = c.buf[:0]
	for {
		piece, err := c.lines.ReadSlice('\n')
		c.buf = append(c.buf, piece...)
		if len(c.buf) > MaxTree {
			return errNoBlocks
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && (err != io.EOF || len(c.buf) == 0) {
			return err
		}
		break
	}
	c.number++
	c.line, c.indent, c.blank = c.buf, 0, false
	for c.indent < len(c.line) && c.line[c.indent] == ' ' {
		c.indent++
	}
	rest := bytes.TrimRight(c.line[c.indent:], " \t\r\n")
	c.blank = len(rest) == 0 || rest[0] == '#'
	if hasAlias(rest) {
		return errNoBlocks
	}
	return nil
}

// hasAlias reports whether a line may stand for what an earlier one has, which may be in another part.
func hasAlias(rest []byte) bool {
	for i, c := range rest {
		if c != '*' || i+1 == len(rest) || rest[i+1] == ' ' {
			continue
		}
		switch {
		case i == 0, bytes.IndexByte([]byte("[,{"), rest[i-1]) >= 0:
			return true
		case i > 1 && rest[i-1] == ' ' && bytes.IndexByte([]byte(":-,[{"), rest[i-2]) >= 0:
			return true
		}
	}
	return false
}

func (c *cutter) dash() bool {
	rest := c.line[c.indent:]
	return len(rest) > 0 && rest[0] == '-' && (len(rest) == 1 || rest[1] == ' ' || rest[1] == '\n' || rest[1] == '\r')
}

// add appends the current line to the part that grows.
func (c *cutter) add() error {
	if len(c.pending.text)+len(c.line) > MaxTree {
		return fmt.Errorf("line %d: the entry that begins at line %d has more than %d bytes", c.number, c.pending.line, MaxTree)
	}
	c.pending.text = append(c.pending.text, c.line...)
	return nil
}

func (c *cutter) begin(kind partKind) {
	c.pending = part{kind: kind, text: c.pending.text[:0], line: c.number}
	c.entries = 0
}

func (c *cutter) run() error {
	c.begin(headerPart)
	c.pending.line = 1
	for {
		if err := c.next(); err == io.EOF {
			return errNoBlocks
		} else if err != nil {
			return err
		}
		if c.indent == 0 && !c.blank && isKey(c.line, "data") {
			break
		}
		if err := c.add(); err != nil {
			return err
		}
	}
	if err := c.yield(c.pending); err != nil {
		return err
	}
	err := c.next()
	for err == nil && c.blank {
		err = c.next()
	}
	if err == io.EOF || err == nil && !c.dash() {
		return errNoBlocks
	}
	column := c.indent
	for err == nil {
		err = c.item(column)
	}
	if err != io.EOF {
		return err
	}
	return nil
}

// item cuts the item that begins in the current line, which is the first of the next one afterwards; io.EOF says that there is none.
func (c *cutter) item(column int) error {
	c.begin(itemPart)
	// The dash makes place for the mapping behind it.
	c.line[column] = ' '
	keys := column + 1
	for keys < len(c.line) && c.line[keys] == ' ' {
		keys++
	}
	first := c.line[keys:]
	block := len(bytes.TrimSpace(first)) > 0 && bytes.IndexByte([]byte("{[&!#-?|>*\"'"), first[0]) < 0
	c.indent = keys
	for {
		if block && c.indent == keys {
			if name := listKey(c.line[keys:]); name != "" {
				c.pending.list = name
				return c.list(column, keys)
			}
		}
		if err := c.add(); err != nil {
			return err
		}
		err := c.next()
		if err == nil && !c.blank && c.indent <= column {
			if c.indent != column || !c.dash() {
				return errNoBlocks
			}
			return c.flush(nil)
		}
		if err != nil {
			return c.flush(err)
		}
	}
}

// flush hands over the part that grows and then gives err, if there is none on the way.
func (c *cutter) flush(err error) error {
	if err != nil && err != io.EOF {
		return err
	}
	if e := c.yield(c.pending); e != nil {
		return e
	}
	return err
}

// list cuts the list whose key is the current line.
func (c *cutter) list(column, keys int) error {
	// An item whose list is all it has left is an empty mapping by itself.
	if len(bytes.TrimSpace(c.pending.text)) == 0 {
		c.pending.text = append(c.pending.text, "{}"...)
	}
	if err := c.flush(nil); err != nil {
		return err
	}
	c.begin(entriesPart)
	dashes := -1
	for {
		err := c.next()
		if err == io.EOF {
			if dashes < 0 {
				return io.EOF
			}
			return c.flush(err)
		}
		if err != nil {
			return err
		}
		switch {
		case c.blank:
		case c.indent <= column:
			if c.indent != column || !c.dash() {
				return errNoBlocks
			}
			if dashes < 0 {
				return nil
			}
			return c.flush(nil)
		case dashes < 0:
			if c.indent < keys || !c.dash() {
				return errNoBlocks
			}
			dashes = c.indent
			c.begin(entriesPart)
			c.entries = 1
		case c.indent == dashes && c.dash():
			if c.entries == entriesAtOnce || len(c.pending.text) >= bytesAtOnce {
				if err := c.flush(nil); err != nil {
					return err
				}
				c.begin(entriesPart)
			}
			c.entries++
		case c.indent <= dashes:
			// A key behind the list.
			return errNoBlocks
		}
		if dashes >= 0 {
			if err := c.add(); err != nil {
				return err
			}
		}
	}
}

// isKey reports whether a line is a key with nothing behind it.
func isKey(line []byte, key string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(key+":"))
	if !ok {
		return false
	}
	rest = bytes.TrimRight(rest, "\r\n")
	text := bytes.TrimLeft(rest, " ")
	return len(text) == 0 || text[0] == '#' && len(text) < len(rest)
}

func listKey(line []byte) string {
	for _, name := range lists {
		if isKey(line, name) {
			return name
		}
	}
	return ""
}
