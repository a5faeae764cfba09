package io.streamkpi.streams;

import java.util.Map;
import java.util.TreeSet;

/** The rows of the topics, and what the aggregates remember between two events. */
public final class Rows {

  private Rows() {}

  public record Profile(String segment, Long registrationDate, Double totalValue) {}

  public record Enriched(
      String userId,
      String eventType,
      long timestamp,
      Map<String, String> properties,
      String segment,
      Double totalValue) {

    static Enriched of(final RawEvent event, final Profile profile) {
      final String segment = profile == null ? null : profile.segment();
      return new Enriched(
          event.userId(),
          event.eventType(),
          event.timestamp(),
          event.properties(),
          segment == null ? "unknown" : segment,
          profile == null ? null : profile.totalValue());
    }
  }

  public record Revenue(String userId, Double amount, long timestamp, String segment) {

    static Revenue of(final Enriched event) {
      final Double amount =
          new RawEvent(event.userId(), event.eventType(), event.timestamp(), event.properties()).amount();
      return new Revenue(event.userId(), amount, event.timestamp(), event.segment());
    }
  }

  public record EventsPerMinute(String segment, long eventCount, long windowStart, long windowEnd) {}

  public record HighActivity(String userId, long eventCount, long windowStart, long windowEnd) {}

  public record RevenuePerMinute(
      String segment,
      double totalRevenue,
      long transactionCount,
      long amountCount,
      double avgTransactionValue,
      long windowStart,
      long windowEnd) {}

  public record ActiveUsers(long activeUsers, long windowStart, long windowEnd) {}

  /** Sum of the usable amounts, number of purchases, number of usable amounts. */
  public record RevenueSums(double total, long purchases, long amounts) {

    static final RevenueSums NONE = new RevenueSums(0, 0, 0);

    RevenueSums plus(final Revenue purchase) {
      if (purchase.amount() == null) {
        return new RevenueSums(total, purchases + 1, amounts);
      }
      return new RevenueSums(total + purchase.amount(), purchases + 1, amounts + 1);
    }

    double average() {
      return amounts == 0 ? 0.0 : total / amounts;
    }
  }

  /** The users of one minute: an exact count, at the price of keeping them all. */
  public record Users(TreeSet<String> ids) {

    Users plus(final String id) {
      ids.add(id);
      return this;
    }
  }
}
