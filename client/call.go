package client

import (
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client/internal/breaker"
)

// words is how many words of a command are remembered without a pool: enough
// for SET k v PX 1000 NX GET and most others.
const words = 8

// call remembers a command before it is sent. rueidis recycles a command as
// soon as any reply comes back, an error reply too, so a command is never sent
// twice: a further attempt is rebuilt from here. Only the headers of the
// strings are copied; the strings themselves are immutable.
type call struct {
	hdr   [words]string
	n     int
	more  *[]string // all words, when they are more than hdr holds
	flags flags
	slot  uint16 // as cmd.Slot() gave it

	seats *bulkhead     // where a seat was taken, or nil
	lane  *breaker.Lane // that admitted the first attempt, or nil
	tok   breaker.Token
}

// flags are the marks of a rueidis command that a rebuilt one must carry.
type flags uint8

const (
	readOnly  flags = 1 << iota // reads only, by its builder or the caller's word
	blocking                    // may wait on the server, needs a connection of its own
	piped                       // prefers the shared connection even so
	retryable                   // the caller vouches for a replay: ToRetryable
	unblock                     // UnblockOnCancel
	noReply                     // SUBSCRIBE and the like
	multiGet                    // MGET or JSON.MGET for the client-side cache
)

func (f flags) has(g flags) bool { return f&g != 0 }

// wordPool holds slices for commands of more than words words.
var wordPool = sync.Pool{New: func() any { s := make([]string, 0, 64); return &s }}

// maxPooled bounds the slices that go back to a pool.
const maxPooled = 4096

func (k *call) note(cmd *rueidis.Completed) {
	k.slot = cmd.Slot()
	k.flags = flagsOf(cmd)
	k.words(cmd.Commands())
}

func (k *call) noteCacheable(cmd *rueidis.Cacheable) {
	k.slot = cmd.Slot()
	k.flags = readOnly
	if cmd.IsMGet() {
		k.flags |= multiGet
	}
	k.words(cmd.Commands())
}

func (k *call) words(args []string) {
	k.n = copy(k.hdr[:], args)
	if len(args) > words {
		k.more = wordPool.Get().(*[]string)
		*k.more = append((*k.more)[:0], args...)
	}
}

// args are the words of the command. They are valid until release.
func (k *call) args() []string {
	if k.more != nil {
		return *k.more
	}
	return k.hdr[:k.n]
}

// release gives back what the call has taken, also when it panics: the seat,
// the place of a probe that nobody has judged, the words of a long command.
func (k *call) release() {
	if k.seats != nil {
		k.seats.leave()
		k.seats = nil
	}
	if k.lane != nil {
		k.lane.Ignore(k.tok)
	}
	if k.more == nil {
		return
	}
	clear(*k.more)
	if cap(*k.more) <= maxPooled {
		wordPool.Put(k.more)
	}
	k.more = nil
}

func flagsOf(cmd *rueidis.Completed) flags {
	var f flags
	if cmd.IsReadOnly() {
		f |= readOnly
	} else if cmd.IsRetryable() {
		f |= retryable
	}
	if cmd.IsBlock() {
		f |= blocking
	}
	if cmd.IsPipe() {
		f |= piped
	}
	if cmd.IsUnblockOnCancel() {
		f |= unblock
	}
	if cmd.NoReply() {
		f |= noReply
	}
	return f
}

// rebuild makes the command anew, with the marks that it had.
func rebuild(b rueidis.Builder, args []string, f flags) rueidis.Completed {
	if f.has(noReply) {
		return rebuildSubscribe(b, args)
	}
	var cmd rueidis.Completed
	switch a := b.Arbitrary(args[0]).Args(args[1:]...); {
	case f.has(blocking):
		cmd = a.Blocking()
	case f.has(readOnly):
		cmd = a.ReadOnly()
	default:
		cmd = a.Build()
	}
	if f.has(piped) {
		cmd = cmd.ToPipe()
	}
	if f.has(retryable) {
		cmd = cmd.ToRetryable()
	}
	if f.has(unblock) {
		cmd = cmd.UnblockOnCancel()
	}
	return cmd
}

// rebuildSubscribe makes a command of pub/sub anew; Arbitrary refuses those.
func rebuildSubscribe(b rueidis.Builder, args []string) rueidis.Completed {
	switch channels := args[1:]; args[0] {
	case "PSUBSCRIBE":
		return b.Psubscribe().Pattern(channels...).Build()
	case "SSUBSCRIBE":
		return b.Ssubscribe().Channel(channels...).Build()
	case "UNSUBSCRIBE":
		return b.Unsubscribe().Channel(channels...).Build()
	case "PUNSUBSCRIBE":
		return b.Punsubscribe().Pattern(channels...).Build()
	case "SUNSUBSCRIBE":
		return b.Sunsubscribe().Channel(channels...).Build()
	default:
		return b.Subscribe().Channel(channels...).Build()
	}
}

// rebuildCacheable makes a cacheable command anew. The key of a cached script
// stands behind the script, so those need their own builders. The ToStaticTTL
// mark cannot be read back: the attempt asks the server for the TTL instead,
// which is the stricter of the two.
func rebuildCacheable(b rueidis.Builder, args []string, f flags) rueidis.Cacheable {
	if f.has(multiGet) {
		return rueidis.Cacheable(b.Arbitrary(args[0]).Args(args[1:]...).MultiGet())
	}
	if len(args) >= 4 && args[2] == "1" {
		switch args[0] {
		case "EVAL_RO":
			return b.EvalRo().Script(args[1]).Numkeys(1).Key(args[3]).Arg(args[4:]...).Cache()
		case "EVALSHA_RO":
			return b.EvalshaRo().Sha1(args[1]).Numkeys(1).Key(args[3]).Arg(args[4:]...).Cache()
		case "FCALL_RO":
			return b.FcallRo().Function(args[1]).Numkeys(1).Key(args[3]).Arg(args[4:]...).Cache()
		}
	}
	return rueidis.Cacheable(b.Arbitrary(args[0]).Args(args[1:]...).ReadOnly())
}

// opOf makes the operation that a failure is classified with.
func opOf(args []string, f flags, slot uint16, sent uint64) classify.Op {
	return classify.Op{Name: opName(args), Safety: safetyOf(args, f), Slot: slotOf(slot), Sent: sent}
}

// safetyOf rates a command. A command that its builder or its author marks as
// read-only is one, and ToRetryable is the author's word that a replay is as
// harmless as a read. No word counts for a blocking command that takes
// something: its first execution may still be waiting to do so.
func safetyOf(args []string, f flags) classify.Safety {
	switch {
	case f.has(readOnly):
		return classify.ReadOnly
	case f.has(blocking):
		return classify.Never
	case f.has(retryable):
		return classify.ReadOnly
	}
	return classify.SafetyOf(args)
}

// slotOf turns the slot of a rueidis command into slot+1, 0 for none. Builders
// of a single-node client set bit 15 and leave the slot of the last key below
// it; a bare bit means no key, or one in slot 0.
func slotOf(s uint16) int {
	if s &= 0x7fff; s == 0 || s >= 16384 {
		return 0
	}
	return int(s) + 1
}

// containers are the commands whose second word is part of the name.
var containers = map[string]bool{
	"ACL": true, "CLIENT": true, "CLUSTER": true, "COMMAND": true, "CONFIG": true,
	"DEBUG": true, "FUNCTION": true, "LATENCY": true, "MEMORY": true, "MODULE": true,
	"OBJECT": true, "PUBSUB": true, "SCRIPT": true, "SENTINEL": true, "SLOWLOG": true,
	"XGROUP": true, "XINFO": true,
}

// opName is the name of a command for errors and observers: "GET",
// "CLIENT KILL". It never holds an argument: what does not look like a name is
// left out, for the first word of a mistyped command may be anything.
func opName(args []string) string {
	if len(args) == 0 || !nameLike(args[0]) {
		return ""
	}
	name := strings.ToUpper(args[0])
	if containers[name] && len(args) > 1 && nameLike(args[1]) {
		name += " " + strings.ToUpper(args[1])
	}
	return name
}

// nameLike accepts what command names are made of, up to 32 bytes.
func nameLike(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// base is the zero of the monotonic clock; time.Since of it costs half of
// time.Now.
var base = time.Now()

func nano() int64 { return int64(time.Since(base)) }

// wall is the time of day at a reading of nano, as today's clock has it: base
// does not know of the clock being set.
func wall(at int64) time.Time { return time.Now().Add(time.Duration(at - nano())) }
