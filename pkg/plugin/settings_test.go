package plugin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/bridge/bridgetest"
)

func TestSettings(t *testing.T) {
	cases := []struct {
		name, url, json, token string
		says                   string // of the error; empty where they are fine
		address                string
		timeout                time.Duration
	}{
		{"plain", "http://127.0.0.1:8765", ``, "", "", "http://127.0.0.1:8765", 30 * time.Second},
		{"slash and path", " https://host/bridge/ ", `{"timeout":5}`, " t ", "", "https://host/bridge", 5 * time.Second},
		{"WebSocket address", "wss://host:1?x=1", `{"timeout":0}`, "", "", "https://host:1", 30 * time.Second},
		{"no URL", "", ``, "", "has no URL", "", 0},
		{"no scheme", "localhost:8765", ``, "", "localhost", "", 0},
		{"host alone", "bridge", ``, "", "not an address", "", 0},
		{"other scheme", "ftp://host", ``, "", "http:// or https://", "", 0},
		{"user in the URL", "http://a:b@host", ``, "", "user name", "", 0},
		{"endless timeout", "http://host", `{"timeout":100000}`, "", "seconds, from 1 to 600", "", 0},
		{"timeout of text", "http://host", `{"timeout":"5"}`, "", "seconds", "", 0},
		{"no JSON", "http://host", `[]`, "", "not a JSON object", "", 0},
		{"token with a word", "http://host", ``, "Bearer abc", "without the word Bearer", "", 0},
		{"broken CA", "http://host", `{"tlsAuthWithCACert":true}`, "ca", "PEM", "", 0},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			saved := backend.DataSourceInstanceSettings{URL: test.url, DecryptedSecureJSONData: map[string]string{"token": test.token}}
			if test.json != "" {
				saved.JSONData = json.RawMessage(test.json)
			}
			if test.token == "ca" {
				saved.DecryptedSecureJSONData["tlsCACert"] = "nonsense"
			}
			checked, err := readSettings(t.Context(), saved)
			if test.says != "" {
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("got %v, want %q", err, test.says)
				}
				return
			}
			if err != nil || checked.address != test.address || checked.options.Timeouts.Timeout != test.timeout || checked.token != strings.TrimSpace(test.token) {
				t.Errorf("%+v, %v", checked, err)
			}
		})
	}
}

func TestWrongSettingsAreToldEverywhere(t *testing.T) {
	plugin := fixtureContext("")
	result, report := checkHealth(t, plugin)
	if result.Status != backend.HealthStatusError || report.Hop != "settings" {
		t.Errorf("health %s", result.Message)
	}
	response := ask(t, instanceOf(t, plugin), plugin, asked{ToMS: 1}, json.RawMessage(`{"metric":"m"}`))
	if response.Error == nil || response.Status != backend.StatusBadRequest || !strings.Contains(response.Error.Error(), "has no URL") {
		t.Errorf("query %v", response.Error)
	}
}

func TestTheSameTLSForCallsAndStreams(t *testing.T) {
	fake := bridgetest.NewTLS(t)
	serveCatalogue(t, fake)
	fake.JSON(bridge.StatusPath, 200, healthyStatus(nil))
	plugin := fixtureContext(fake.URL())
	saved := plugin.DataSourceInstanceSettings
	saved.JSONData = json.RawMessage(`{"tlsAuthWithCACert":true,"serverName":"example.com","httpHeaderName1":"X-Tenant"}`)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: fake.Server.Certificate().Raw})
	saved.DecryptedSecureJSONData = map[string]string{"token": "secret", "tlsCACert": string(authority), "httpHeaderValue1": "blue"}
	result, report := checkHealth(t, plugin)
	if result.Status != backend.HealthStatusOk || report.LiveProblem != "" {
		t.Fatalf("health: %s", result.Message)
	}
	header := fake.Upgrades()[0]
	if header.Get("Authorization") != "Bearer secret" || header.Get("X-Tenant") != "blue" {
		t.Errorf("headers of the upgrade: %v", header)
	}
}

func TestTheSameClientCertificateForCallsAndStreams(t *testing.T) {
	certificate, key := clientCertificate(t)
	fake := bridgetest.NewMutualTLS(t, certificate)
	serveCatalogue(t, fake)
	fake.JSON(bridge.StatusPath, 200, healthyStatus(nil))
	plugin := fixtureContext(fake.URL())
	saved := plugin.DataSourceInstanceSettings
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: fake.Server.Certificate().Raw})
	certificatePEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
	saved.DecryptedSecureJSONData = map[string]string{"tlsCACert": string(authority), "tlsClientCert": string(certificatePEM), "tlsClientKey": string(key)}

	saved.JSONData = json.RawMessage(`{"tlsAuth":true,"tlsAuthWithCACert":true,"serverName":"example.com"}`)
	result, report := checkHealth(t, plugin)
	if result.Status != backend.HealthStatusOk || report.LiveProblem != "" {
		t.Fatalf("health with the certificate: %s", result.Message)
	}
	if upgrades := len(fake.Upgrades()); upgrades != 1 {
		t.Errorf("%d WebSocket upgrades", upgrades)
	}

	saved.JSONData = json.RawMessage(`{"tlsAuthWithCACert":true,"serverName":"example.com"}`)
	saved.DecryptedSecureJSONData = map[string]string{"tlsCACert": string(authority)}
	result, _ = checkHealth(t, plugin)
	if result.Status != backend.HealthStatusError {
		t.Errorf("health without the certificate: %s", result.Message)
	}
	if upgrades := len(fake.Upgrades()); upgrades != 1 {
		t.Errorf("%d WebSocket upgrades, one of them without a certificate", upgrades)
	}
}

// clientCertificate signs itself; the key is in PEM form.
func clientCertificate(t *testing.T) (certificate *x509.Certificate, key []byte) {
	t.Helper()
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, pair.Public(), pair)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err = x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		t.Fatal(err)
	}
	return certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}
