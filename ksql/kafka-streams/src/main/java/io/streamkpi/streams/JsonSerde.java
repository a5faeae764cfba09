package io.streamkpi.streams;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** Records as JSON with upper-case field names in the order of their components: what ksqlDB writes. */
public final class JsonSerde {

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.UPPER_SNAKE_CASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_PROPERTIES)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private JsonSerde() {}

  public static <T> Serde<T> of(final Class<T> type) {
    return Serdes.serdeFrom((topic, value) -> write(value), (topic, bytes) -> read(type, bytes));
  }

  private static byte[] write(final Object value) {
    try {
      return value == null ? null : JSON.writeValueAsBytes(value);
    } catch (final JsonProcessingException fault) {
      throw new SerializationException("cannot be written as JSON: " + value, fault);
    }
  }

  private static <T> T read(final Class<T> type, final byte[] bytes) {
    try {
      return bytes == null ? null : JSON.readValue(bytes, type);
    } catch (final IOException fault) {
      throw new SerializationException("is no JSON for " + type.getSimpleName(), fault);
    }
  }
}
