package bridge

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamkpi/streamkpi/pkg/bridge/bridgetest"
)

func TestTwoHundredStreamsComeBackWithinTheBridgesLimit(t *testing.T) {
	fake := bridgetest.New(t)
	feed := feedOf(t, fake, fast)
	var mu sync.Mutex
	left, at, refused := 200.0, time.Now(), 0
	fake.OnMessage(func(peer *bridgetest.Peer, asked message) {
		mu.Lock()
		now := time.Now()
		left = min(200, left+now.Sub(at).Seconds()*50) - 1
		at = now
		if left < 0 {
			refused++
		}
		mu.Unlock()
		if asked["type"] == "subscribe_metric" {
			peer.Subscribed(asked, "epoch-1", nil)
		}
	})
	fake.OnConnect(func(*bridgetest.Peer) {
		mu.Lock()
		defer mu.Unlock()
		left, at = 200, time.Now()
	})
	recorders := make([]*recorder, 200)
	for i := range recorders {
		recorders[i] = &recorder{}
		feed.Subscribe(points(fmt.Sprintf("metric_%d", i)), time.Hour, recorders[i])
	}
	for i, each := range recorders {
		each.await(t, fmt.Sprintf("stream %d", i), Subscribed, 1)
	}
	fake.Cut()
	for i, each := range recorders {
		each.await(t, fmt.Sprintf("stream %d again", i), Subscribed, 2)
	}
	if refused > 0 {
		t.Errorf("%d messages past the bridge's limit", refused)
	}
}

func TestTheRightToReadIsWithdrawn(t *testing.T) {
	fake, _, notes := subscribed(t)
	fake.OnConnect(func(peer *bridgetest.Peer) {
		peer.Send(message{"type": "error", "code": "unauthenticated", "message": "This token is not known", "retryable": false})
		peer.Close(4401, "unauthenticated")
	})
	fake.Peers()[0].Close(4401, "withdrawn")
	notes.await(t, "notified", Reconnecting, 2)
	bridgetest.Eventually(t, "the reason", func() bool {
		problem := notes.last(Reconnecting).Problem
		return problem != nil && problem.Code == "unauthenticated" && problem.Advice != ""
	})
}

func TestARejectedTokenStaysTheReasonWhenTheBridgeThenLimitsTheRate(t *testing.T) {
	fake := bridgetest.New(t)
	timing := fast
	timing.MostGap = 200 * time.Millisecond
	feed := feedOf(t, fake, timing)
	received := &recorder{}
	feed.Subscribe(points("m"), time.Hour, received)
	received.await(t, "subscribed", Subscribed, 1)
	fake.RefuseUpgrades(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"error":{"code":"rate_limited","message":"Too many wrong tokens","retryable":true}}`))
	})
	fake.Peers()[0].Close(4401, "withdrawn")
	received.await(t, "the loss", Reconnecting, 1)
	before := len(fake.Upgrades())
	time.Sleep(500 * time.Millisecond)
	if got := received.last(Reconnecting).Problem; got.Code != "unauthenticated" {
		t.Errorf("the reason is %q", got.Error())
	}
	if tries := len(fake.Upgrades()) - before; tries > 5 {
		t.Errorf("%d attempts in half a second, want one every 200 ms", tries)
	}
	fake.RefuseUpgrades(nil)
	received.await(t, "the token is accepted again", Subscribed, 2)
}

func TestTooManySubscriptionsNameTheSetting(t *testing.T) {
	fake := bridgetest.New(t)
	fake.OnMessage(func(peer *bridgetest.Peer, asked message) {
		peer.Send(message{"type": "error", "id": asked["id"], "code": "too_many_subscriptions", "message": "This connection has 200 subscriptions", "retryable": true})
	})
	feed := feedOf(t, fake, fast)
	notes := &recorder{}
	feed.Subscribe(points("m"), time.Hour, notes)
	notes.await(t, "notified", Refused, 1)
	if text := notes.last(Refused).Problem.Error(); !strings.Contains(text, "limits.max_subscriptions") {
		t.Errorf("%q does not say which setting to raise", text)
	}
}
