//go:build !linux

package client_test

import "testing"

// noDelay is shown on Linux, where the socket can be asked.
func noDelay(t *testing.T) { t.Skip("the socket cannot be asked here") }
