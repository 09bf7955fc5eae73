package main

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// urlFault says what is wrong with a URL, without repeating any of it.
type urlFault string

func (f urlFault) Error() string { return string(f) }

func badURL(why string) error {
	return &errs.Error{Kind: errs.BadURL, Effect: errs.NotExecuted, Err: urlFault(why)}
}

// optionsOf reads the URL of a single server. It is stricter than
// rueidis.ParseURL where a password that is not percent-encoded would be taken
// for a part of the address, which is printed.
func optionsOf(raw string) (rueidis.ClientOption, error) {
	none := rueidis.ClientOption{}
	u, err := url.Parse(raw)
	if err != nil {
		return none, badURL("it cannot be parsed")
	}
	switch u.Scheme {
	case "redis", "rediss", "valkey", "valkeys":
		if u.Host == "" {
			return none, badURL("it has no host")
		}
		if strings.Contains(u.Path, "@") {
			return none, badURL("it has an @ behind the host")
		}
	case "unix":
		if u.Path == "" {
			return none, badURL("it has no path of a socket")
		}
	default:
		return none, badURL("its scheme is not redis, rediss, valkey, valkeys or unix")
	}
	if u.Fragment != "" || strings.Contains(u.RawQuery, "@") {
		return none, badURL("it has a # or an @ that is not percent-encoded")
	}
	opt, err := rueidis.ParseURL(raw)
	if err != nil {
		return none, badURL("its database number or a parameter is invalid")
	}
	opt.Sentinel.MasterSet = "" // whatever it belongs to, it is this server that is meant
	opt.InitAddress = opt.InitAddress[:1]
	return opt, nil
}

// redact is the URL of a server without anything secret: scheme, address and
// database only.
func redact(opt rueidis.ClientOption) string {
	addr := opt.InitAddress[0]
	scheme, db := "redis", "/"+strconv.Itoa(opt.SelectDB)
	switch {
	case opt.DialCtxFn != nil:
		scheme, db = "unix", "?db="+strconv.Itoa(opt.SelectDB)
	case opt.TLSConfig != nil:
		scheme = "rediss"
	}
	if opt.SelectDB == 0 {
		db = ""
	}
	return scheme + "://" + addr + db
}

// local reports whether the server is reached without a network.
func local(opt rueidis.ClientOption) bool {
	if opt.DialCtxFn != nil {
		return true
	}
	host, _, _ := net.SplitHostPort(opt.InitAddress[0])
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// cannotUse says in one line why the server at a URL cannot be used and what to
// do about it, in the words of the table of kinds.
func cannotUse(err error, rawURL string) string {
	err = classify.Typed(err)
	kind := errs.KindOf(err)
	row := kind.Row()
	var b strings.Builder
	b.WriteString(row.Name + ": " + row.Phrase)
	if addr := errs.AddrOf(err); addr != "" {
		b.WriteString(", at " + addr)
	}
	if why, ok := errors.AsType[urlFault](err); ok {
		b.WriteString(": " + string(why))
	}
	b.WriteString(". " + row.Action)
	if _, answered := errors.AsType[*rueidis.RedisError](err); answered {
		return b.String() // so the port speaks what was spoken to it
	}
	switch kind {
	case errs.TLS, errs.DialFailed, errs.DialTimeout, errs.Handshake, errs.Protocol, errs.ConnLost:
		switch scheme, _, _ := strings.Cut(rawURL, ":"); scheme {
		case "rediss", "valkeys":
			b.WriteString(" Perhaps the port speaks no TLS: then the URL begins with redis://.")
		case "redis", "valkey":
			b.WriteString(" Perhaps the port wants TLS: then the URL begins with rediss://.")
		}
	}
	return b.String()
}
