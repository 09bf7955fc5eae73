package conformance_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/internal/servers"
)

// TestEveryServerCommandIsRatedSafely walks COMMAND of every server found,
// sub-commands included. What a server calls a write must never count as a
// read, and what it knows must have been thought of: a command rated Never is
// in the list below, on purpose.
func TestEveryServerCommandIsRatedSafely(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, bin servers.Binary) {
		commands := serverCommands(t, servers.Start(t, bin))
		if len(commands) < 200 {
			t.Fatalf("got %d commands; want the whole COMMAND table", len(commands))
		}
		rated := map[classify.Safety]int{}
		for _, name := range slices.Sorted(maps.Keys(commands)) {
			flags := commands[name]
			safety := classify.SafetyOf(strings.Fields(name))
			rated[safety]++
			switch {
			case safety == classify.Unrated:
				t.Errorf("%s is unrated", name)
			case safety <= classify.ReadOnly && slices.Contains(flags, "write"):
				t.Errorf("%s is flagged write and rated %v", name, safety)
			case safety == classify.Never && !slices.Contains(never, name):
				t.Errorf("%s is rated never without being listed as such", name)
			}
		}
		t.Logf("%d commands: %v", len(commands), rated)
	})
}

// TestCommandDocsHideNoCommand holds the names of COMMAND DOCS against those of
// COMMAND, so that the walk above misses none.
func TestCommandDocsHideNoCommand(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, bin servers.Binary) {
		s := servers.Start(t, bin)
		commands := serverCommands(t, s)
		docs := must(t, s, "COMMAND", "DOCS").([]any)
		for i := 0; i+1 < len(docs); i += 2 {
			name, fields := upperText(docs[i]), docs[i+1].([]any)
			names := []string{name}
			for j := 0; j+1 < len(fields); j += 2 {
				subs, isList := fields[j+1].([]any)
				if fields[j] != "subcommands" || !isList {
					continue
				}
				for k := 0; k < len(subs); k += 2 {
					names = append(names, spaced(upperText(subs[k])))
				}
			}
			for _, name := range names {
				if _, known := commands[name]; !known {
					t.Errorf("%s is documented and not in COMMAND", name)
				}
			}
		}
	}, servers.CanCommandDocs)
}

// serverCommands maps the name of every command and sub-command, in capitals
// and with a space, to its flags.
func serverCommands(t *testing.T, s *servers.Server) map[string][]string {
	t.Helper()
	commands := map[string][]string{}
	var walk func(table []any)
	walk = func(table []any) {
		for _, row := range table {
			fields := row.([]any)
			name := spaced(upperText(fields[0]))
			commands[name] = nil
			for _, flag := range fields[2].([]any) {
				commands[name] = append(commands[name], flag.(string))
			}
			if len(fields) > 9 { // since 7.0; before, a container has one row
				walk(fields[9].([]any))
			}
		}
	}
	walk(must(t, s, "COMMAND").([]any))
	return commands
}

func upperText(v any) string {
	text, _ := v.(string)
	return strings.ToUpper(text)
}

// spaced turns "CONFIG|GET" into "CONFIG GET".
func spaced(name string) string { return strings.Replace(name, "|", " ", 1) }

// never is what must not be sent twice on anybody's account.
var never = []string{
	// The session of a connection: on another one it would be wrong.
	"ASKING", "AUTH", "HELLO", "QUIT", "READONLY", "READWRITE", "RESET", "SELECT",
	"CLIENT CACHING", "CLIENT CAPA", "CLIENT IMPORT-SOURCE", "CLIENT NO-EVICT",
	"CLIENT NO-TOUCH", "CLIENT REPLY", "CLIENT SETINFO", "CLIENT SETNAME",
	"CLIENT TRACKING", "WAIT", "WAITAOF",

	// Transactions are sent again as a whole, by their owner, or not at all.
	"MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH",

	// Subscriptions are renewed, not repeated.
	"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE",
	"SUNSUBSCRIBE", "MONITOR",

	// Nobody but the author knows what a script does.
	"EVAL", "EVALSHA", "FCALL", "SCRIPT DEBUG",

	// Between servers, and by hand.
	"SYNC", "PSYNC", "REPLCONF", "RESTORE-ASKING", "DEBUG", "PFDEBUG", "SHUTDOWN",

	// Not commands of the protocol: what speaks HTTP by mistake is to be cut off.
	"POST", "HOST:",

	// Containers: a command only with the sub-command, which is rated. Redis 6.2
	// lists them alone.
	"ACL", "CLIENT", "CLUSTER", "CONFIG", "FUNCTION", "LATENCY", "MEMORY", "MODULE",
	"OBJECT", "PUBSUB", "SCRIPT", "SLOWLOG", "XGROUP", "XINFO",
}
