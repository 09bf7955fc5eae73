package benchkit

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// Row is a result as machines read it. All figures are medians; Ratio is the
// throughput of Subject over that of RatioTo, so more is better.
type Row struct {
	Work        string  `json:"work"`
	Subject     string  `json:"subject"`
	NsPerOp     float64 `json:"ns_per_op"`
	AllocsPerOp float64 `json:"allocs_per_op"`
	RatioTo     string  `json:"ratio_to"`
	Ratio       float64 `json:"ratio"`
}

// Row is the part of a result that machines read, rounded to what a
// measurement can tell.
func (r Result) Row() Row {
	return Row{
		Work:        r.Work,
		Subject:     r.Subject,
		NsPerOp:     round(r.Ns.Median, 2),
		AllocsPerOp: round(r.Allocs, 2),
		RatioTo:     r.RatioTo,
		Ratio:       round(r.Ratio.Median, 4),
	}
}

// Run measures the works one after the other and hands the results of each to
// report as soon as they are there.
func Run(ctx context.Context, works []Work, cfg Config, report func([]Result) error) error {
	for _, w := range works {
		results, err := Measure(ctx, w, cfg)
		if err != nil {
			return err
		}
		if err := report(results); err != nil {
			return err
		}
	}
	return nil
}

// WriteTable writes the results of one work for people.
func WriteTable(out io.Writer, results []Result) error {
	if len(results) == 0 {
		return nil
	}
	first := results[0]
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "%s: %d rounds of %d operations, throughput against %s\n",
		first.Work, first.Rounds, first.Ops, first.RatioTo)
	fmt.Fprint(t, "subject\tns/op\tquartiles\tallocs/op\tthroughput\tquartiles\t\n")
	for _, r := range results {
		fmt.Fprintf(t, "%s\t%s\t%s to %s\t%.2f\t%.3f x\t%.3f to %.3f\t\n",
			r.Subject, nanoseconds(r.Ns.Median), nanoseconds(r.Ns.Low), nanoseconds(r.Ns.High),
			r.Allocs, r.Ratio.Median, r.Ratio.Low, r.Ratio.High)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out)
	return err
}

// WriteJSON writes a [Row] a line.
func WriteJSON(out io.Writer, results []Result) error {
	encoder := json.NewEncoder(out)
	for _, r := range results {
		if err := encoder.Encode(r.Row()); err != nil {
			return err
		}
	}
	return nil
}

// nanoseconds shows three digits or more, and no false precision.
func nanoseconds(ns float64) string {
	if ns < 100 {
		return fmt.Sprintf("%.1f", ns)
	}
	return fmt.Sprintf("%.0f", ns)
}

func round(x float64, digits int) float64 {
	unit := math.Pow10(digits)
	return math.Round(x*unit) / unit
}
