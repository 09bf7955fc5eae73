package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/redis/rueidis/rueidislock"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/servers"
)

// TestLockOfRueidis: rueidislock itself, over both faces. It needs IsRedisNil,
// Lua with the raw NOSCRIPT, and the invalidations of tracking with OPTOUT.
func TestLockOfRueidis(t *testing.T) {
	t.Parallel()
	onEachFace(t, func(t *testing.T, s *servers.Server, v variant, face subject) {
		lockers := make([]rueidislock.Locker, 2)
		for i := range lockers {
			l, err := rueidislock.NewLocker(rueidislock.LockerOption{
				ClientOption: v.option(s), ClientBuilder: face.open, KeyMajority: 1, KeyValidity: 5 * time.Second, TryNextAfter: time.Second,
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(l.Close)
			lockers[i] = l
		}
		ctx := context.Background()
		held, release, err := lockers[0].TryWithContext(ctx, "job")
		if err != nil {
			t.Fatalf("first: %v", err)
		}
		if _, _, err := lockers[1].TryWithContext(ctx, "job"); !errors.Is(err, rueidislock.ErrNotLocked) {
			t.Errorf("second: got %v; want ErrNotLocked", err)
		}
		must(t, s, "SCRIPT", "FLUSH") // release and extension have to heal
		release()
		check(t, "the context of a lock that was released", held.Err(), context.Canceled)
		check(t, "keys left behind", must(t, s, "DBSIZE").(int64), 0)

		// Nobody is in the section twice. Each wait is bounded, for rueidislock
		// misses a wake-up once in a hundred runs, over rueidis as well.
		const rounds = 10
		var inside, total atomic.Int64
		var waiting sync.WaitGroup
		for _, l := range lockers {
			waiting.Go(func() {
				for done := 0; done < rounds; {
					bounded, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
					_, release, err := l.WithContext(bounded, "job")
					switch {
					case err == nil:
						if n := inside.Add(1); n != 1 {
							t.Errorf("%d holders", n)
						}
						total.Add(1)
						done++
						inside.Add(-1)
						release()
					case !errors.Is(err, context.DeadlineExceeded):
						t.Errorf("WithContext: %v", err)
						done = rounds
					}
					cancel()
				}
			})
		}
		waiting.Wait()
		check(t, "sections", total.Load(), int64(rounds*len(lockers)))

		held, release, err = lockers[0].TryWithContext(ctx, "stolen")
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		_, releaseForced, err := lockers[1].ForceWithContext(ctx, "stolen")
		check(t, "ForceWithContext", err, nil)
		if !v.resp2 { // told by an invalidation
			select {
			case <-held.Done():
			case <-time.After(20 * time.Second):
				t.Error("the holder was not told that its lock was taken")
			}
		}
		releaseForced()
	})
}

// aside is the call pattern of rueidisaside: a cached read, a placeholder with
// SET NX GET PX for the one who loads, compare-and-set and compare-and-delete
// in Lua, and an invalidation that wakes those who wait.
type aside struct {
	c       rueidis.Client
	id      string
	mu      sync.Mutex
	waiters map[string]chan struct{}
}

const placeholder = "loading:"

var (
	setKey = rueidis.NewLuaScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end return 0`)
	delKey = rueidis.NewLuaScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`)
)

func newAside(t *testing.T, face subject, opt rueidis.ClientOption, id string) *aside {
	a := &aside{id: placeholder + id, waiters: map[string]chan struct{}{}}
	opt.OnInvalidations = a.wake
	a.c = face.use(t, opt)
	return a
}

func (a *aside) wake(messages []rueidis.RedisMessage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range messages {
		key, _ := m.ToString()
		if ch := a.waiters[key]; ch != nil {
			close(ch)
			delete(a.waiters, key)
		}
	}
}

func (a *aside) waiter(key string) chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiters[key] == nil {
		a.waiters[key] = make(chan struct{})
	}
	return a.waiters[key]
}

func (a *aside) get(ctx context.Context, key string, load func() (string, error)) (string, error) {
	for {
		changed := a.waiter(key)
		val, err := a.c.DoCache(ctx, a.c.B().Get().Key(key).Cache(), time.Minute).ToString()
		if err != nil && !rueidis.IsRedisNil(err) {
			return "", err
		}
		if err == nil && !strings.HasPrefix(val, placeholder) {
			return val, nil
		}
		if err != nil { // nothing there: perhaps it is ours to load
			cmd := a.c.B().Arbitrary("SET").Keys(key).Args(a.id, "NX", "GET", "PX", "10000").Build()
			if err := a.c.Do(ctx, cmd).Error(); rueidis.IsRedisNil(err) {
				return a.fill(ctx, key, load)
			} else if err != nil {
				return "", err
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func (a *aside) fill(ctx context.Context, key string, load func() (string, error)) (string, error) {
	val, err := load()
	if err != nil {
		return "", errors.Join(err, delKey.Exec(ctx, a.c, []string{key}, []string{a.id}).Error())
	}
	return val, setKey.Exec(ctx, a.c, []string{key}, []string{a.id, val, "60000"}).Error()
}

// TestCacheAsidePattern: both faces. One load for all callers of two clients,
// waiters are woken by the invalidation, and a failed load leaves nothing.
func TestCacheAsidePattern(t *testing.T) {
	t.Parallel()
	onEachFace(t, func(t *testing.T, s *servers.Server, v variant, face subject) {
		if v.resp2 {
			t.Skip("rueidisaside needs client-side caching")
		}
		if !s.AtLeast(7, 0) {
			t.Skip("SET NX GET needs Redis 7.0")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		all := []*aside{newAside(t, face, v.option(s), "1"), newAside(t, face, v.option(s), "2")}
		var mu sync.Mutex
		loads := 0
		load := func() (string, error) {
			mu.Lock()
			defer mu.Unlock()
			loads++
			return "value", nil
		}
		var callers sync.WaitGroup
		for i := range 16 {
			callers.Go(func() {
				if val, err := all[i%2].get(ctx, "k", load); val != "value" || err != nil {
					t.Errorf("get = %q, %v; want value", val, err)
				}
			})
		}
		callers.Wait()
		check(t, "loads", loads, 1)
		_, err := all[0].get(ctx, "bad", func() (string, error) { return "", errors.New("no database") })
		check(t, "a failed load is told", err != nil, true)
		check(t, "a failed load leaves no placeholder", must(t, s, "EXISTS", "bad").(int64), 0)
		must(t, s, "RPUSH", "list", "x")
		_, err = all[0].get(ctx, "list", load)
		face.seesReplies(t, "a key of another type", err)
	})
}

// TestObjectMappingPattern: om saves a hash by a Lua script that compares the
// version, and reads HGETALL: both faces. Its JSON and search repositories
// need modules; without them the server's answer is an unknown command, which
// om hands to its caller.
func TestObjectMappingPattern(t *testing.T) {
	t.Parallel()
	save := rueidis.NewLuaScript(`
		local v = redis.call('HGET', KEYS[1], 'ver')
		if v and v ~= ARGV[1] then return nil end
		local new = tostring(tonumber(ARGV[1]) + 1)
		redis.call('HSET', KEYS[1], 'ver', new, unpack(ARGV, 2))
		return new`)
	onEachFace(t, func(t *testing.T, s *servers.Server, v variant, face subject) {
		ctx := context.Background()
		c := face.use(t, v.option(s))
		store := func(version int, name string) (string, error) {
			return save.Exec(ctx, c, []string{"user:1"}, []string{strconv.Itoa(version), "name", name}).ToString()
		}
		ver, err := store(0, "Ada")
		check(t, "save", fmt.Sprintf("%v %v", ver, err), "1 <nil>")
		ver, err = store(1, "Ada L.")
		check(t, "save again", fmt.Sprintf("%v %v", ver, err), "2 <nil>")
		_, err = store(1, "late")
		check(t, "an old version is refused", rueidis.IsRedisNil(err), true)

		fields, err := c.Do(ctx, c.B().Hgetall().Key("user:1").Build()).AsStrMap()
		check(t, "fetch", fmt.Sprintf("%v %v", fields, err), "map[name:Ada L. ver:2] <nil>")
		fields, err = c.DoCache(ctx, c.B().Hgetall().Key("user:1").Cache(), time.Minute).AsStrMap()
		check(t, "cached fetch", fmt.Sprintf("%v %v", fields, err), "map[name:Ada L. ver:2] <nil>")
		fields, err = c.Do(ctx, c.B().Hgetall().Key("user:2").Build()).AsStrMap()
		check(t, "fetch of nothing", fmt.Sprintf("%v %v", len(fields), err), "0 <nil>")

		for name, err := range map[string]error{
			"JSON.SET":  c.Do(ctx, c.B().JsonSet().Key("j").Path("$").Value(`{}`).Build()).Error(),
			"FT.SEARCH": c.Do(ctx, c.B().FtSearch().Index("i").Query("*").Build()).Error(),
		} {
			face.seesReplies(t, name, err)
			if face.name == ours.name && !errors.Is(err, errs.UnknownCommand) {
				t.Errorf("%s: got %v; want UnknownCommand", name, err)
			}
		}
	})
}

// TestExtensionsLookAtNodes: what walks over Nodes, as rueidis.Lua and
// rueidiscompat do, finds the same policy there.
func TestExtensionsLookAtNodes(t *testing.T) {
	t.Parallel()
	onEachFace(t, func(t *testing.T, s *servers.Server, v variant, face subject) {
		c := face.use(t, v.option(s))
		nodes := c.Nodes()
		check(t, "nodes", len(nodes), 1)
		node := nodes[s.Addr()]
		if node == nil {
			t.Fatalf("no node at %s: %v", s.Addr(), nodes)
		}
		err := node.Do(context.Background(), node.B().Arbitrary("NOSUCHCOMMAND").Build()).Error()
		face.seesReplies(t, "an error of the node", err)
		if _, typed := node.(*client.Client); typed != (face.name == ours.name) {
			t.Errorf("the node of %s is a %T", face.name, node)
		}
	})
}
