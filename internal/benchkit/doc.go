// Package benchkit measures clients side by side, so that a figure can be
// compared: times move from machine to machine and from minute to minute,
// ratios of one run hardly do.
//
// A [Work] is one question, asked of several subjects. All of them run in one
// process, alternately, in rounds of the same number of operations; the ratio
// of two subjects is taken round by round, and the table shows the median and
// the quartiles of those ratios. A second client with the options of the first
// is the control: what separates these two is noise, and a difference that is
// not larger than that says nothing.
//
//	round 1   redoubt  rueidis  rueidis-control  go-redis
//	round 2   redoubt  go-redis  rueidis-control  rueidis     the other way round,
//	round 3   rueidis  rueidis-control  go-redis  redoubt     from the next one on
//
// Garbage of one subject may be collected in the round of the next; since no
// subject always follows the same one, the medians hardly notice.
package benchkit
