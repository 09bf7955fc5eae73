package client

import (
	"context"
	"net/url"
	"strings"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/errs"
)

// Open connects to the server that a URL names:
//
//	redis://user:password@host:6379/db     TCP
//	rediss://user:password@host:6379/db    TLS; also valkey:// and valkeys://
//	unix://user:password@/path/to.sock?db=0
//
// with the query parameters of rueidis.ParseURL (dial_timeout, write_timeout,
// protocol=2, client_cache=0, max_retries=0, client_name, skip_verify). ctx
// bounds the making of the first connection. A URL that cannot be used gives
// kind BadURL, whose text does not repeat it: URLs hold passwords.
func Open(ctx context.Context, rawURL string, opts ...Option) (*Client, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, badURL("it does not parse")
	}
	switch u.Scheme {
	case "redis", "rediss", "valkey", "valkeys", "unix":
	case "redis+sentinel", "redis+cluster":
		return nil, unsupported("scheme " + u.Scheme + " is not supported yet")
	default:
		return nil, badURL("the scheme is not one of redis, rediss, valkey, valkeys and unix")
	}
	if cut(u) {
		return nil, badURL("a #, ? or / in a user name or password is written %23, %3F or %2F")
	}
	if u.Scheme == "unix" && (u.Host != "" || u.Path == "") {
		return nil, badURL("a unix URL needs the absolute path of a socket and no host: unix:///path")
	}
	opt, err := rueidis.ParseURL(rawURL)
	if err != nil {
		return nil, badURL("the database number, path or a query parameter is invalid")
	}
	return connect(ctx, opt, opts)
}

// cut reports whether a mark in a password has cut it off: what stands before
// it would be taken for the host, which errors and logs name.
func cut(u *url.URL) bool {
	if u.Fragment != "" {
		return true
	}
	name, _, _ := strings.Cut(u.RawQuery, "=")
	return u.User == nil && u.Host != "" && (strings.Contains(name, "@") || strings.Contains(u.Path, "@"))
}

func badURL(why string) error {
	return &errs.Error{Kind: errs.BadURL, Effect: errs.NotExecuted, Op: "client.Open", Err: optionFault(why)}
}
