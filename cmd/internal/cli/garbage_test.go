package cli

import "testing"

// TestGarbagePercent lets a small heap fill the room many times over, and does not double a large one.
func TestGarbagePercent(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 1000, 1 << 20: 1000, 32 << 20: 400, 128 << 20: 100, 512 << 20: 25, 8 << 30: 10} {
		if got := garbagePercent(live); got != want {
			t.Errorf("%d bytes: %d %%, want %d", live, got, want)
		}
	}
}
