package quantum

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestInts compares the compact list with a plain one, over values that lie near each other, far away, and at the ends of the range.
func TestInts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var c ints
		var want []int64
		value := rapid.OneOf(rapid.Just(int64(7)), rapid.Int64Range(-9, 9), rapid.Int64Range(math.MaxInt32-3, math.MaxInt32+3),
			rapid.Int64Range(math.MinInt32-3, math.MinInt32+3), rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64, 0}), rapid.Int64())
		for range rapid.IntRange(1, 6).Draw(r, "stretches") {
			v := value.Draw(r, "value")
			for range rapid.IntRange(1, blockRows).Draw(r, "times") {
				c.add(v)
				want = append(want, v)
			}
			for range rapid.IntRange(0, 20).Draw(r, "different") {
				v := value.Draw(r, "value")
				c.add(v)
				want = append(want, v)
			}
		}
		perm := make([]int32, len(want))
		for i := range perm {
			perm[i] = int32(len(perm) - 1 - i)
		}
		back := c.permuted(perm)
		if c.len() != len(want) || back.len() != len(want) {
			r.Fatal(c.len(), back.len(), len(want))
		}
		for i, v := range want {
			if c.at(i) != v || back.at(len(want)-1-i) != v {
				r.Fatalf("value %d is %d, not %d", i, c.at(i), v)
			}
		}
	})
}

// TestNames gives names back whatever they share.
func TestNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var c names
		var want []string
		name := rapid.OneOf(rapid.StringOfN(rapid.RuneFrom([]rune("ab_é")), 0, 12, -1), rapid.StringMatching(`diaPipe_metadata_[0-9]{0,3}_a{250,300}\.json`))
		for range rapid.IntRange(1, 3*nameStep).Draw(r, "count") {
			n := name.Draw(r, "name")
			c.add(n)
			want = append(want, n)
		}
		for i := len(want); i < blockRows+2*nameStep; i++ {
			n := want[i%3%len(want)]
			c.add(n)
			want = append(want, n)
		}
		for i, n := range want {
			if got := string(c.append([]byte("x"), i)); got != "x"+n {
				r.Fatalf("name %d is %q, not %q", i, got, "x"+n)
			}
		}
	})
}
