package bridge

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

// longestOutage leaves room below 20 s, within which panels are live again, for what the browser then reads.
const longestOutage = 18 * time.Second

// An attempt that has just begun may take its whole timeout before the next one finds the bridge back.
func TestALostBridgeIsTriedAgainSoonHoweverLongItWasLost(t *testing.T) {
	failing := func(code string) Dialer {
		return func(context.Context) (*websocket.Conn, *Error) {
			return nil, &Error{Code: code, Retryable: true, Message: "An attempt failed"}
		}
	}
	attempts := 0
	dialers := map[string]Dialer{
		"nobody listens":       failing(CodeUnreachable),
		"the token is refused": failing(codeUnauthenticated),
		"too many attempts":    failing(codeTooFast),
		"wrong tokens are limited": func(context.Context) (*websocket.Conn, *Error) {
			attempts++
			if attempts%2 == 0 {
				return nil, &Error{Code: codeTooFast, Message: "Too many wrong tokens"}
			}
			return nil, &Error{Code: codeUnauthenticated, Message: "The token is wrong"}
		},
		"nothing answers": func(ctx context.Context) (*websocket.Conn, *Error) {
			<-ctx.Done()
			return nil, &Error{Code: CodeTimeout, Retryable: true, Message: "Nothing answers"}
		},
	}
	for name, dial := range dialers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var last time.Time
				var longest time.Duration
				feed := NewFeed(func(ctx context.Context) (*websocket.Conn, *Error) {
					if !last.IsZero() {
						longest = max(longest, time.Since(last))
					}
					last = time.Now()
					return dial(ctx)
				}, DefaultTiming)
				feed.Subscribe(points("m"), time.Hour, &recorder{})
				time.Sleep(time.Hour)
				feed.Close("the test is over")
				if longest == 0 || longest > longestOutage {
					t.Errorf("up to %v between two attempts, want at most %v", longest, longestOutage)
				}
			})
		})
	}
}

func TestARefusedSubscriptionIsTriedAgainSoonHoweverLongItWasRefused(t *testing.T) {
	delays := backoff{least: DefaultTiming.Retry, most: DefaultTiming.MostWait}
	var longest time.Duration
	for range 1_000 {
		longest = max(longest, delays.next())
	}
	if longest > longestOutage {
		t.Errorf("up to %v until the next attempt, want at most %v", longest, longestOutage)
	}
}
