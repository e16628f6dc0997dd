package org.twincore.admin;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// JSON text to and from maps, lists, strings, longs, doubles, booleans and null; no reflection.
///
/// Reading is bounded: depth 32, strings of 1 MiB, no key twice.
public final class JsonText {
  private static final int DEPTH_MAX = 32;
  private static final int STRING_MAX = 1 << 20;
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEPTH_MAX)
                  .maxStringLength(STRING_MAX)
                  .build())
          .build();

  private JsonText() {}

  /// One JSON object, nothing behind it. Maps keep the order of the text.
  public static Map<String, Object> parseObject(String text) throws AdminFormatException {
    try (JsonParser parser = FACTORY.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new AdminFormatException("a JSON object was expected");
      }
      Map<String, Object> object = object(parser);
      if (parser.nextToken() != null) {
        throw new AdminFormatException("there is text behind the JSON object");
      }
      return object;
    } catch (IOException bad) {
      throw new AdminFormatException("no JSON: " + firstLine(bad));
    }
  }

  private static String firstLine(IOException bad) {
    String message = bad.getMessage();
    return message == null ? "unreadable" : message.lines().findFirst().orElse("unreadable");
  }

  private static Map<String, Object> object(JsonParser parser)
      throws IOException, AdminFormatException {
    Map<String, Object> object = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      parser.nextToken();
      if (parser.currentToken() == JsonToken.VALUE_NULL) {
        continue; // a missing key and a null mean the same
      }
      if (object.put(key, value(parser)) != null) {
        throw new AdminFormatException("the key \"" + key + "\" stands there twice");
      }
    }
    return object;
  }

  /// The parser's depth is bounded by its constraints, and so is this recursion.
  private static Object value(JsonParser parser) throws IOException, AdminFormatException {
    JsonToken token = parser.currentToken();
    return switch (token) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(parser));
        }
        yield list;
      }
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE, END_OBJECT, END_ARRAY, FIELD_NAME ->
          throw new AdminFormatException("unexpected " + token + " in JSON");
    };
  }

  /// One line of JSON without a line end. Values as [#parseObject] gives them, ints too.
  public static String write(Map<String, ?> object) {
    StringWriter out = new StringWriter();
    try (JsonGenerator generator = FACTORY.createGenerator(out)) {
      writeValue(generator, object);
    } catch (IOException impossible) {
      throw new UncheckedIOException("a StringWriter failed", impossible);
    }
    return out.toString();
  }

  private static void writeValue(JsonGenerator out, Object value) throws IOException {
    switch (value) {
      case Map<?, ?> map -> {
        out.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          out.writeFieldName(entry.getKey().toString());
          writeValue(out, entry.getValue());
        }
        out.writeEndObject();
      }
      case Iterable<?> list -> {
        out.writeStartArray();
        for (Object item : list) {
          writeValue(out, item);
        }
        out.writeEndArray();
      }
      case Boolean flag -> out.writeBoolean(flag);
      case Double number -> out.writeNumber(number);
      case Number number -> out.writeNumber(number.longValue());
      case String text -> out.writeString(text);
      default -> throw new IllegalArgumentException("no JSON value: " + value.getClass());
    }
  }
}
