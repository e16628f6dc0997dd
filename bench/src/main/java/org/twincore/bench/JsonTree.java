package org.twincore.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A JSON text as a tree to walk down: what fio and QEMU say.
record JsonTree(@Nullable Object value) {
  private static final int DEPTH_MAX = 64;

  static JsonTree parse(String text) throws IOException {
    try (JsonParser parser = new JsonFactory().createParser(text)) {
      parser.nextToken();
      return new JsonTree(read(parser, 0));
    }
  }

  private static @Nullable Object read(JsonParser parser, int depth) throws IOException {
    if (depth > DEPTH_MAX) {
      throw new IOException("JSON nested too deep");
    }
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_OBJECT) {
      Map<String, @Nullable Object> members = new LinkedHashMap<>();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        members.put(name, read(parser, depth + 1));
      }
      return members;
    }
    if (token == JsonToken.START_ARRAY) {
      List<@Nullable Object> items = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        items.add(read(parser, depth + 1));
      }
      return items;
    }
    if (token != null && token.isNumeric()) {
      return parser.getDoubleValue();
    }
    return token == JsonToken.VALUE_NULL ? null : parser.getText();
  }

  JsonTree at(String name) throws IOException {
    if (value instanceof Map<?, ?> members && members.containsKey(name)) {
      return new JsonTree(members.get(name));
    }
    throw new IOException("no '" + name + "' in " + value);
  }

  JsonTree at(int index) throws IOException {
    if (value instanceof List<?> items && index < items.size()) {
      return new JsonTree(items.get(index));
    }
    throw new IOException("no item " + index + " in " + value);
  }

  boolean has(String name) {
    return value instanceof Map<?, ?> members && members.containsKey(name);
  }

  int size() {
    return value instanceof List<?> items ? items.size() : 0;
  }

  double number() throws IOException {
    if (value instanceof Double number) {
      return number;
    }
    throw new IOException("no number: " + value);
  }

  String text() {
    return String.valueOf(value);
  }
}
