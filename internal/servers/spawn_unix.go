//go:build unix && !linux

package servers

import "syscall"

// guarded puts the server into a process group of its own. No kernel but
// Linux's kills it with its parent: only the end of the test does.
func guarded() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
