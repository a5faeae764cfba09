package io.streamkpi.streams;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/**
 * Reads records as JSON lines {topic, key, timestamp, value, arrived} from standard input, hands them to the topology
 * one by one without a broker, and prints what it writes as lines {topic, key_hex, timestamp, value_raw}. The clock
 * shows when a record arrived: `arrived` where it is given, else the record's timestamp. It never goes back.
 */
public final class Replay {

  private static final long IDLE_STEP_MS = 500;

  private Replay() {}

  public static void main(final String[] topics) throws Exception {
    final ObjectMapper json = new ObjectMapper();
    final Properties properties = Main.properties("none:1", "replay", System.getProperty("java.io.tmpdir"));
    properties.put(
        "dsl.store.suppliers.class",
        "org.apache.kafka.streams.state.BuiltInDslStoreSuppliers$InMemoryDslStoreSuppliers");
    // Without a broker the whole topology is one task, which would wait for its own internal topics too.
    final boolean idles = System.getenv("TASKS_IDLE") != null;
    if (!idles) properties.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, "0");
    // As on a broker; the driver's own default is to write closed windows with every record.
    properties.put("__emit.interval.ms.kstreams.windowed.aggregation__", 1000L);
    final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    final AtomicLong clock = new AtomicLong();
    try (TopologyTestDriver driver =
            new TopologyTestDriver(
                StreamKpiTopology.build(true, () -> Instant.ofEpochMilli(clock.get())),
                properties,
                Instant.ofEpochMilli(clock.get()));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        final JsonNode record = json.readTree(line);
        final TestInputTopic<byte[], byte[]> input =
            driver.createInputTopic(
                record.get("topic").asText(), new ByteArraySerializer(), new ByteArraySerializer());
        final long arrived = record.path("arrived").asLong(record.get("timestamp").asLong());
        while (arrived > clock.get()) {
          final long left = arrived - clock.get();
          // In small steps what waits for a topic without records is processed when its time has come.
          final long step = idles && clock.get() > 0 ? Math.min(left, IDLE_STEP_MS) : left;
          driver.advanceWallClockTime(Duration.ofMillis(step));
          clock.addAndGet(step);
        }
        input.pipeInput(
            new TestRecord<>(
                bytes(record.get("key")),
                bytes(record.get("value")),
                new RecordHeaders(),
                record.get("timestamp").asLong()));
      }
      for (final String topic : topics) {
        final TestOutputTopic<byte[], byte[]> output =
            driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        for (final TestRecord<byte[], byte[]> written : output.readRecordsToList()) {
          final ObjectNode row = json.createObjectNode();
          row.put("topic", topic);
          row.put("key_hex", HexFormat.of().formatHex(written.key()));
          row.put("timestamp", written.timestamp());
          row.put("value_raw", new String(written.value(), StandardCharsets.UTF_8));
          out.println(row);
        }
      }
    }
    out.flush();
  }

  private static byte[] bytes(final JsonNode text) {
    return text.isNull() ? null : text.asText().getBytes(StandardCharsets.UTF_8);
  }
}
