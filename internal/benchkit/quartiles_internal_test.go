package benchkit

import "testing"

func TestQuartilesInterpolate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		values []float64
		want   Quartiles
	}{
		{nil, Quartiles{}},
		{[]float64{7}, Quartiles{7, 7, 7}},
		{[]float64{2, 1}, Quartiles{1.25, 1.5, 1.75}},
		{[]float64{5, 1, 4, 2, 3}, Quartiles{2, 3, 4}},
		{[]float64{1, 2, 3, 1000}, Quartiles{1.75, 2.5, 252.25}},
	} {
		if got := quartiles(tt.values); got != tt.want {
			t.Errorf("quartiles of %v: got %v; want %v", tt.values, got, tt.want)
		}
	}
}
