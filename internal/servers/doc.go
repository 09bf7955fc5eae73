// Package servers starts private real servers for tests: Redis, Valkey and
// whatever else speaks like them, every release that is found on the machine.
//
//	for _, bin := range servers.Need(t) {
//		s := servers.Start(t, bin, servers.Password("secret"))
//		primary, replica := s, servers.Start(t, bin, servers.ReplicaOf(s))
//		...
//		primary.Kill()
//	}
//
// A server listens on a free loopback port, keeps its files in a temporary
// directory of its own, and ends with the test that started it. It ends as
// well when the test process panics, is killed or exits: on Linux the kernel
// sees to it (see spawn); elsewhere only the end of the test does.
//
// The package speaks RESP itself, so that a test can steer and question a
// server without the code under test. It links nothing but the standard
// library, and not package testing: T is the part of testing.TB that it needs.
package servers

// T is what the package needs of testing.TB. Its failing methods end the
// calling goroutine, so they must be called from the test's own.
type T interface {
	Helper()
	Cleanup(func())
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}
