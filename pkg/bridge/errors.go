package bridge

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
)

// Codes of errors of this package; all others are the bridge's.
const (
	CodeUnreachable = "bridge_unreachable"
	CodeTimeout     = "bridge_timeout"
	CodeTLS         = "tls"
	CodeNotABridge  = "not_a_bridge"
	CodeCancelled   = "cancelled"
	CodeSettings    = "settings"
	CodeTooLarge    = "answer_too_large"
	CodePlugin      = "plugin_fault"
)

// Error is a failed call to the bridge. Its text says what happened and what to do.
type Error struct {
	Code      string
	Message   string // what happened, as reported by the bridge if it responded
	Advice    string // what to do; empty where the message says it
	Status    int    // HTTP status, 0 where there was no answer
	Retryable bool
	Cause     error
}

func (e *Error) Error() string {
	text := sentence(e.Message)
	if e.Advice != "" {
		text += " " + sentence(e.Advice)
	}
	return text
}

func (e *Error) Unwrap() error { return e.Cause }

func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.HasSuffix(text, ".") || strings.HasSuffix(text, "!") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// advice is the remedy for error codes of the bridge whose message has none.
var advice = map[string]string{
	"unauthenticated":        "Save a valid token in the data source settings",
	"forbidden":              "Save a token with the scope and the filters that this needs in the data source settings",
	"origin_refused":         "Let the bridge accept this origin (BRIDGE_ALLOWED_ORIGINS)",
	"host_refused":           "Use a host name in the data source's URL that the bridge accepts, or add it to the bridge's settings",
	"unknown_metric":         "Choose another metric in the query, or check the bridge's metrics file",
	"unknown_measure":        "Choose another measure in the query",
	"unknown_dimension":      "Correct the filter or the grouping in the query",
	"too_many_subscriptions": "Raise limits.max_subscriptions in the bridge's settings, or show fewer different queries at once",
	"range_too_large":        "Choose a shorter time range, a longer step, or fewer series",
	"rate_limited":           "Query less often, or raise the bridge's limits",
	"overloaded":             "Retry later; if it persists, query less often or start another bridge",
	"store_unavailable":      "Check the bridge's store (Redis or its disk)",
	"source_unavailable":     "Check the bridge's source (Kafka)",
	"internal":               "See the bridge's log",
	"payload_too_large":      "Use fewer or shorter filter values",
}

// refusal converts a response with status 400 or above to an Error.
func refusal(address string, response *http.Response, body []byte) *Error {
	var answer struct {
		Error struct {
			Code      string `json:"code"`
			Message   string `json:"message"`
			Retryable bool   `json:"retryable"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Error.Code == "" {
		if strings.Contains(string(body), "HTTP request to an HTTPS server") {
			return wantsTLS(address, response.StatusCode)
		}
		return notABridge(address, response)
	}
	failure := answer.Error
	return &Error{
		Code:      failure.Code,
		Message:   fmt.Sprintf("The bridge refused: %s (%s)", strings.TrimSuffix(failure.Message, "."), failure.Code),
		Advice:    advice[failure.Code],
		Status:    response.StatusCode,
		Retryable: failure.Retryable,
	}
}

func wantsTLS(address string, status int) *Error {
	return &Error{
		Code:    CodeTLS,
		Message: fmt.Sprintf("The server at %s requires TLS", address),
		Advice:  "Begin the URL in the data source settings with https://",
		Status:  status,
	}
}

func notABridge(address string, response *http.Response) *Error {
	problem := &Error{
		Code:    CodeNotABridge,
		Message: fmt.Sprintf("No StreamKPI bridge found at %s (HTTP status %d)", address, response.StatusCode),
		Advice:  "Check the URL in the data source settings",
		Status:  response.StatusCode,
	}
	switch response.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		problem.Code = CodeUnreachable
		problem.Message = fmt.Sprintf("The proxy at %s does not reach the bridge behind it (HTTP status %d)", address, response.StatusCode)
		problem.Advice = "Check that the bridge runs and that the proxy knows its address"
		problem.Retryable = true
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		problem.Message = fmt.Sprintf("A proxy in front of the bridge at %s denied access (HTTP status %d)", address, response.StatusCode)
		problem.Advice = "Check the proxy between Grafana and the bridge, and the token in the data source settings"
	}
	if isRedirect(response) {
		problem.Message = fmt.Sprintf("The server at %s redirects to %s (HTTP status %d), which is not followed", address, redirectTarget(response), response.StatusCode)
		problem.Advice = "Enter the bridge's own address in the data source settings; if a login page answers there, let Grafana's server through to the bridge"
	}
	return problem
}

func isRedirect(response *http.Response) bool {
	return response.StatusCode >= http.StatusMultipleChoices && response.StatusCode < http.StatusBadRequest
}

// redirectTarget is scheme and host only: the rest of the address may hold credentials.
func redirectTarget(response *http.Response) string {
	target, err := response.Location()
	if err != nil || target.Host == "" {
		return "another address"
	}
	return target.Scheme + "://" + target.Host
}

// unreached converts the failure of a call without a response to an Error.
func unreached(address string, err error) *Error {
	problem := &Error{Code: CodeUnreachable, Retryable: true, Cause: err}
	if failure := tlsProblem(address, err); failure != nil {
		return failure
	}
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		problem.Code = CodeCancelled
		problem.Message = "The call to the bridge was cancelled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		problem.Code = CodeTimeout
		problem.Message = fmt.Sprintf("The bridge at %s did not answer in time", address)
		problem.Advice = "Check that it runs and is not overloaded, request less, or raise the timeout in the data source settings"
	case errors.As(err, &dns):
		problem.Message = fmt.Sprintf("The bridge's host %q is not known", dns.Name)
		problem.Advice = "Check the URL in the data source settings, and the name service of the machine on which Grafana runs"
	case errors.Is(err, syscall.ECONNREFUSED):
		problem.Message = fmt.Sprintf("No bridge listens at %s", address)
		problem.Advice = "Start the bridge, or correct the URL in the data source settings"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		problem.Message = fmt.Sprintf("Host unreachable: no route to the bridge at %s", address)
		problem.Advice = "Check the URL in the data source settings, and the network and the firewalls between Grafana and the bridge"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		problem.Message = fmt.Sprintf("The bridge at %s closed the connection without an answer", address)
		problem.Advice = "Check that it runs; if it serves TLS, the URL must begin with https://"
	case strings.Contains(err.Error(), "malformed HTTP"):
		problem.Code = CodeNotABridge
		problem.Message = fmt.Sprintf("The server at %s does not speak HTTP", address)
		problem.Advice = "Check host and port of the URL in the data source settings"
	case isDamaged(err):
		problem.Message = fmt.Sprintf("The answer of the server at %s is damaged: %s", address, rootText(err))
		problem.Advice = "Check the URL in the data source settings, and the proxy in front of the bridge if there is one"
	default:
		problem.Message = fmt.Sprintf("The bridge at %s cannot be reached: %s", address, rootText(err))
		problem.Advice = "Check that it runs, and the URL in the data source settings"
	}
	return problem
}

// isDamaged reports whether an answer arrived that cannot be unpacked, or whose chunks do not fit together.
func isDamaged(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) ||
		strings.Contains(err.Error(), "chunk")
}

// pluginFault converts a panic of this plugin to an Error.
func pluginFault(fault any) *Error {
	return &Error{
		Code:      CodePlugin,
		Message:   fmt.Sprintf("The StreamKPI plugin failed: %v", fault),
		Advice:    "See Grafana's log, and please report it",
		Retryable: true,
	}
}

func tlsProblem(address string, err error) *Error {
	problem := &Error{Code: CodeTLS, Cause: err}
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		record   tls.RecordHeaderError
		alert    tls.AlertError
		verify   *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		problem.Message = fmt.Sprintf("The bridge at %s does not speak TLS", address)
		problem.Advice = "Begin the URL in the data source settings with http://, or give the bridge a certificate"
	case errors.As(err, &unknown):
		problem.Message = fmt.Sprintf("The certificate of the bridge at %s is signed by an unknown authority", address)
		problem.Advice = "Turn on \"Add self-signed certificate\" in the data source settings and paste the authority's certificate"
	case errors.As(err, &hostname):
		problem.Message = fmt.Sprintf("The bridge's certificate is not for this host: %s", strings.TrimPrefix(hostname.Error(), "x509: "))
		problem.Advice = "Use the certificate's name in the URL, or set the server name in the data source settings"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		problem.Message = fmt.Sprintf("The certificate of the bridge at %s has expired or is not valid yet", address)
		problem.Advice = "Renew it, and check the clocks of both machines"
	case errors.As(err, &alert):
		problem.Message = fmt.Sprintf("The bridge at %s refused the TLS handshake (%s)", address, strings.TrimPrefix(alert.Error(), "tls: "))
		problem.Advice = "If it asks for a client certificate, turn on \"TLS client authentication\" in the data source settings"
	case errors.As(err, &invalid), errors.As(err, &verify):
		problem.Message = fmt.Sprintf("The certificate of the bridge at %s is not valid: %s", address, rootText(err))
		problem.Advice = "Replace it, or check the TLS part of the data source settings"
	default:
		return nil
	}
	return problem
}

// rootText is the innermost error of a chain, without the calls and addresses of the outer ones.
func rootText(err error) string {
	var (
		outer  *url.Error
		call   *net.OpError
		system *os.SyscallError
		verify *tls.CertificateVerificationError
	)
	for {
		switch {
		case errors.As(err, &call):
			err = call.Err
		case errors.As(err, &outer):
			err = outer.Err
		case errors.As(err, &system):
			err = system.Err
		case errors.As(err, &verify):
			err = verify.Err
		default:
			return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "tls: "), "x509: ")
		}
	}
}
