// Package python owns the strict subset of Python in which configs are written, and nothing more of the language: value
// expressions of config pairs (pipelines.md 1.5), the statements of config files and python blocks (2.4), and contracts (1.10).
//
// It is pure: it reads no files and no environment, what it needs of the world arrives as functions. It never runs anything:
// calls, loops, definitions and arithmetic are refused with file, line, statement and a hint. Depth and size of what it builds are
// bounded, so that hostile text costs no more than its own length.
package python
