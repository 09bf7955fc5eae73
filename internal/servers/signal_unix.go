//go:build unix

package servers

import "syscall"

func (p *process) terminate() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
func (p *process) pause() error     { return p.cmd.Process.Signal(syscall.SIGSTOP) }
func (p *process) resume() error    { return p.cmd.Process.Signal(syscall.SIGCONT) }

// reapGroup ends what the server has left behind, such as a child that saves.
func (p *process) reapGroup() { syscall.Kill(-p.pid, syscall.SIGKILL) }
