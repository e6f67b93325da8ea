package web

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"valet/quantum/values"
)

const (
	// setLifetime is how old measurements may be that a page shows. What took long to ask for is kept for setPatience times as long, up
	// to setOldest; the page tells when it was asked for.
	setLifetime = 15 * time.Second
	setPatience = 20
	setOldest   = 5 * time.Minute
	// setsKept is how many answers are kept: the views of one or two users.
	setsKept = 6
)

// setCache keeps answers for some seconds, so that the several figures of a page, and a look back at it, read the index once. At most
// one question is asked at a time: each may take all the memory and time that the machine has to give.
type setCache struct {
	index *values.Index
	now   func() time.Time
	// asking is held by who asks the index.
	asking chan struct{}

	mu   sync.Mutex
	kept []keptSet // the one asked for last at the end
}

type keptSet struct {
	key  string
	set  *values.Set
	made time.Time
	last time.Duration
}

func newSetCache(x *values.Index, now func() time.Time) *setCache {
	return &setCache{index: x, now: now, asking: make(chan struct{}, 1)}
}

// get answers a question that key tells from all others.
func (c *setCache) get(ctx context.Context, key []string, q values.Query) (*values.Set, error) {
	text := strings.Join(key, "\x00")
	if set := c.find(text); set != nil {
		return set, nil
	}
	select {
	case c.asking <- struct{}{}:
		defer func() { <-c.asking }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	// Somebody may have asked the same meanwhile.
	if set := c.find(text); set != nil {
		return set, nil
	}
	begun := c.now()
	set, err := c.index.Measurements(ctx, q)
	if err != nil {
		return nil, err
	}
	now := c.now()
	last := min(max(setLifetime, setPatience*now.Sub(begun)), setOldest)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = append(c.kept, keptSet{text, set, now, last})
	if n := len(c.kept) - setsKept; n > 0 {
		c.kept = slices.Delete(c.kept, 0, n)
	}
	return set, nil
}

// age is how long ago an answer that is kept was asked for.
func (c *setCache) age(set *values.Set) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.kept {
		if k.set == set {
			return c.now().Sub(k.made)
		}
	}
	return 0
}

// find is a kept answer, nil if there is none that is young enough.
func (c *setCache) find(key string) *values.Set {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	c.kept = slices.DeleteFunc(c.kept, func(k keptSet) bool { return now.Sub(k.made) > k.last })
	for _, k := range c.kept {
		if k.key == key {
			return k.set
		}
	}
	return nil
}
