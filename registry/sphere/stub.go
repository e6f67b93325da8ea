package sphere

func (c *Circle) AppendBinary(dst []byte) []byte        { panic("seam") }
func (c *Box) AppendBinary(dst []byte) []byte           { panic("seam") }
func (c *ConvexPolygon) AppendBinary(dst []byte) []byte { panic("seam") }
func (*Circle) region()                                 {}
func (*Box) region()                                    {}
func (*ConvexPolygon) region()                          {}
