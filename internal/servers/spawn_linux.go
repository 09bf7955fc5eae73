package servers

import "syscall"

// guarded puts the server into a process group of its own, so that an
// interrupt typed at the terminal reaches the test and not the server, and has
// the kernel kill it when its parent's thread dies; see spawn.
func guarded() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
