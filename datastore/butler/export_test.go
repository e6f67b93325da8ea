package butler

// SetRemoval lets tests remove few datasets in several pieces.
func (b *Butler) SetRemoval(whole, first int) { b.removal = removal{whole, first} }
