package io.streamkpi.streams;

import io.streamkpi.streams.Rows.ActiveUsers;
import io.streamkpi.streams.Rows.Enriched;
import io.streamkpi.streams.Rows.EventsPerMinute;
import io.streamkpi.streams.Rows.HighActivity;
import io.streamkpi.streams.Rows.Profile;
import io.streamkpi.streams.Rows.Revenue;
import io.streamkpi.streams.Rows.RevenuePerMinute;
import io.streamkpi.streams.Rows.RevenueSums;
import io.streamkpi.streams.Rows.Users;
import java.time.Duration;
import java.time.InstantSource;
import java.util.TreeSet;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.WindowStore;

/** The objects of ksql/migrations as one Kafka Streams topology: same topics, same keys, same values. */
public final class StreamKpiTopology {

  static final long HIGH_ACTIVITY_ABOVE = 100;
  private static final TimeWindows MINUTE = windows(Duration.ofMinutes(1), Duration.ofSeconds(30));
  private static final TimeWindows FIVE_MINUTES = windows(Duration.ofMinutes(5), Duration.ofMinutes(1));
  private static final Duration STATE_RETENTION = Duration.ofHours(2);
  /**
   * Longer than raw-events is kept. Closed windows are written once a second of wall-clock time, as far as the state
   * still holds them, and a replay may read a week of events in that second.
   */
  private static final Duration FINAL_STATE_RETENTION = Duration.ofDays(8);
  /** How far the time of an event may be ahead of the clock. */
  private static final Duration MAX_AHEAD = Duration.ofSeconds(60);

  private final StreamsBuilder builder = new StreamsBuilder();
  private final boolean withFinals;
  private final InstantSource clock;

  private StreamKpiTopology(final boolean withFinals, final InstantSource clock) {
    this.withFinals = withFinals;
    this.clock = clock;
  }

  /**
   * @param withFinals also write the *_final topics: one record per closed window
   */
  public static Topology build(final boolean withFinals) {
    return build(withFinals, InstantSource.system());
  }

  /**
   * @param withFinals also write the *_final topics: one record per closed window
   * @param clock events stamped more than a minute after its time are left out
   */
  static Topology build(final boolean withFinals, final InstantSource clock) {
    final StreamKpiTopology topology = new StreamKpiTopology(withFinals, clock);
    final KStream<String, Enriched> enriched = topology.enrichedEvents();
    topology.eventsPerMinute(enriched);
    topology.highActivity(enriched);
    topology.revenue(enriched);
    topology.activeUsers(enriched);
    return topology.builder.build();
  }

  private KStream<String, Enriched> enrichedEvents() {
    final Serde<RawEvent> eventSerde = JsonSerde.of(RawEvent.class);
    final Serde<Profile> profileSerde = JsonSerde.of(Profile.class);
    final KTable<String, Profile> profiles =
        builder.table("user-profiles", Consumed.with(Serdes.String(), profileSerde));
    final KStream<String, Enriched> enriched =
        builder.stream(
                "raw-events",
                Consumed.with(Serdes.String(), Serdes.ByteArray())
                    .withTimestampExtractor(new EventTime()))
            .mapValues(value -> RawEvent.read(value))
            .filter((key, event) -> event != null && isDue(event))
            .selectKey((key, event) -> event.userId())
            .leftJoin(
                profiles,
                Enriched::of,
                Joined.with(Serdes.String(), eventSerde, profileSerde).withName("by-user"));
    enriched.to("enriched_events", Produced.with(Serdes.String(), JsonSerde.of(Enriched.class)));
    return enriched;
  }

  /**
   * One event stamped in the future would close every window before its time, and all later events would be late
   * until the clock has caught up.
   */
  private boolean isDue(final RawEvent event) {
    return event.timestamp() <= clock.millis() + MAX_AHEAD.toMillis();
  }

  private void eventsPerMinute(final KStream<String, Enriched> enriched) {
    final KGroupedStream<String, Enriched> bySegment =
        enriched.groupBy(
            (user, event) -> event.segment(),
            Grouped.with("events-by-segment", Serdes.String(), JsonSerde.of(Enriched.class)));
    writeEach(
        "events_per_minute_by_segment",
        MINUTE,
        EventsPerMinute.class,
        bySegment,
        (windowed, retention) -> windowed.count(state(Serdes.Long(), retention)),
        (window, count) ->
            new EventsPerMinute(window.key(), count, window.window().start(), window.window().end()));
  }

  private void highActivity(final KStream<String, Enriched> enriched) {
    final KStream<Windowed<String>, HighActivity> changes =
        writeEach(
            "high_activity_users",
            FIVE_MINUTES,
            HighActivity.class,
            enriched.groupByKey(Grouped.with(Serdes.String(), JsonSerde.of(Enriched.class))),
            (windowed, retention) -> windowed.count(state(Serdes.Long(), retention)),
            (window, count) ->
                count <= HIGH_ACTIVITY_ABOVE
                    ? null
                    : new HighActivity(
                        window.key(), count, window.window().start(), window.window().end()));
    changes
        .filter((window, row) -> row.eventCount() == HIGH_ACTIVITY_ABOVE + 1)
        .selectKey((window, row) -> row.userId())
        .to("high_activity_alerts", Produced.with(Serdes.String(), JsonSerde.of(HighActivity.class)));
  }

  private void revenue(final KStream<String, Enriched> enriched) {
    final Serde<Revenue> revenueSerde = JsonSerde.of(Revenue.class);
    final KStream<String, Revenue> purchases =
        enriched
            .filter((user, event) -> "purchase".equals(event.eventType()))
            .mapValues(event -> Revenue.of(event));
    purchases.to("revenue_events", Produced.with(Serdes.String(), revenueSerde));
    writeEach(
        "revenue_per_minute",
        MINUTE,
        RevenuePerMinute.class,
        purchases.groupBy(
            (user, purchase) -> purchase.segment(),
            Grouped.with("revenue-by-segment", Serdes.String(), revenueSerde)),
        (windowed, retention) ->
            windowed.aggregate(
                () -> RevenueSums.NONE,
                (segment, purchase, sums) -> sums.plus(purchase),
                state(JsonSerde.of(RevenueSums.class), retention)),
        (window, sums) ->
            new RevenuePerMinute(
                window.key(),
                sums.total(),
                sums.purchases(),
                sums.amounts(),
                sums.average(),
                window.window().start(),
                window.window().end()));
  }

  private void activeUsers(final KStream<String, Enriched> enriched) {
    writeEach(
        "active_users_per_minute",
        MINUTE,
        ActiveUsers.class,
        enriched
            .mapValues(event -> event.userId())
            .groupBy((user, id) -> "all", Grouped.with("users", Serdes.String(), Serdes.String())),
        (windowed, retention) ->
            windowed.aggregate(
                () -> new Users(new TreeSet<>()),
                (all, id, users) -> users.plus(id),
                state(JsonSerde.of(Users.class), retention)),
        (window, users) ->
            new ActiveUsers(users.ids().size(), window.window().start(), window.window().end()));
  }

  private interface Aggregation<V, A> {
    /**
     * @param retention how long a window stays in the state, by event time
     */
    KTable<Windowed<String>, A> over(TimeWindowedKStream<String, V> windowed, Duration retention);
  }

  private interface RowOf<A, R> {
    /** The row to write; null: none. */
    R row(Windowed<String> window, A aggregate);
  }

  /** Writes every change of every window, and with finals also each closed window once. Returns the changes. */
  private <V, A, R> KStream<Windowed<String>, R> writeEach(
      final String topic,
      final TimeWindows windows,
      final Class<R> rowType,
      final KGroupedStream<String, V> grouped,
      final Aggregation<V, A> aggregation,
      final RowOf<A, R> rows) {
    final Produced<Windowed<String>, R> produced =
        Produced.with(
            WindowedSerdes.timeWindowedSerdeFrom(String.class, windows.size()), JsonSerde.of(rowType));
    final KStream<Windowed<String>, R> changes =
        aggregation
            .over(grouped.windowedBy(windows), STATE_RETENTION)
            .toStream()
            .mapValues((window, aggregate) -> rows.row(window, aggregate))
            .filter((window, row) -> row != null);
    changes.to(topic, produced);
    if (withFinals) {
      aggregation
          .over(
              grouped.windowedBy(windows).emitStrategy(EmitStrategy.onWindowClose()),
              FINAL_STATE_RETENTION)
          .toStream()
          .mapValues((window, aggregate) -> rows.row(window, aggregate))
          .filter((window, row) -> row != null)
          .to(topic + "_final", produced);
    }
    return changes;
  }

  private static TimeWindows windows(final Duration size, final Duration grace) {
    return TimeWindows.ofSizeAndGrace(size, grace);
  }

  private static <A> Materialized<String, A, WindowStore<Bytes, byte[]>> state(
      final Serde<A> serde, final Duration retention) {
    return Materialized.<String, A, WindowStore<Bytes, byte[]>>with(Serdes.String(), serde)
        .withRetention(retention);
  }
}
