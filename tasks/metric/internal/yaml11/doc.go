// Package yaml11 reads and writes YAML 1.1 as the Python stack's YAML library does: the dialect in which MetricValue files exist.
//
// It owns the scanner, the parser, the resolution of untagged scalars (octal, sexagesimal, yes and no, underscores), merge keys, and the
// writer's choice of quotes, folding and escapes. Go's YAML libraries follow YAML 1.2 in part and say neither where upstream would
// refuse a text nor with which error class, which is why this is not one of them.
//
// It refuses what upstream's safe loader refuses, with the same class names, and beyond that: nesting deeper than MaxDepth, merge keys that
// multiply into more than a million entries, and collections that contain themselves.
//
// Weak spots: one document is held in memory whole; line and column of an error count from 1 and in characters.
package yaml11
