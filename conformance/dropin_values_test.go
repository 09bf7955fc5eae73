package conformance_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/internal/servers"
)

// valueScenes: one command, one reply, of every type and in every accessor.
var valueScenes = []scene{
	{name: "strings", play: lines(
		"PING", "ECHO hello", "SET k v", "GET k", "GET missing", "SET k v2 GET", "SET k v3 NX", "SETRANGE k 5 x", "APPEND k yz",
		"STRLEN k", "GETDEL k", "GET k", "TYPE k", "MSET a 1 b 2", "MGET a missing b", "OBJECT ENCODING a", "DEL a b nokey",
	)},
	{name: "empty values", play: lines(
		`SET e ""`, "GET e", `ECHO ""`, "LRANGE e2 0 -1", "HGETALL e3", "SMEMBERS e4", "KEYS none*", "ZRANGE e5 0 -1 WITHSCORES",
		`HSET h "" ""`, "HGETALL h", `SET "" empty-key`, `GET ""`, "HMGET h nofield",
	)},
	{name: "numbers", play: lines(
		"INCR n", "INCRBY n 9223372036854775806", "INCR n", "DECRBY n -1", "INCRBYFLOAT f 1.5", "INCRBYFLOAT f -3e2", "HINCRBYFLOAT h f 0.1",
		"ZADD z 1.5 a inf b -inf c 1e300 d", "ZSCORE z a", "ZSCORE z b", "ZSCORE z c", "ZSCORE z d", "ZSCORE z nobody", "ZADD z INCR 2 a", "ZADD z NX INCR 2 a",
		"ZRANGE z 0 -1 WITHSCORES", "ZPOPMIN z 2", "ZMSCORE z a nobody", "GEOADD g 13.361389 38.115556 P 15.087269 37.502669 C", "GEODIST g P C km", "GEOPOS g P X",
	)},
	{name: "arrays", play: lines(
		"RPUSH l a b c", "LRANGE l 0 -1", "LINDEX l 9", "LPOS l c", "LPOS l x COUNT 0", "LPOP l 2", "LPOP none 2", "SORT l ALPHA", "SCAN 0",
		"RPUSH m 1 2", `EVAL "return {1,{2,{3,false,'x'}},'y'}" 0`, "COMMAND INFO get nonesuch", "BITFIELD b SET u8 0 255 GET u4 0", "TIME x",
	)},
	{name: "maps and sets", play: lines(
		"HSET h a 1 b 2 c 3", "HGETALL h", "HKEYS h", "HMGET h a x", "HRANDFIELD none", "HSCAN h 0", "SADD i 3 1 2", "SMEMBERS i", "SISMEMBER i 1", "SMISMEMBER i 1 9",
		"SPOP none", "CONFIG GET maxmemory", "CONFIG GET nonesuch", "XADD s 1-1 f v", "XINFO STREAM s",
	)},
	{name: "booleans", play: lines(
		"EXISTS k", "SETNX k v", "SETNX k v", "EXPIRE k 100", "EXPIRE none 100", "PERSIST k",
		`EVAL "redis.setresp(3) return true" 0`, `EVAL "redis.setresp(3) return {true,false}" 0`, `EVAL "return {double=3.5}" 0`,
		`EVAL "redis.setresp(3) return redis.call('ZSCORE','none','x')" 0`,
	)},
	{name: "every type of the protocol", play: lines(
		"DEBUG PROTOCOL string", "DEBUG PROTOCOL integer", "DEBUG PROTOCOL double", "DEBUG PROTOCOL null", "DEBUG PROTOCOL array", "DEBUG PROTOCOL set",
		"DEBUG PROTOCOL map", "DEBUG PROTOCOL bignum", "DEBUG PROTOCOL true", "DEBUG PROTOCOL false", "DEBUG PROTOCOL verbatim",
	)},
	{name: "errors", play: lines(
		"SET k v", "LPUSH k x", "INCR k", "GET", "NOSUCHCOMMAND a b", "SET k v EX", "SET k v EX 0", "CONFIG SET nonesuch 1", "CONFIG NOSUCH", "EXEC", "DISCARD",
		"EVALSHA aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 0", `EVAL "return redis.error_reply('MYCODE mine')" 0`, `EVAL "return redis.call('LPUSH','k','x')" 1 k`,
		`EVAL "return redis.pcall('INCR','k')" 1 k`, `EVAL "nonsense(" 0`, "XADD s 1-1 f v", "XADD s 1-1 f v", "XREADGROUP GROUP g c STREAMS s >", "XGROUP CREATE s g 0",
		"XGROUP CREATE s g 0", "SELECT 999", "RENAME nokey x", "RESTORE k 0 junk", "OBJECT ENCODING none", "LSET none 0 x", "SETRANGE k -1 x", "DEBUG ERROR 'MOVED 1 127.0.0.1:1'",
		"CLUSTER INFO", "SCRIPT KILL", "HINCRBY k f 1", "ZADD z NX XX 1 a", "SINTERSTORE",
	)},
	{name: "binary keys and values", play: func(st *stage) {
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		bin := string(all)
		st.do("SET", bin, bin)
		st.do("GET", bin)
		st.do("SET", "crlf\r\n$3\r\nfoo\r\n", "+OK\r\n-ERR x\r\n")
		st.do("GET", "crlf\r\n$3\r\nfoo\r\n")
		st.do("HSET", "h", bin, bin)
		st.do("HGETALL", "h")
		got, err := st.c.Do(st.ctx, st.c.B().Get().Key(bin).Build()).AsBytes()
		st.show("bytes survive", bytes.Equal(got, all))
		st.err("AsBytes", err)
	}},
	{name: "big replies", play: func(st *stage) {
		big := strings.Repeat("0123456789abcdef", 1<<14) // 256 KiB
		st.do("SET", "big", big)
		st.do("GET", "big")
		list := []string{"RPUSH", "list"}
		for i := range 3_000 {
			list = append(list, strconv.Itoa(i))
		}
		st.do(list...)
		st.do("LRANGE", "list", "0", "-1")
		st.do("EVAL", "local t = {} for i = 1, 1000 do t[i] = {i, 'v' .. i} end return t", "0")
	}},
	{name: "accessors", play: func(st *stage) {
		c, ctx := st.c, st.ctx
		st.do("HSET", "h", "a", "1", "b", "2")
		st.do("ZADD", "z", "1", "a", "2.5", "b")
		st.do("SET", "n", "42")
		st.do("SET", "s", "text")
		st.do("SADD", "set", "x", "y", "z")
		ask := func(args ...string) rueidis.RedisResult { return c.Do(ctx, c.B().Arbitrary(args...).Build()) }
		show := func(what string, v any, err error) {
			st.show(what, v)
			st.accessor(what, err)
		}
		n, err := ask("GET", "n").AsInt64()
		show("AsInt64", n, err)
		n, err = ask("GET", "s").AsInt64()
		show("AsInt64 on a text", n, err)
		n, err = ask("GET", "none").AsInt64()
		show("AsInt64 on nil", n, err)
		f, err := ask("ZSCORE", "z", "b").AsFloat64()
		show("AsFloat64", f, err)
		b, err := ask("SISMEMBER", "set", "x").AsBool()
		show("AsBool", b, err)
		m, err := ask("HGETALL", "h").AsStrMap()
		show("AsStrMap", m, err)
		mi, err := ask("HGETALL", "h").AsIntMap()
		show("AsIntMap", mi, err)
		members, err := ask("SMEMBERS", "set").AsStrSlice()
		slices.Sort(members)
		show("AsStrSlice", members, err)
		zs, err := ask("ZRANGE", "z", "0", "-1", "WITHSCORES").AsZScores()
		show("AsZScores", zs, err)
		_, err = ask("GET", "s").ToArray()
		show("ToArray on a text", "", err)
		_, err = ask("LPUSH", "s", "x").ToArray()
		show("ToArray on an error", "", err)
		v, err := ask("HGETALL", "h").ToAny()
		show("ToAny", v, err)
		scan, err := ask("SCAN", "0", "MATCH", "n").AsScanEntry()
		show("AsScanEntry", scan, err)
		st.do("SET", "j", `{"A":1}`)
		var decoded struct{ A int }
		err = ask("GET", "j").DecodeJSON(&decoded)
		show("DecodeJSON", decoded, err)
	}},
	{name: "builders", play: func(st *stage) {
		c, ctx := st.c, st.ctx
		st.result("SET", c.Do(ctx, c.B().Set().Key("k").Value("v").ExSeconds(100).Build()))
		st.result("GET", c.Do(ctx, c.B().Get().Key("k").Build()))
		pinned := c.B().Get().Key("k").Build().Pin()
		st.result("pinned", c.Do(ctx, pinned))
		st.result("pinned again", c.Do(ctx, pinned))
		st.result("to retry", c.Do(ctx, c.B().Incr().Key("n").Build().ToRetryable()))
		st.result("to pipe", c.Do(ctx, c.B().Blpop().Key("none").Timeout(0.01).Build().ToPipe()))
		st.result("ReadOnly", c.Do(ctx, c.B().Arbitrary("GET").Keys("k").ReadOnly()))
		long := c.B().Mset().KeyValue()
		for i := range 50 {
			long = long.KeyValue("m"+strconv.Itoa(i), "x")
		}
		st.result("more words than a stack holds", c.Do(ctx, long.Build()))
	}},
	{name: "scripts", play: func(st *stage) {
		add := rueidis.NewLuaScript(`return redis.call('INCRBY', KEYS[1], ARGV[1])`)
		st.result("Exec", add.Exec(st.ctx, st.c, []string{"n"}, []string{"2"}))
		st.result("Exec again", add.Exec(st.ctx, st.c, []string{"n"}, []string{"2"}))
		st.other("SCRIPT", "FLUSH")
		st.result("Exec after SCRIPT FLUSH", add.Exec(st.ctx, st.c, []string{"n"}, []string{"2"}))
		st.results("ExecMulti", add.ExecMulti(st.ctx, st.c, rueidis.LuaExec{Keys: []string{"n"}, Args: []string{"1"}}, rueidis.LuaExec{Keys: []string{"m"}, Args: []string{"5"}}))
		st.result("an argument that it does not take", add.Exec(st.ctx, st.c, []string{"n"}, []string{"x"}))
		st.result("without SHA", rueidis.NewLuaScriptNoSha(`return {KEYS[1], ARGV[1]}`).Exec(st.ctx, st.c, []string{"k"}, []string{"v"}))
		st.other("SCRIPT", "FLUSH")
		st.result("loaded SHA", rueidis.NewLuaScript(`return 7`, rueidis.WithLoadSHA1(true)).Exec(st.ctx, st.c, nil, nil))
	}},
	{name: "functions", needs: servers.CanFunctions, play: func(st *stage) {
		st.do("FUNCTION", "LOAD", "REPLACE", "#!lua name=lib\nredis.register_function('f', function(k, a) return {k[1], a[1]} end)")
		st.do("FCALL", "f", "1", "k", "a")
		st.do("FCALL", "nonesuch", "0")
		st.do("EVALSHA_RO", strings.Repeat("a", 40), "0")
		st.result("read-only script", rueidis.NewLuaScriptReadOnly(`return 1`).Exec(st.ctx, st.c, nil, nil))
	}},
	{name: "nodes, mode and builder", play: func(st *stage) {
		st.show("Mode", st.c.Mode())
		for addr, node := range st.c.Nodes() {
			st.show("node", addr)
			st.result("Do on the node", node.Do(st.ctx, node.B().Set().Key("k").Value("v").Build()))
			st.result("an error on the node", node.Do(st.ctx, node.B().Incr().Key("k").Build()))
			st.show("Mode of the node", node.Mode())
		}
		st.do("GET", "k")
	}},
}

// accessor adds what an accessor says about a reply that does not fit: that is
// rueidis' own error on every face.
func (st *stage) accessor(what string, err error) {
	if err == nil {
		st.show(what, "no error")
		return
	}
	st.add(exhibit{what, err.Error(), found(err)})
}
