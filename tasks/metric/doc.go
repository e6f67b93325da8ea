// Package metric owns metrics and what is measured of them: names, units and quantities, the printed forms of numbers, measurements and the
// MetricValue files that hold them.
//
//   - Name: package.metric, the name of a metric.
//   - Unit, Quantity: sizes and conversions bit for bit as the unit library of the Python stack has them, and its canonical texts.
//   - Measurement: a quantity with its metric, notes and blobs. Blob: named datums. Datum: a value with label and description. The blob that
//     is called like the metric holds the extras.
//   - ParseMeasurement and Measurement.AppendYAML: a file as upstream reads and writes it, byte for byte.
//
// It refuses what upstream's reader refuses; each such error has a ClassName method that gives upstream's exception class. The documents of
// metrics and specifications (metrics.md 4) are read by LoadDefinitions and LoadSpecifications.
//
// It does no input or output and knows no database. Weak spots: units print with six digits of scale, as upstream's do, so an odd scale does
// not survive its text; structured units and complex scales are refused.
package metric
