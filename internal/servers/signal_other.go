//go:build !unix

package servers

import (
	"errors"
	"os"
	"syscall"
)

func guarded() *syscall.SysProcAttr { return nil }

func (p *process) terminate() error { return p.cmd.Process.Signal(os.Kill) }
func (p *process) pause() error     { return errors.ErrUnsupported }
func (p *process) resume() error    { return errors.ErrUnsupported }
func (p *process) reapGroup()       {}
