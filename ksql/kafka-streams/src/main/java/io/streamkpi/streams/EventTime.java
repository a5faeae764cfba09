package io.streamkpi.streams;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.processor.TimestampExtractor;

/** Event time from the value. Negative for what is no event: Kafka Streams drops such records with a warning. */
public final class EventTime implements TimestampExtractor {

  @Override
  public long extract(final ConsumerRecord<Object, Object> record, final long partitionTime) {
    final RawEvent event = RawEvent.read((byte[]) record.value());
    return event == null ? -1 : event.timestamp();
  }
}
