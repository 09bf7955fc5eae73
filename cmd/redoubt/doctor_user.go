package main

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// user is what the server lets the connected user do. Names are never printed:
// they are half of the credentials.
type user struct {
	known        bool // it told who we are
	standard     bool // the user "default"
	open         bool // needs no password
	someKeys     bool // may reach only some keys
	someChannels bool
	missing      []right
}

// right is a category of commands, shown by one that stands for it.
type right struct {
	category string
	words    []string // asked for with ACL DRYRUN; nil if there is only the probe
	probe    []string // sent where DRYRUN is not allowed: has no effect wherever it is sent
	purpose  string
}

// rights are what users of this library need; "key" stands for a key that does
// not exist.
var rights = []right{
	{"@read", []string{"GET", "key"}, []string{"EXISTS", "key"}, "reading"},
	{"@write", []string{"SET", "key", "v"}, []string{"DEL", "key"}, "writing"},
	{"@scripting", []string{"EVALSHA", "0", "0"}, []string{"EVAL", "return 1", "0"}, "scripts and locks"},
	{"@pubsub", []string{"SUBSCRIBE", "key"}, []string{"PUBSUB", "NUMSUB"}, "subscriptions"},
	{"@transaction", []string{"MULTI"}, []string{"UNWATCH"}, "transactions"},
	{"@stream", []string{"XADD", "key", "*", "f", "v"}, []string{"XLEN", "key"}, "streams"},
	{"@blocking", []string{"BLPOP", "key", "1"}, []string{"BLPOP", "key", "0.001"}, "blocking reads"},
}

// whoAmI asks who the connected user is and what it may do.
func (a *asker) whoAmI(ctx context.Context) user {
	var u user
	name, err := a.ask(ctx, "ACL", "WHOAMI").ToString()
	if err == nil {
		u.known, u.standard = true, name == "default"
		u.read(a.ask(ctx, "ACL", "GETUSER", name))
	}
	if a.topology() == "sentinel" {
		return u // has no data to have rights to
	}
	key := "redoubt:doctor:" + rand.Text()
	dryRun := err == nil
	for _, r := range rights {
		var denial *errs.PermissionError
		if dryRun {
			denial, dryRun = a.dryRun(ctx, name, withKey(r.words, key))
		}
		if !dryRun {
			denial = a.try(ctx, withKey(r.probe, key))
		}
		switch {
		case denial == nil:
		case (denial.Key || denial.Channel) && r.category == "@pubsub":
			u.someChannels = true // the command itself is permitted
		case denial.Key || denial.Channel:
			u.someKeys = true
		default:
			u.missing = append(u.missing, r)
		}
	}
	return u
}

// withKey puts a key in its place.
func withKey(words []string, key string) []string {
	words = slices.Clone(words)
	if i := slices.Index(words, "key"); i >= 0 {
		words[i] = key
	}
	return words
}

// dryRun asks whether a command would be permitted; told is false where the
// server or the user's rights do not allow the question. The answer is the text
// of the refusal that the command would get.
func (a *asker) dryRun(ctx context.Context, user string, words []string) (denial *errs.PermissionError, told bool) {
	verdict, err := a.ask(ctx, "ACL", append([]string{"DRYRUN", user}, words...)...).ToString()
	told = err == nil
	if !told || verdict == "OK" {
		return nil, told
	}
	denial = denialOf(classify.Line("NOPERM " + verdict))
	if denial != nil && denial.Command == "" {
		denial.Key = true // it names a key or channel instead
	}
	return denial, true
}

// try sends a command only to see whether it is permitted.
func (a *asker) try(ctx context.Context, words []string) *errs.PermissionError {
	return denialOf(a.send(ctx, words...).Error())
}

// denialOf is what an error says of missing rights, nil if it is of another
// kind.
func denialOf(err error) *errs.PermissionError {
	err = classify.Typed(err)
	denial, ok := errors.AsType[*errs.PermissionError](err)
	if !ok && errs.KindOf(err) == errs.NoPerm {
		denial = &errs.PermissionError{Err: err}
	}
	return denial
}

// read takes what it can from ACL GETUSER.
func (u *user) read(res rueidis.RedisResult) {
	reply, err := res.AsMap()
	if err != nil {
		return
	}
	flags := reply["flags"]
	if list, err := flags.AsStrSlice(); err == nil {
		u.open = slices.Contains(list, "nopass")
	}
	keys := reply["keys"]
	if list, err := keys.AsStrSlice(); err == nil { // before version 7
		u.someKeys = !slices.Contains(list, "~*") && !slices.Contains(list, "*")
	} else if text, err := keys.ToString(); err == nil {
		u.someKeys = !slices.Contains(strings.Fields(text), "~*")
	}
}
