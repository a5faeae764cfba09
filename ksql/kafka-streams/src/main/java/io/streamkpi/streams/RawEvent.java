package io.streamkpi.streams;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** One event as producers send it, read as ksqlDB's JSON format reads it. Times in milliseconds UTC. */
public record RawEvent(String userId, String eventType, long timestamp, Map<String, String> properties) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** The event, or null for what is none: no JSON object, no user, no usable time. */
  public static RawEvent read(final byte[] value) {
    if (value == null) {
      return null;
    }
    final JsonNode node;
    try {
      node = JSON.readTree(value);
    } catch (final IOException notJson) {
      return null;
    }
    if (node == null || !node.isObject()) {
      return null;
    }
    final String userId = text(field(node, "user_id"));
    final Long timestamp = integer(field(node, "timestamp"));
    final JsonNode properties = field(node, "properties");
    final boolean readable = properties == null || properties.isNull() || properties.isObject();
    if (userId == null || timestamp == null || timestamp < 0 || !readable) {
      return null;
    }
    return new RawEvent(userId, text(field(node, "event_type")), timestamp, texts(properties));
  }

  /** The purchase's amount; null when it is missing or no finite number, so that it poisons no sum. */
  public Double amount() {
    final String text = properties == null ? null : properties.get("amount");
    if (text == null) {
      return null;
    }
    try {
      final double amount = Double.parseDouble(text);
      return Double.isFinite(amount) ? amount : null;
    } catch (final NumberFormatException noNumber) {
      return null;
    }
  }

  /** Field names match in any case; keys inside properties do not. */
  static JsonNode field(final JsonNode node, final String name) {
    final JsonNode exact = node.get(name);
    if (exact != null) {
      return exact;
    }
    for (final Map.Entry<String, JsonNode> entry : node.properties()) {
      if (entry.getKey().equalsIgnoreCase(name)) {
        return entry.getValue();
      }
    }
    return null;
  }

  static String text(final JsonNode node) {
    if (node == null || node.isNull()) {
      return null;
    }
    return node.isValueNode() ? node.asText() : node.toString();
  }

  static Long integer(final JsonNode node) {
    if (node == null) {
      return null;
    }
    if (node.isNumber()) {
      return node.longValue();
    }
    try {
      return node.isTextual() ? Long.valueOf(node.textValue()) : null;
    } catch (final NumberFormatException noNumber) {
      return null;
    }
  }

  private static Map<String, String> texts(final JsonNode properties) {
    if (properties == null || properties.isNull()) {
      return null;
    }
    final Map<String, String> texts = new LinkedHashMap<>();
    properties.properties().forEach(entry -> texts.put(entry.getKey(), text(entry.getValue())));
    return texts;
  }
}
