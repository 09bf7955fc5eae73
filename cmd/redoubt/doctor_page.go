package main

import (
	"fmt"
	"strings"
	"time"
)

// reportPage is the report for people.
func reportPage(r report, s style) string {
	var b strings.Builder
	b.WriteString(s.bold(printable(r.URL, 200)) + "\n\n")
	row := func(name, value string) {
		fmt.Fprintf(&b, "  %s%s\n", s.dim(fmt.Sprintf("%-10s", name)), value)
	}
	row("server", r.Server+" "+r.Version)
	row("topology", r.Topology)
	row("role", r.Role)
	row("protocol", r.protocol)
	row("latency", fmt.Sprintf("%.3g ms", r.LatencyMS))
	count := map[string]int{}
	for _, x := range r.Findings {
		count[x.Severity]++
		fmt.Fprintf(&b, "\n%s  %s\n", paintSeverity(s, x.Severity), s.bold(x.ID))
		for _, line := range wrap(x.Found, 66) {
			b.WriteString("         " + line + "\n")
		}
		for i, line := range wrap(x.Advice, 64) {
			mark := "-> "
			if i > 0 {
				mark = "   "
			}
			b.WriteString("         " + s.dim(mark) + line + "\n")
		}
	}
	fmt.Fprintf(&b, "\n%d errors, %d warnings, %d hints\n", count[severityError], count[severityWarning], count[severityInfo])
	return b.String()
}

func paintSeverity(s style, severity string) string {
	text := fmt.Sprintf("%-7s", severity)
	switch severity {
	case severityError:
		return s.paint("1;31", text)
	case severityWarning:
		return s.paint("33", text)
	}
	return s.dim(text)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
