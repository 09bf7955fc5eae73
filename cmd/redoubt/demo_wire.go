package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// commandName is the first word of a request, in capitals.
func commandName(request []byte) string {
	parts := bytes.SplitN(request, []byte("\r\n"), 4) // *n, $length, word, the rest
	if len(parts) < 3 {
		return ""
	}
	return strings.ToUpper(string(parts[2]))
}

// Bounds of a value. They are wider than what a server sends, and keep one that
// is none from ending the process.
const (
	maxNesting = 64
	maxLength  = 1 << 30
)

var errNotRESP = errors.New("the peer does not speak RESP")

// readValue reads one whole value of the protocol, of version 2 or 3, and
// returns its bytes as they are.
func readValue(r *bufio.Reader) ([]byte, error) {
	return appendValue(nil, r, maxNesting)
}

func appendValue(raw []byte, r *bufio.Reader, depth int) ([]byte, error) {
	line, err := r.ReadBytes('\n')
	raw = append(raw, line...)
	if err != nil {
		return raw, err
	}
	switch line[0] {
	case '+', '-', ':', '_', '#', ',', '(': // a line is all
		return raw, nil
	}
	n, err := strconv.Atoi(strings.TrimRight(string(line[1:]), "\r\n")) // -1 is a null
	if err != nil || n > maxLength || depth == 0 {
		return raw, errNotRESP
	}
	switch line[0] {
	case '$', '=', '!': // bytes
		if n < 0 {
			return raw, nil
		}
		var body bytes.Buffer
		_, err = io.CopyN(&body, r, int64(n)+2)
		return append(raw, body.Bytes()...), err
	case '*', '~': // elements
	case '%': // pairs
		n *= 2
	case '|': // attributes, before the value
		n = 2*n + 1
	case '>': // a push, before the value
		n++
	default:
		return raw, errNotRESP
	}
	for ; n > 0 && err == nil; n-- {
		raw, err = appendValue(raw, r, depth-1)
	}
	return raw, err
}
