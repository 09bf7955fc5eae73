package respfake

import (
	"errors"
	"net"
	"time"
)

// duplex is one end of a connection in memory. It is made of two pipes, one for
// each direction, so that it can be half-closed, which net.Pipe cannot.
type duplex struct {
	in, out net.Conn
	local   net.Addr
	remote  net.Addr
}

// pipe returns both ends of a connection to addr.
func pipe(addr string) (client, server net.Conn) {
	toServer, fromClient := net.Pipe()
	toClient, fromServer := net.Pipe()
	return &duplex{in: fromServer, out: toServer, local: address("client"), remote: address(addr)},
		&duplex{in: fromClient, out: toClient, local: address(addr), remote: address("client")}
}

func (d *duplex) Read(b []byte) (int, error)  { return d.in.Read(b) }
func (d *duplex) Write(b []byte) (int, error) { return d.out.Write(b) }

func (d *duplex) Close() error      { return errors.Join(d.in.Close(), d.out.Close()) }
func (d *duplex) CloseWrite() error { return d.out.Close() }

func (d *duplex) LocalAddr() net.Addr  { return d.local }
func (d *duplex) RemoteAddr() net.Addr { return d.remote }

func (d *duplex) SetDeadline(t time.Time) error {
	return errors.Join(d.in.SetDeadline(t), d.out.SetDeadline(t))
}
func (d *duplex) SetReadDeadline(t time.Time) error  { return d.in.SetReadDeadline(t) }
func (d *duplex) SetWriteDeadline(t time.Time) error { return d.out.SetWriteDeadline(t) }

// address is a host and port in memory.
type address string

func (address) Network() string  { return "pipe" }
func (a address) String() string { return string(a) }
