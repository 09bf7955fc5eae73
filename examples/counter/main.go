// Command counter counts a visit and says what a failure allows: to try again,
// to look first, or to give up.
//
//	go run ./examples/counter redis://127.0.0.1:6379
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
)

func main() {
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "Usage: counter [URL]")
	}
	flag.Parse()
	url := "redis://127.0.0.1:6379"
	if flag.NArg() > 0 {
		url = flag.Arg(0)
	}
	if err := count(url); err != nil {
		fmt.Fprintln(os.Stderr, err)
		if errors.Is(err, errs.BadURL) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

func count(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	c, err := client.Open(ctx, url)
	if err != nil {
		return err
	}
	defer c.Close()

	n, err := c.Do(ctx, c.B().Incr().Key("visits").Build()).AsInt64()
	switch {
	case err == nil:
		fmt.Println("visit", n)
	case errors.Is(err, errs.ReadOnly): // a kind: retried already, and still a replica
		fmt.Println("not counted, writes are refused:", err)
	case errs.MayHaveExecuted(err): // never sent twice by guess
		fmt.Println("counted or not, look before you count again:", err)
	default: // errors.Is(err, errs.Transport), errs.Timeout ... are classes
		fmt.Println("not counted:", err)
	}
	return nil
}
