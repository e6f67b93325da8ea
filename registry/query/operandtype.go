package query

import "valet/registry/dimension"

// ofColumn is the query type of a stored type.
func ofColumn(t dimension.ColumnType) Type {
	switch t {
	case dimension.Int:
		return Int
	case dimension.String:
		return String
	case dimension.Float:
		return Float
	case dimension.Bool:
		return Bool
	case dimension.Hash:
		return Hash
	case dimension.RegionColumn:
		return Region
	case dimension.TimespanColumn:
		return Timespan
	}
	return Null
}

// Type is that of the dimension's primary key.
func (x *DimensionKey) Type() Type { return ofColumn(x.Dimension.KeyType()) }

// Type is that of the column.
func (x *Field) Type() Type { return ofColumn(x.Column.Type) }

// Type is that of the field, Null if the name is that of no field.
func (x *DatasetField) Type() Type { return datasetFields[x.Name] }

// Type is DateTime.
func (x *TimespanBound) Type() Type { return DateTime }

// Type is that of the column.
func (x *ExtraColumn) Type() Type { return x.Of }

// Type is that of the value.
func (x *Literal) Type() Type { return x.Of }

// Type is that of the operand.
func (x *Negative) Type() Type { return x.X.Type() }

// Type is that of both operands.
func (x *Arithmetic) Type() Type { return x.X.Type() }
