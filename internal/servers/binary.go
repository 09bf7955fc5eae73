package servers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Binary is a server program found on this machine.
type Binary struct {
	Path    string // as it is started; servers decide by this name what they are
	Flavour string // "redis", "valkey", in lower case as the program calls itself
	Version string // "7.0.15"
}

// String is flavour and version: "redis 7.0.15".
func (b Binary) String() string { return b.Flavour + " " + b.Version }

// AtLeast reports whether the version is major.minor or newer. Flavours count
// their versions apart.
func (b Binary) AtLeast(major, minor int) bool {
	have := strings.SplitN(b.Version+".0", ".", 3)
	ma, _ := strconv.Atoi(have[0])
	mi, _ := strconv.Atoi(have[1])
	return ma > major || ma == major && mi >= minor
}

// The environment that the package obeys.
const (
	envPaths   = "REDOUBT_SERVERS"         // more programs, separated by commas
	envCache   = "REDOUBT_SERVER_CACHE"    // folder with redis-* programs
	envRequire = "REDOUBT_REQUIRE_SERVERS" // 1: a missing server is a failure
)

// Find returns every server program on this machine, each once: redis-server
// and valkey-server on PATH, those named in REDOUBT_SERVERS, and redis-* in
// the cache folder (REDOUBT_SERVER_CACHE, by default redoubt-servers in the
// user's cache). The search is done once per process.
func Find() []Binary {
	bins, _ := found()
	return slices.Clone(bins)
}

// Need returns the programs that have every capability asked for, oldest find
// first, and logs which are left out and why. Without any it skips the test;
// if REDOUBT_REQUIRE_SERVERS is 1 it fails the test, as it does if redis-server,
// valkey-server or a program named in REDOUBT_SERVERS is missing.
func Need(t T, caps ...Capability) []Binary {
	t.Helper()
	bins, missing := found()
	if len(missing) > 0 && required() {
		t.Fatalf("servers are required (%s=1), but: %v", envRequire, errors.Join(missing...))
	}
	var able []Binary
	for _, b := range bins {
		lacks := slices.DeleteFunc(slices.Clone(caps), b.Has)
		if len(lacks) == 0 {
			able = append(able, b)
			continue
		}
		t.Logf("%v left out: it has no %v", b, lacks)
	}
	if len(able) == 0 {
		unavailablef(t, "NO SERVER for this test: needs %v, found %v; .ci/servers.sh installs them (%v)", caps, bins, errors.Join(missing...))
	}
	return able
}

// unavailablef skips the test, or fails it where servers are required.
func unavailablef(t T, format string, args ...any) {
	t.Helper()
	if required() {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

func required() bool { return os.Getenv(envRequire) == "1" }

// found is the search, done once: programs, and what is missing of those that
// have a name.
var found = sync.OnceValues(func() (bins []Binary, missing []error) {
	seen := map[string]bool{}
	add := func(path string, named bool) {
		b, err := identify(path)
		target, linkErr := filepath.EvalSymlinks(b.Path)
		switch {
		case err != nil && named:
			missing = append(missing, err)
		case err != nil || linkErr != nil || seen[target]:
		default:
			seen[target] = true
			bins = append(bins, b)
		}
	}
	add("redis-server", true)
	add("valkey-server", true)
	for path := range strings.SplitSeq(os.Getenv(envPaths), ",") {
		if path = strings.TrimSpace(path); path != "" {
			add(path, true)
		}
	}
	cached, _ := filepath.Glob(filepath.Join(cacheDir(), "redis-*"))
	for _, path := range cached {
		add(path, false)
	}
	return bins, missing
})

func cacheDir() string {
	if dir := os.Getenv(envCache); dir != "" {
		return dir
	}
	base := os.Getenv("XDG_CACHE_HOME")
	if base == "" {
		home, _ := os.UserHomeDir()
		base = filepath.Join(home, ".cache")
	}
	return filepath.Join(base, "redoubt-servers")
}

var versionLine = regexp.MustCompile(`(?i)^(\S+) server v=(\S+)`)

// identify asks a program for its name and version.
func identify(path string) (Binary, error) {
	full, err := exec.LookPath(path)
	if err != nil {
		return Binary{}, err
	}
	out, err := exec.Command(full, "--version").Output()
	if err != nil {
		return Binary{}, fmt.Errorf("%s --version: %w", path, err)
	}
	m := versionLine.FindStringSubmatch(string(out))
	if m == nil {
		return Binary{}, fmt.Errorf("%s --version: not a server's answer", path)
	}
	return Binary{Path: full, Flavour: strings.ToLower(m[1]), Version: m[2]}, nil
}
