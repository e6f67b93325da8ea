package plot

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// sorted are the finite values in order; nans, above and below count the others.
func sorted(sets ...[]float64) (values []float64, nans, above, below int) {
	n := 0
	for _, s := range sets {
		n += len(s)
	}
	values = make([]float64, 0, n)
	for _, s := range sets {
		for _, v := range s {
			switch {
			case v != v:
				nans++
			case v > math.MaxFloat64:
				above++
			case v < -math.MaxFloat64:
				below++
			default:
				values = append(values, v)
			}
		}
	}
	slices.Sort(values)
	return values, nans, above, below
}

// oddNotes tell of values that are no numbers.
func oddNotes(missing, nans, above, below int) (parts []string) {
	for _, p := range []struct {
		n    int
		text string
	}{{missing, "without a value"}, {nans, "not a number"}, {above, "infinite"}, {below, "minus infinity"}} {
		if p.n > 0 {
			parts = append(parts, strconv.Itoa(p.n)+" "+p.text)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return []string{"Left out: " + strings.Join(parts, ", ") + "."}
}

// quantile of at least one sorted value, between neighbours by their distance.
func quantile(s []float64, q float64) float64 {
	at := q * float64(len(s)-1)
	i := min(int(at), len(s)-1)
	if j := i + 1; j < len(s) && s[i] != s[j] {
		part := at - float64(i)
		// Rounding must carry it neither beyond the neighbours nor beyond the largest number.
		return math.Min(math.Max(s[i]*(1-part)+s[j]*part, s[i]), s[j])
	}
	return s[i]
}

// span is the range of the bulk of at least one sorted value: that of all unless some lie far out, that is beyond both three times
// the distance of the quartiles and what would let the bulk fill a third of the range.
func span(s []float64) (low, high float64) {
	low, high = s[0], s[len(s)-1]
	q1, q3 := quantile(s, 0.25), quantile(s, 0.75)
	if q1 == q3 {
		q1, q3 = quantile(s, 0.01), quantile(s, 0.99)
	}
	if q1 == q3 {
		return low, high
	}
	reach := 3 * (q3 - q1)
	a, b := s[first(s, q1-reach)], s[last(s, q3+reach)]
	if (high/3 - low/3) <= b-a {
		return low, high
	}
	return a, b
}

// first is the index of the first value that is at least v; last of the last that is at most v. s is sorted and has values on both sides.
func first(s []float64, v float64) int {
	i, _ := slices.BinarySearch(s, v)
	return min(i, len(s)-1)
}

func last(s []float64, v float64) int {
	i, found := slices.BinarySearch(s, v)
	for found && i < len(s) && s[i] == v {
		i++
	}
	return max(i-1, 0)
}

// widened is a range that is not empty: around one value if both are the same.
func widened(low, high float64) (float64, float64) {
	if low == high {
		d := math.Abs(low) / 20
		if d == 0 || low-d == low {
			d = math.Max(math.Abs(low)*1e-6, 0.5)
		}
		return low - d, high + d
	}
	return low, high
}

// exponentOf is the power of ten that numbers up to these are shown in: 0 for what can be read as it is, else a multiple of three.
func exponentOf(low, high float64) int {
	most := math.Max(math.Abs(low), math.Abs(high))
	if most == 0 {
		return 0
	}
	e := int(math.Floor(math.Log10(most)))
	if e < 6 && e > -4 {
		return 0
	}
	return int(math.Floor(float64(e)/3)) * 3
}

// scaled are values divided by a power of ten. What is odd stays odd. The power is that of the bulk: what lies so far out that no number
// can tell it becomes the largest one, and texts have to name it as it was.
func scaled(values []float64, exponent int) []float64 {
	if exponent == 0 {
		return values
	}
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = divided(v, exponent)
	}
	return out
}

// divided is one value divided by a power of ten.
func divided(v float64, exponent int) float64 {
	if !finite(v) {
		return v
	}
	// The inverse of the smallest numbers is none.
	step := max(exponent, -300)
	return bounded(v * math.Pow10(-step) * math.Pow10(step-exponent))
}

// raised is a scaled value as it was; what rounding would carry beyond the largest number is that.
func raised(v float64, exponent int) float64 {
	step := max(exponent, -300)
	return bounded(v * math.Pow10(step) * math.Pow10(exponent-step))
}

func bounded(v float64) float64 { return math.Min(math.Max(v, -math.MaxFloat64), math.MaxFloat64) }

// bulk is the span of sorted values with the power of ten that it is shown in, and is divided by it. It is found before the values are
// divided: afterwards, rounding could make another decision of what lies far out.
func bulk(s []float64) (low, high float64, exponent int) {
	low, high = span(s)
	exponent = exponentOf(low, high)
	return divided(low, exponent), divided(high, exponent), exponent
}

// roundStep is the smallest of 1, 2, 2.5 or 5 times a power of ten of which n cover the range.
func roundStep(low, high float64, n int) float64 {
	raw := (high - low) / float64(max(n, 1))
	if !(raw > 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*power >= raw*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// binEdges are the round bounds of the bins of a histogram of sorted values within low to high: as many as Freedman and Diaconis
// take, but 8 to 60. Whole numbers in a small range get a bin each, around the number.
func binEdges(s []float64, low, high float64) []float64 {
	inside := s[first(s, low) : last(s, high)+1]
	if low == high {
		low, high = widened(low, high)
		return []float64{low, high}
	}
	if high-low <= 60 && whole(inside) {
		edges := []float64{}
		for v := math.Floor(low); v <= math.Floor(high)+1; v++ {
			edges = append(edges, v-0.5)
		}
		return edges
	}
	n := math.Ceil(math.Sqrt(float64(len(inside))))
	if iqr := quantile(inside, 0.75) - quantile(inside, 0.25); iqr > 0 {
		n = (high - low) / (2 * iqr / math.Cbrt(float64(len(inside))))
	}
	step := roundStep(low, high, int(math.Min(math.Max(n, 8), 60)))
	begin := math.Floor(low / step)
	edges := []float64{begin * step}
	for i := 1.0; edges[len(edges)-1] <= high && len(edges) < 200; i++ {
		edges = append(edges, (begin+i)*step)
	}
	// Where neighbours are hardly told apart, products are rounded past them.
	edges[0], edges[len(edges)-1] = math.Min(edges[0], low), math.Max(edges[len(edges)-1], high)
	return edges
}

// whole reports whether all values are whole numbers.
func whole(s []float64) bool {
	for _, v := range s {
		if v != math.Trunc(v) {
			return false
		}
	}
	return true
}

// counts of values in bins; what lies outside is not counted. A value on a bound belongs to the bin above it.
func binCounts(values, edges []float64) []int {
	out := make([]int, len(edges)-1)
	for _, v := range values {
		if !(v >= edges[0] && v <= edges[len(edges)-1]) {
			continue
		}
		i, exact := slices.BinarySearch(edges, v)
		if !exact {
			i--
		}
		out[min(i, len(out)-1)]++
	}
	return out
}

// short is a number in at most five digits.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e6 || a < 1e-4 && a > 0:
		return strconv.FormatFloat(v, 'g', 4, 64)
	case a >= 10000 || v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	digits := max(0, 4-int(math.Floor(math.Log10(math.Abs(v)))))
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(v, 'f', digits, 64), "0"), ".")
}
