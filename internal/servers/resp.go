package servers

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// ReplyError is an error line as the server sent it, without the type byte and
// the line end.
type ReplyError string

func (e ReplyError) Error() string { return string(e) }

func (e ReplyError) has(code string) bool {
	return strings.HasPrefix(string(e), code+" ")
}

// Conn is a plain connection for steering a server. It is for one goroutine.
type Conn struct {
	net.Conn
	// Timeout bounds each write and each read; 10 s if nothing else is said.
	Timeout time.Duration

	r *bufio.Reader
}

// patience bounds what a healthy server on loopback may take.
const patience = 10 * time.Second

// NewConn makes a Conn of a connection that was dialled in its own way.
func NewConn(c net.Conn) *Conn {
	return &Conn{Conn: c, Timeout: patience, r: bufio.NewReader(c)}
}

// Dial opens a connection, with TLS if conf is not nil.
func Dial(network, addr string, conf *tls.Config) (*Conn, error) {
	dialer := &net.Dialer{Timeout: patience}
	var c net.Conn
	var err error
	if conf != nil {
		c, err = tls.DialWithDialer(dialer, network, addr, conf)
	} else {
		c, err = dialer.Dial(network, addr)
	}
	if err != nil {
		return nil, err
	}
	return NewConn(c), nil
}

// Do sends a command and returns its reply; see Receive.
func (c *Conn) Do(args ...string) (any, error) {
	if err := c.Send(args...); err != nil {
		return nil, err
	}
	return c.Receive()
}

// Send sends a command and leaves its reply to Receive.
func (c *Conn) Send(args ...string) error {
	b := strconv.AppendInt([]byte{'*'}, int64(len(args)), 10)
	for _, arg := range args {
		b = strconv.AppendInt(append(b, "\r\n$"...), int64(len(arg)), 10)
		b = append(append(b, "\r\n"...), arg...)
	}
	return c.Raw(string(append(b, "\r\n"...)))
}

// Raw sends bytes as they are.
func (c *Conn) Raw(bytes string) error {
	c.SetWriteDeadline(time.Now().Add(c.Timeout))
	_, err := io.WriteString(c.Conn, bytes)
	return err
}

// Receive reads one reply: string, int64, float64, bool, nil or []any; a map
// is the flat list of its keys and values, a push the list of its parts. An
// error reply is a ReplyError in err; inside a list it is an element.
func (c *Conn) Receive() (any, error) {
	c.SetReadDeadline(time.Now().Add(c.Timeout))
	v, err := c.value()
	if reply, ok := v.(ReplyError); ok && err == nil {
		return nil, reply
	}
	return v, err
}

func (c *Conn) value() (any, error) {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	if len(line) < 3 || !strings.HasSuffix(line, "\r\n") {
		return nil, fmt.Errorf("not RESP: %q", line)
	}
	typ, rest := line[0], line[1:len(line)-2]
	switch typ {
	case '+', '(':
		return rest, nil
	case '-':
		return ReplyError(rest), nil
	case ':':
		return strconv.ParseInt(rest, 10, 64)
	case ',':
		return strconv.ParseFloat(rest, 64)
	case '#':
		return rest == "t", nil
	case '_':
		return nil, nil
	}
	n, err := strconv.Atoi(rest)
	if err != nil || n < 0 {
		return nil, err
	}
	switch typ {
	case '$', '=', '!':
		return c.blob(typ, n)
	case '*', '~', '>':
		return c.list(n)
	case '%':
		return c.list(2 * n)
	case '|': // attributes of the value that follows
		if _, err := c.list(2 * n); err != nil {
			return nil, err
		}
		return c.value()
	}
	return nil, errors.New("not RESP: type " + strconv.Quote(string(typ)))
}

func (c *Conn) blob(typ byte, n int) (any, error) {
	b := make([]byte, n+2)
	if _, err := io.ReadFull(c.r, b); err != nil {
		return nil, err
	}
	switch text := string(b[:n]); {
	case typ == '!':
		return ReplyError(text), nil
	case typ == '=' && n >= 4: // "txt:..."
		return text[4:], nil
	default:
		return text, nil
	}
}

func (c *Conn) list(n int) ([]any, error) {
	list := make([]any, n)
	for i := range list {
		v, err := c.value()
		if err != nil {
			return nil, err
		}
		list[i] = v
	}
	return list, nil
}
