package io.streamkpi.streams;

import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;

/** Runs the topology. Environment: KAFKA_BROKERS (host:port), APPLICATION_ID, STATE_PATH, FINALS (true or false). */
public final class Main {

  private Main() {}

  public static void main(final String[] arguments) {
    final KafkaStreams streams =
        new KafkaStreams(
            StreamKpiTopology.build(Boolean.parseBoolean(setting("FINALS", "true"))),
            properties(
                setting("KAFKA_BROKERS", "localhost:9092"),
                setting("APPLICATION_ID", "streamkpi"),
                setting("STATE_PATH", "state")));
    streams.setStateListener((now, before) -> System.out.println("state " + now));
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }

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
    properties.put("auto.offset.reset", "earliest");
    return properties;
  }

  private static String setting(final String name, final String otherwise) {
    final String value = System.getenv(name);
    return value == null || value.isEmpty() ? otherwise : value;
  }
}
