package benchkit

import "slices"

// Quartiles is what becomes of a figure over the rounds: half of them lie
// between Low and High.
type Quartiles struct {
	Low, Median, High float64
}

// quartiles interpolates between neighbours; of nothing it is zero. It sorts
// its argument.
func quartiles(values []float64) Quartiles {
	if len(values) == 0 {
		return Quartiles{}
	}
	slices.Sort(values)
	at := func(q float64) float64 {
		position := q * float64(len(values)-1)
		below := int(position)
		above := min(below+1, len(values)-1)
		return values[below] + (position-float64(below))*(values[above]-values[below])
	}
	return Quartiles{Low: at(0.25), Median: at(0.5), High: at(0.75)}
}
