package servers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// keyring is the certificates of this process: one CA, and one pair that
// servers and clients share.
type keyring struct {
	ca, cert, key []byte // PEM
	client        *tls.Config
}

// keys makes the certificates, once per process. It panics where the machine
// has no randomness or cannot encode a key.
var keys = sync.OnceValue(func() *keyring {
	caKey, caCert := issue(nil, nil, &x509.Certificate{
		Subject: pkix.Name{CommonName: "redoubt test CA"},
		IsCA:    true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	})
	key, cert := issue(caKey, caCert, &x509.Certificate{
		Subject:     pkix.Name{CommonName: "redoubt test"},
		DNSNames:    []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		// A replica is a server and a client with one certificate.
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	pool := x509.NewCertPool()
	pool.AddCert(caCert)
	return &keyring{
		ca: encode("CERTIFICATE", caCert.Raw), cert: encode("CERTIFICATE", cert.Raw),
		key: encode("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key))),
		client: &tls.Config{
			RootCAs:      pool,
			Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}},
		},
	}
})

// issue makes a key and its certificate, signed by the parent or by itself.
func issue(parentKey *ecdsa.PrivateKey, parent, template *x509.Certificate) (*ecdsa.PrivateKey, *x509.Certificate) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template.SerialNumber = must(rand.Int(rand.Reader, big.NewInt(1<<62)))
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(24 * time.Hour)
	if parent == nil {
		parent, parentKey = template, key
	}
	der := must(x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey))
	return key, must(x509.ParseCertificate(der))
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

// useTLS makes the server speak TLS or, for a replica of one that does, own
// certificates.
func (s *Server) useTLS() {
	s.t.Helper()
	if !s.Has(CanTLS) {
		s.t.Skipf("%v is built without TLS", s.Binary)
	}
	if err := s.certify(); err != nil {
		s.t.Fatalf("certificates of %v: %v", s.Binary, err)
	}
}

// certify writes the certificates and names them in the configuration.
func (s *Server) certify() error {
	for directive, content := range map[string][]byte{
		"tls-ca-cert-file": keys().ca, "tls-cert-file": keys().cert, "tls-key-file": keys().key,
	} {
		file := filepath.Join(s.dir, directive+".pem")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return err
		}
		s.conf.set(directive, file)
	}
	if !s.conf.has("tls-auth-clients") {
		s.conf.set("tls-auth-clients", "no")
	}
	return nil
}
