package classify

// refinements are the commands whose rung depends on their arguments. Each
// function gets the arguments behind the name (and sub-command) and returns the
// rung of this form. It reads them as the server's parser does, and where it
// cannot follow them it returns the highest rung that the command has.
var refinements = map[string]func(args []string) Safety{
	"SET":           set,
	"GETEX":         getEx,
	"MSETEX":        msetEx,
	"BITFIELD":      bitfield,
	"BITOP":         bitop,
	"HSETEX":        hsetEx,
	"HGETEX":        hgetEx,
	"LREM":          lrem,
	"LTRIM":         ltrim,
	"ZADD":          zadd,
	"GEOADD":        geoadd,
	"XADD":          xadd,
	"COPY":          copyKey,
	"RESTORE":       restore,
	"SORT":          sortKey,
	"FUNCTION LOAD": functionLoad,

	"EXPIRE":     expireIn,
	"PEXPIRE":    expireIn,
	"HEXPIRE":    expireIn,
	"HPEXPIRE":   expireIn,
	"EXPIREAT":   expireAt,
	"PEXPIREAT":  expireAt,
	"HEXPIREAT":  expireAt,
	"HPEXPIREAT": expireAt,

	"ZUNIONSTORE":       storeCounted,
	"ZINTERSTORE":       storeCounted,
	"CMS.MERGE":         storeCounted,
	"ZRANGESTORE":       storeOne,
	"GEOSEARCHSTORE":    storeOne,
	"GEORADIUS":         func(args []string) Safety { return geoRadius(args, 5) },
	"GEORADIUSBYMEMBER": func(args []string) Safety { return geoRadius(args, 4) },

	"ACL LOG":         aclLog,
	"SENTINEL CONFIG": sentinelConfig,
	"GRAPH.SLOWLOG":   graphSlowlog,

	"JSON.SET":      jsonSet,
	"JSON.DEL":      jsonDel,
	"JSON.FORGET":   jsonDel,
	"FT.AGGREGATE":  withCursor,
	"FT.HYBRID":     withCursor,
	"FT.PROFILE":    withCursor,
	"FT.SUGADD":     sugAdd,
	"TS.ADD":        tsAdd,
	"TDIGEST.MERGE": tdigestMerge,
}
