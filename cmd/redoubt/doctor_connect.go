package main

import (
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
)

// link is a connection to a server of which nothing is known, and what it took
// to make it.
type link struct {
	*client.Client
	asked    bool      // client-side caching was asked for
	tracking errs.Kind // what refused it, 0 if it works
	proto    string    // version of the protocol that was asked for
}

// dialTime is how long a dial may take if the URL has no dial_timeout.
const dialTime = 3 * time.Second

// connectAnyhow connects with all that a client can use, and then with less and
// less, as long as it is the server that refuses.
func connectAnyhow(opt rueidis.ClientOption) (link, error) {
	opt.ForceSingleClient = true // the server itself, not the cluster behind it
	opt.DisableRetry = true      // what it says at once is what is wanted
	if opt.Dialer.Timeout == 0 {
		opt.Dialer.Timeout = dialTime
	}
	l := link{asked: !opt.DisableCache && !opt.AlwaysRESP2, proto: "3"}
	if opt.AlwaysRESP2 {
		opt.DisableCache, l.proto = true, "2"
	}
	for {
		c, err := client.New(opt, client.Breaker(client.BreakerPolicy{Disabled: true}))
		switch {
		case err == nil:
			l.Client = c
			return l, nil
		case !lessMayDo(errs.KindOf(err)):
			return l, err
		case !opt.DisableCache:
			opt.DisableCache, l.tracking = true, errs.KindOf(err)
		case !opt.AlwaysRESP2:
			opt.AlwaysRESP2, l.proto = true, "2"
		default:
			return l, err
		}
	}
}

// lessMayDo reports whether a connection that failed so may succeed when less
// is asked of the server.
func lessMayDo(k errs.Kind) bool {
	switch k {
	case errs.NoProto, errs.Handshake, errs.Protocol, errs.TrackingUnsupported:
		return true
	case errs.Denied, errs.MaxClients:
		return false
	}
	switch k.Class() {
	case errs.Transport, errs.Timeout, errs.Auth, errs.Config, errs.Lifecycle:
		return false
	}
	return true
}
