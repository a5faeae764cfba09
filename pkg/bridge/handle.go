package bridge

// metricChanged is the reason of a resync after which titles, units and rules may be other ones.
const metricChanged = "metric_changed"

// handle dispatches a message; it reports whether a subscription was answered.
func (f *Feed) handle(message *serverMessage) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if message.Type == "heartbeat" {
		f.beat(message)
		return false
	}
	up := f.byID[message.ID]
	if up == nil {
		return false // the original protocol, or an id that was freed
	}
	switch message.Type {
	case "subscribed", "events_snapshot", "forecast_snapshot":
		f.subscribed(up, message)
		return true
	case "series_update", "events_update", "forecast_update":
		up.update(message)
		if message.Seq != up.seq+1 {
			f.missed(up)
		} else {
			up.seq = message.Seq
		}
	case "resync":
		if message.Reason == metricChanged && f.OnMetricChanged != nil {
			f.OnMetricChanged()
		}
		up.resync = message.Reason
		up.notify(Note{Kind: Resyncing, Reason: message.Reason})
	case "error":
		delete(f.byID, up.id)
		up.lost()
		up.problem = refused(message)
		up.notify(Note{Kind: Refused, Problem: up.problem})
		f.retryLater(up)
	}
	return false
}

// missed handles a lost update. Received points stay valid; a new snapshot adds the missing ones.
func (f *Feed) missed(up *upstream) {
	const reason = "missed_update"
	up.notify(Note{Kind: Resyncing, Reason: reason})
	f.subscribe(up)
	up.resync = reason
}

func (f *Feed) subscribed(up *upstream, message *serverMessage) {
	reason := "subscribed"
	switch {
	case up.resync != "":
		reason = "resync: " + up.resync
	case up.before:
		reason = "reconnected"
	}
	up.subscribed, up.before, up.resync, up.problem = true, true, "", nil
	up.seq = 0
	up.retry.reset()
	up.head = headOf(message)
	up.head.StoreEpoch = message.StoreEpoch
	note := up.head
	note.Kind, note.Reason = Subscribed, reason
	note.Series, note.Events, note.FromMS = message.Series, message.Events, up.fromMS
	up.notify(note)
}

func (u *upstream) update(message *serverMessage) {
	epoch := u.head.StoreEpoch
	u.head = headOf(message)
	u.head.StoreEpoch = epoch
	note := u.head
	note.Kind, note.Series, note.Events = Updated, message.Series, message.Events
	u.notify(note)
}

func (f *Feed) beat(message *serverMessage) {
	for _, up := range f.byID {
		if !up.subscribed {
			continue
		}
		head := headOf(message)
		head.StoreEpoch = message.StoreEpoch
		if watermark, known := message.WatermarksMS[up.selection.Metric]; known {
			head.WatermarkMS = watermark
		}
		up.head = head
		head.Kind = Heartbeat
		up.notify(head)
	}
}

func headOf(message *serverMessage) Note {
	return Note{WatermarkMS: message.WatermarkMS, ServerTimeMS: message.ServerTimeMS}
}
