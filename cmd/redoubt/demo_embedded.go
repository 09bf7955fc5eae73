package main

import "github.com/alicebob/miniredis/v2"

// embeddedServer starts a server inside the process.
func embeddedServer() (addr string, stop func(), err error) {
	m, err := miniredis.Run()
	if err != nil {
		return "", nil, err
	}
	return m.Addr(), m.Close, nil
}
