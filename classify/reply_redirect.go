package classify

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/redoubt-go/redoubt/errs"
)

// redirect completes a verdict on MOVED, ASK or REDIRECT with its target, or
// turns it into BadRedirect. text is what follows the code: "3999
// 127.0.0.1:6381", without the slot for REDIRECT.
func redirect(v Verdict, text string) Verdict {
	if v.Kind != errs.RedirectTo {
		digits, target, ok := strings.Cut(text, " ")
		slot, isSlot := decimal(digits, 16383)
		if !ok || !isSlot {
			return withCode(verdict(errs.BadRedirect), v.Code)
		}
		v.Slot, text = slot+1, target
	}
	addr, known, ok := target(text)
	if !ok {
		return withCode(verdict(errs.BadRedirect), v.Code)
	}
	if !known { // only the topology can tell where the node is
		lost := withCode(verdict(errs.UnknownTarget), v.Code)
		lost.Slot = v.Slot
		return lost
	}
	v.Addr = addr
	return v
}

// target reads "host:port" into an address that can be dialled. An empty host
// stands for the node that answered and gives ":port". A host "?" is well
// formed and not known. It allocates only where the address must be rewritten.
func target(s string) (addr string, known, ok bool) {
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 {
		return "", false, false
	}
	host, digits := s[:colon], s[colon+1:]
	port, isPort := decimal(digits, 65535)
	if !isPort || port == 0 {
		return "", false, false
	}
	if host == "?" {
		return "", false, true
	}
	rewrite := digits[0] == '0'
	if strings.HasPrefix(host, "[") || strings.IndexByte(host, ':') >= 0 {
		rewrite = host[0] != '['
		if !rewrite {
			if len(host) < 2 || host[len(host)-1] != ']' {
				return "", false, false
			}
			host = host[1 : len(host)-1]
			rewrite = digits[0] == '0'
		}
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Is6() || !hostname(ip.Zone()) {
			return "", false, false
		}
	} else if !hostname(host) || dotted(host) && !isIPv4(host) {
		return "", false, false
	}
	if rewrite {
		return net.JoinHostPort(host, strconv.Itoa(port)), true, true
	}
	return s, true, true
}

// hostname reports whether s can be a host name or an IPv4 address, or is
// empty.
func hostname(s string) bool {
	for i := range len(s) {
		if !hostByte[s[i]] {
			return false
		}
	}
	return len(s) <= 253 && (s == "" || s[0] != '.' && s[0] != '-')
}

// dotted reports whether s ends in a dot and digits, as only an address does.
func dotted(s string) bool {
	i := len(s)
	for i > 0 && s[i-1] >= '0' && s[i-1] <= '9' {
		i--
	}
	return 0 < i && i < len(s) && s[i-1] == '.'
}

func isIPv4(s string) bool {
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Is4()
}

// hostByte holds the bytes of host names; underscores occur in those of containers.
var hostByte = func() (t [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") {
		t[c] = true
	}
	return t
}()

// decimal reads one to five digits that give at most limit.
func decimal(s string, limit int) (n int, ok bool) {
	if s == "" || len(s) > 5 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, n <= limit
}
