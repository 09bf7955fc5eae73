package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
)

func loadingIsWaitedOut(ctx context.Context, s *stage) (string, bool, error) {
	c, err := s.client()
	if err != nil {
		return "", false, err
	}
	key := s.key("loading")
	s.in.inject(first(3, on(ruling{line: "LOADING Redis is loading the dataset in memory"}, "SET")))
	err = set(ctx, c, key, "loaded")
	stored, truthErr := s.stored(ctx, key)
	observed := fmt.Sprintf("SET after %d attempts: %s; the server holds %q", s.attempts(), answer("OK", err), stored)
	return observed, err == nil && s.attempts() == 4 && stored == "loaded", truthErr
}

// The delay function is the caller's way to say that ReadOnly should come back
// at once; without one, the writes would wait for the node to be primary again.
func readOnlyStopsWrites(ctx context.Context, s *stage) (string, bool, error) {
	opt := s.opt
	opt.RetryDelay = func(_ int, _ rueidis.Completed, err error) time.Duration {
		if classify.KindOf(err) == errs.ReadOnly {
			return -1
		}
		return time.Millisecond
	}
	c, err := s.clientWith(opt)
	if err != nil {
		return "", false, err
	}
	key := s.key("readonly")
	if err := s.put(ctx, key, "old"); err != nil {
		return "", false, err
	}
	s.in.inject(on(ruling{line: "READONLY You can't write against a read only replica."}, "SET"))
	refused, answered := 0, 0
	var refusal error
	for range 3 {
		refusal = set(ctx, c, key, "new")
		if errs.KindOf(refusal) != errs.ReadOnly || errs.MayHaveExecuted(refusal) {
			break
		}
		refused++
		v, err := get(ctx, c, key)
		s.sayf("GET: %s", answer(v, err))
		if err == nil && v == "old" {
			answered++
		}
	}
	s.in.inject(nil)
	err = set(ctx, c, key, "new")
	observed := fmt.Sprintf("%d SETs refused: %s; %d GETs answered; SET to the primary: %s",
		refused, answer("OK", refusal), answered, answer("OK", err))
	return observed, refused == 3 && answered == 3 && err == nil, nil
}

func cutIncr(ctx context.Context, s *stage) (string, bool, error) {
	c, err := s.client()
	if err != nil {
		return "", false, err
	}
	key := s.key("counter")
	s.in.inject(first(1, on(ruling{cut: true}, "INCR")))
	err = c.Do(ctx, c.B().Incr().Key(key).Build()).Error()
	counter, truthErr := s.stored(ctx, key)
	observed := fmt.Sprintf("%s; sent %d time; the counter is %s", answer("OK", err), s.in.count("INCR"), counter)
	ok := errs.KindOf(err) == errs.ConnLost && errs.MayHaveExecuted(err) && s.in.count("INCR") == 1 && counter == "1"
	return observed, ok, truthErr
}

func cutGet(ctx context.Context, s *stage) (string, bool, error) {
	c, err := s.client()
	if err != nil {
		return "", false, err
	}
	key := s.key("value")
	if err := s.put(ctx, key, "still here"); err != nil {
		return "", false, err
	}
	s.in.inject(first(1, on(ruling{cut: true}, "GET")))
	v, err := get(ctx, c, key)
	observed := fmt.Sprintf("%s after %d attempts; sent %d times", answer(v, err), s.attempts(), s.in.count("GET"))
	return observed, err == nil && v == "still here" && s.attempts() == 2 && s.in.count("GET") == 2, nil
}

// refusedDial lets a GET find out that the connection is gone, so that the SET
// behind it begins with a dial. The server comes up between the first refusal
// and the pause before the next attempt.
func refusedDial(ctx context.Context, s *stage) (string, bool, error) {
	c, err := s.client(client.Retry(client.RetryPolicy{MaxAttempts: 2}))
	if err != nil {
		return "", false, err
	}
	key := s.key("dialled")
	s.in.down()
	s.sayf("the server has gone")
	if _, gone := get(ctx, c, key); errs.KindOf(gone) != errs.DialRefused {
		return "", false, errors.Join(errors.New("no dial was refused"), gone)
	}
	var upErr error
	s.when(func(ev client.Event) {
		if ev.Kind == errs.DialRefused && ev.Op.Write && ev.Type == client.EventAttempt {
			upErr = s.in.up(ctx)
			s.sayf("the server listens again")
		}
	})
	err = set(ctx, c, key, "arrived")
	s.when(nil)
	if err := errors.Join(upErr, s.in.up(ctx)); err != nil {
		return "", false, err
	}
	stored, truthErr := s.stored(ctx, key)
	observed := fmt.Sprintf("SET after %d attempts: %s; sent %d time; the server holds %q",
		s.attempts(), answer("OK", err), s.in.count("SET"), stored)
	return observed, err == nil && s.attempts() == 2 && s.in.count("SET") == 1 && stored == "arrived", truthErr
}

// breakerCycle calls until the breaker refuses: on a slow machine the open time
// may end before the next call, which then is a probe that fails.
func breakerCycle(ctx context.Context, s *stage) (string, bool, error) {
	c, err := s.client(
		client.Retry(client.RetryPolicy{MaxAttempts: 1}),
		client.Breaker(client.BreakerPolicy{Failures: 3, OpenFor: 200 * time.Millisecond, Probes: 2}),
	)
	if err != nil {
		return "", false, err
	}
	key := s.key("breaker")
	if err := s.put(ctx, key, "closed again"); err != nil {
		return "", false, err
	}
	s.in.down()
	s.sayf("the server has gone")
	failures := 0
	var refusal error
	var took time.Duration
	for refusal == nil && failures < 20 {
		start := time.Now()
		if _, err := get(ctx, c, key); errs.KindOf(err) == errs.BreakerOpen {
			refusal, took = err, time.Since(start)
		} else {
			failures++
		}
	}
	open, _ := errors.AsType[*errs.OpenError](refusal)
	if open == nil {
		return fmt.Sprintf("%d calls failed and none was refused", failures), false, s.in.up(ctx)
	}
	s.sayf("%s", refusal)
	if err := s.in.up(ctx); err != nil {
		return "", false, err
	}
	s.sayf("the server listens again")
	if err := s.lane(ctx, open.Lane, "half-open"); err != nil {
		return "", false, err
	}
	for range 2 {
		if _, err := get(ctx, c, key); err != nil {
			return "", false, err
		}
	}
	if err := s.lane(ctx, open.Lane, "closed"); err != nil {
		return "", false, err
	}
	v, err := get(ctx, c, key)
	observed := fmt.Sprintf("%d failures opened it; then, in %d µs: %s; half-open, 2 probes, closed; GET: %s",
		failures, took.Microseconds(), refusal, answer(v, err))
	return observed, err == nil && !errs.MayHaveExecuted(refusal), nil
}

func flushedScript(ctx context.Context, s *stage) (string, bool, error) {
	c, err := s.client()
	if err != nil {
		return "", false, err
	}
	key := s.key("script")
	script := rueidis.NewLuaScript("return redis.call('INCR', KEYS[1])")
	if err := script.Exec(ctx, c, []string{key}, nil).Error(); err != nil {
		return "", false, err
	}
	s.sayf("the script is loaded and has counted to 1")
	if err := s.flush(ctx); err != nil {
		return "", false, err
	}
	s.sayf("the server has forgotten its scripts")
	n, err := script.Exec(ctx, c, []string{key}, nil).ToInt64()
	stored, truthErr := s.stored(ctx, key)
	observed := fmt.Sprintf("the script returned %s; the counter is %s", answer(strconv.FormatInt(n, 10), err), stored)
	return observed, err == nil && n == 2 && stored == "2", truthErr
}

func movedIsTyped(ctx context.Context, s *stage) (string, bool, error) {
	c, err := s.client()
	if err != nil {
		return "", false, err
	}
	const target = "127.0.0.1:6381"
	s.in.inject(on(ruling{line: "MOVED 3999 " + target}, "GET"))
	_, err = get(ctx, c, s.key("moved"))
	var slot int
	if e, ok := errors.AsType[*errs.Error](err); ok {
		slot, _ = e.Slot()
	}
	to := ""
	if r, ok := errors.AsType[*errs.RedirectError](err); ok {
		to = r.To
	}
	observed := fmt.Sprintf("%s; target %s; %d dials to it", answer("OK", err), to, s.strangers())
	ok := errs.KindOf(err) == errs.Moved && slot == 3999 && to == target &&
		!errs.MayHaveExecuted(err) && s.strangers() == 0 && s.in.count("GET") == 1
	return observed, ok, nil
}

func deadlineIsKept(ctx context.Context, s *stage) (string, bool, error) {
	const deadline, margin = 150 * time.Millisecond, 500 * time.Millisecond
	c, err := s.client()
	if err != nil {
		return "", false, err
	}
	key := s.key("deadline")
	if err := s.put(ctx, key, "in time"); err != nil {
		return "", false, err
	}
	s.in.inject(first(1, on(ruling{mute: true}, "GET")))
	bounded, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	start := time.Now()
	_, late := get(bounded, c, key)
	took := time.Since(start)
	v, err := get(ctx, c, key)
	observed := fmt.Sprintf("%s, after %d ms; the next GET: %s", answer("OK", late), took.Milliseconds(), answer(v, err))
	ok := errs.KindOf(late) == errs.Deadline && errors.Is(late, context.DeadlineExceeded) &&
		took < deadline+margin && err == nil && v == "in time"
	return observed, ok, nil
}
