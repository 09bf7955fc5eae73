package main

import (
	"errors"
	"strconv"
	"strings"
)

// splitWords splits a command line at blanks. Quotes keep blanks, as in a shell;
// nothing is escaped.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	open, inWord := byte(0), false
	for i := range len(line) {
		switch c := line[i]; {
		case c == open:
			open = 0
		case open == 0 && (c == '\'' || c == '"'):
			open, inWord = c, true
		case open == 0 && (c == ' ' || c == '\t' || c == '\n'):
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if open != 0 {
		return nil, errors.New("--command has a quote that is not closed")
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// scriptSlot is slot+1 of the first key of a script or function call, whose
// own redirections are told from forged ones by it; 0 for everything else.
func scriptSlot(words []string) int {
	if len(words) < 4 {
		return 0
	}
	name := strings.ToUpper(words[0])
	if !strings.HasPrefix(name, "EVAL") && !strings.HasPrefix(name, "FCALL") {
		return 0
	}
	if keys, err := strconv.Atoi(words[2]); err != nil || keys < 1 {
		return 0
	}
	return keySlot(words[3]) + 1
}

// keySlot is the cluster slot of a key: CRC-16/XMODEM of the key, or of its
// hash tag, modulo 16384.
func keySlot(key string) int {
	if _, rest, ok := strings.Cut(key, "{"); ok {
		if tag, _, ok := strings.Cut(rest, "}"); ok && tag != "" {
			key = tag
		}
	}
	crc := uint16(0)
	for i := range len(key) {
		crc ^= uint16(key[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc) % 16384
}
