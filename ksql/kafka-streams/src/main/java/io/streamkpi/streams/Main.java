package io.streamkpi.streams;

import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * Runs the topology. Environment: KAFKA_BROKERS (host:port), APPLICATION_ID (also the consumer group, so another one
 * than the bridge's), STATE_PATH, FINALS (true or false).
 */
public final class Main {

  private Main() {}

  public static void main(final String[] arguments) throws InterruptedException {
    final Properties properties =
        properties(
            setting("KAFKA_BROKERS", "localhost:9092"),
            setting("APPLICATION_ID", "streamkpi-streams"),
            setting("STATE_PATH", "state"));
    final KafkaStreams streams =
        new KafkaStreams(
            StreamKpiTopology.build(Boolean.parseBoolean(setting("FINALS", "true"))), properties);
    final AtomicBoolean failed = new AtomicBoolean();
    streams.setUncaughtExceptionHandler(
        (final Throwable error) -> {
          System.err.println("the topology ends: " + reasons(error));
          failed.set(true);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    final CountDownLatch ended = new CountDownLatch(1);
    streams.setStateListener(
        (now, before) -> {
          System.out.println("state " + now);
          if (now.hasCompletedShutdown()) ended.countDown();
        });
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
    ended.await();
    if (failed.get()) System.exit(1);
  }

  /** The messages of an error and of what caused it. */
  private static String reasons(final Throwable error) {
    final StringBuilder text = new StringBuilder();
    for (Throwable each = error; each != null; each = each.getCause()) {
      text.append(text.length() == 0 ? "" : "\n  because: ").append(each);
    }
    return text.toString();
  }

  /** What the topology's results depend on, with a broker and without one. */
  static Properties properties(final String brokers, final String applicationId, final String statePath) {
    final Properties properties = new Properties();
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId);
    properties.put(StreamsConfig.STATE_DIR_CONFIG, statePath);
    properties.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    // Every change of a window is written: without this, live values lag and the 101st event of a user may be lost.
    properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, "0");
    // A crash between reading and writing would count events twice otherwise.
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    // The join waits so long for a profile that is older than the event but not read from the broker yet: without
    // this a replay gives events the newest profile.
    properties.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, "2500");
    properties.put("auto.offset.reset", "earliest");
    return properties;
  }

  private static String setting(final String name, final String otherwise) {
    final String value = System.getenv(name);
    return value == null || value.isEmpty() ? otherwise : value;
  }
}
