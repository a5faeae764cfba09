package bridge

import (
	"net/http"
	"sync"
	"time"
)

const (
	codeUnauthenticated = "unauthenticated"
	// rejectionAge: the panels of a dashboard, which ask together, try a rejected token once, since each try counts
	// against the bridge's limit of wrong tokens. It is short, so that a token that is put right works at once.
	rejectionAge = time.Second
)

// rejection remembers that the bridge does not accept the token.
type rejection struct {
	now func() time.Time

	mu     sync.Mutex
	reason *Error
	at     time.Time
}

// recent is the reason why no call should be made at this moment; nil where one may be.
func (r *rejection) recent() *Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reason == nil || r.now().Sub(r.at) >= rejectionAge {
		return nil
	}
	return r.reason
}

// note takes in what a call was answered. Where the bridge limits the rate of a token that it has rejected, it gives
// the first reason, which the limit would hide; otherwise nil.
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
