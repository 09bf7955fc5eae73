package benchkit_test

import (
	"strings"
	"testing"

	"github.com/redoubt-go/redoubt/internal/benchkit"
)

func results() []benchkit.Result {
	return []benchkit.Result{
		{
			Work: "get-128", Subject: "redoubt", RatioTo: "rueidis", Ops: 12000, Rounds: 31,
			Ns:     benchkit.Quartiles{Low: 3900.4, Median: 4000.256, High: 4100},
			Allocs: 1.004,
			Ratio:  benchkit.Quartiles{Low: 0.97, Median: 0.99004, High: 1.01},
		},
		{
			Work: "get-128", Subject: "rueidis", RatioTo: "rueidis", Ops: 12000, Rounds: 31,
			Ns:    benchkit.Quartiles{Low: 42, Median: 42.25, High: 43},
			Ratio: benchkit.Quartiles{Low: 1, Median: 1, High: 1},
		},
	}
}

func TestJSONIsARowALine(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := benchkit.WriteJSON(&out, results()); err != nil {
		t.Fatal(err)
	}
	want := `{"work":"get-128","subject":"redoubt","ns_per_op":4000.26,"allocs_per_op":1,"ratio_to":"rueidis","ratio":0.99}
{"work":"get-128","subject":"rueidis","ns_per_op":42.25,"allocs_per_op":0,"ratio_to":"rueidis","ratio":1}
`
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTableShowsMedianAndQuartiles(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := benchkit.WriteTable(&out, results()); err != nil {
		t.Fatal(err)
	}
	want := `get-128: 31 rounds of 12000 operations, throughput against rueidis
  subject  ns/op     quartiles  allocs/op  throughput       quartiles
  redoubt   4000  3900 to 4100       1.00     0.990 x  0.970 to 1.010
  rueidis   42.2  42.0 to 43.0       0.00     1.000 x  1.000 to 1.000

`
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
