package servers_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-go/redoubt/internal/servers"
)

// sceneVar tells a child test process how to end.
const sceneVar = "REDOUBT_TEST_SCENE"

// ends are the ways in which a test process ends before its cleanup is done.
var ends = map[string]func(t *testing.T){
	"fails":     func(t *testing.T) { t.Fatal("as told") },
	"panics":    func(*testing.T) { panic("as told") },
	"exits":     func(*testing.T) { os.Exit(3) },
	"is killed": func(*testing.T) { select {} },
	"is interrupted": func(*testing.T) {
		select {}
	},
	"panics elsewhere": func(*testing.T) {
		go panic("as told")
		select {}
	},
}

var signals = map[string]os.Signal{"is killed": os.Kill, "is interrupted": os.Interrupt}

// TestScene is the child: it starts servers, says where they are, waits for
// its parent to be connected, and ends.
func TestScene(t *testing.T) {
	end := ends[os.Getenv(sceneVar)]
	if end == nil {
		t.Skip("runs as a child of TestServersEndWithTheTestProcess only")
	}
	bins := servers.Need(t)
	first := servers.Start(t, bins[0])
	// A server that is stopped, and the other end of a replication link, are
	// the hard ones to get rid of.
	second := servers.Start(t, bins[0], servers.ReplicaOf(first))
	first.Pause()
	// The thread that started them may go: the guard must not hang on it.
	done := make(chan struct{})
	go func() { runtime.LockOSThread(); close(done) }()
	<-done
	fmt.Printf("addr %s\naddr %s\nready\n", first.Addr(), second.Addr())
	bufio.NewReader(os.Stdin).ReadString('\n')
	end(t)
}

func TestServersEndWithTheTestProcess(t *testing.T) {
	t.Parallel()
	servers.Need(t)
	for how := range ends {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS != "linux" && how != "fails" && how != "panics" {
				t.Skip("only Linux ends a process with its parent")
			}
			child := exec.Command(os.Args[0], "-test.run=^TestScene$", "-test.v")
			child.Env = append(os.Environ(), sceneVar+"="+how, "TMPDIR="+t.TempDir())
			in, _ := child.StdinPipe()
			out, _ := child.StdoutPipe()
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			conns := connect(t, out)
			io.WriteString(in, "go\n")
			if sig := signals[how]; sig != nil {
				child.Process.Signal(sig)
			}
			go io.Copy(io.Discard, out)
			// A connection to a server that is gone is at its end; no port is
			// asked again, for by now it may be somebody else's.
			for _, c := range conns {
				c.SetReadDeadline(time.Now().Add(20 * time.Second))
				_, err := c.Read(make([]byte, 1))
				if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("the server at %s outlives the test process: read gives %v", c.RemoteAddr(), err)
				}
			}
			if err := child.Wait(); err == nil {
				t.Error("the child ended well; want it to end badly")
			}
		})
	}
}

// connect reads the addresses that the child prints and connects to each.
func connect(t *testing.T, out io.Reader) (conns []net.Conn) {
	t.Helper()
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
		addr, ok := strings.CutPrefix(lines.Text(), "addr ")
		if !ok {
			continue
		}
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		conns = append(conns, c)
	}
	if len(conns) != 2 {
		t.Fatalf("the child started %d servers; want 2", len(conns))
	}
	return conns
}

// endf remembers and leaves, as testing does.
func (r *recorder) endf(as *string, format string, args ...any) {
	*as = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// run calls f in a goroutine that may be left.
func (r *recorder) run(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}
