package quantum

// names is a list of texts of which neighbours differ little, such as the names of the files of one dataset type. One of each step is kept
// whole; of the others only what lies between the beginning and the end that they share with it.
type names struct {
	n      int
	blocks []nameBlock
}

type nameBlock struct {
	bytes []byte
	ends  []uint32
}

const (
	// nameStep is the number of texts for each whole one.
	nameStep = 64
	// longestShared is what a byte can tell.
	longestShared = 255
)

func (c *names) add(name string) {
	k := c.n % blockRows
	c.n++
	if k == 0 {
		c.blocks = append(c.blocks, nameBlock{})
	}
	b := &c.blocks[len(c.blocks)-1]
	if k%nameStep == 0 {
		b.bytes = append(b.bytes, name...)
	} else {
		whole := b.entry(k &^ (nameStep - 1))
		begin, end := 0, 0
		for most := min(len(whole), len(name), longestShared); begin < most && whole[begin] == name[begin]; {
			begin++
		}
		for most := min(min(len(whole), len(name))-begin, longestShared); end < most && whole[len(whole)-1-end] == name[len(name)-1-end]; {
			end++
		}
		b.bytes = append(append(b.bytes, byte(begin), byte(end)), name[begin:len(name)-end]...)
	}
	b.ends = append(grow(b.ends), uint32(len(b.bytes)))
	if k == blockRows-1 {
		b.bytes = append(make([]byte, 0, len(b.bytes)), b.bytes...)
	}
}

func (b *nameBlock) entry(k int) []byte {
	begin := uint32(0)
	if k > 0 {
		begin = b.ends[k-1]
	}
	return b.bytes[begin:b.ends[k]]
}

// append appends text i.
func (c *names) append(dst []byte, i int) []byte {
	b, k := &c.blocks[i/blockRows], i%blockRows
	own := b.entry(k)
	if k%nameStep == 0 {
		return append(dst, own...)
	}
	whole := b.entry(k &^ (nameStep - 1))
	dst = append(dst, whole[:own[0]]...)
	dst = append(dst, own[2:]...)
	return append(dst, whole[len(whole)-int(own[1]):]...)
}
