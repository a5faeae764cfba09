package bridge

import (
	"net/http"
	"sync"
	"time"
)

const (
	codeUnauthenticated = "unauthenticated"
	// rejectionAge is how long a rejected token is not retried, as the panels of a dashboard query together and each
	// attempt counts against the bridge's limit of wrong tokens. Short, so that a corrected token works at once.
	rejectionAge = time.Second
)

// rejection remembers that the bridge does not accept the token.
type rejection struct {
	now func() time.Time

	mu     sync.Mutex
	reason *Error
	at     time.Time
}

// recent returns the error of a recent rejection, during which no call should be made; else nil.
func (r *rejection) recent() *Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reason == nil || r.now().Sub(r.at) >= rejectionAge {
		return nil
	}
	return r.reason
}

// note records the result of a call. When the bridge rate-limits a rejected token, it returns the original rejection,
// which the limit would hide; otherwise nil.
func (r *rejection) note(address string, response *http.Response, body []byte) *Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch response.StatusCode {
	case http.StatusUnauthorized:
		if reason := refusal(address, response, body); reason.Code == codeUnauthenticated {
			r.reason, r.at = reason, r.now()
		}
		return nil
	case http.StatusTooManyRequests:
		r.at = r.now()
		return r.reason
	}
	r.reason = nil
	return nil
}
