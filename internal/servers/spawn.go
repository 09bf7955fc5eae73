package servers

import (
	"os"
	"os/exec"
	"runtime"
)

// process is a server's process. It is reaped by the goroutine that started
// it.
type process struct {
	cmd  *exec.Cmd
	pid  int
	done chan struct{} // closed when the process is gone
}

// spawn starts a program whose life ends with this process, however this
// process ends. On Linux the kernel kills it (Pdeathsig), but the signal is
// tied to the thread that forked, not to the process: a goroutine that moves
// on to other threads would one day lose its thread and the server with it. So
// the goroutine that starts a server keeps its thread and stays until the
// server is gone.
func spawn(path string, args []string, dir string, out *os.File) (*process, error) {
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.SysProcAttr = guarded()
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err != nil {
			return
		}
		cmd.Wait() // how it ended is the test's business, and in the log
		p.reapGroup()
		close(p.done)
	}()
	return p, <-started
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *process) kill() { p.cmd.Process.Kill() }
