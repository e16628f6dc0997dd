package org.twincore.admin;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Typed access to the fields of one JSON object; remembers what was asked for, so that
/// [#checkAllUsed] can name what nobody understands.
final class Fields {
  private final Map<String, Object> map;
  private final Set<String> used = new TreeSet<>();

  Fields(Map<String, Object> map) {
    this.map = map;
  }

  String text(String key) throws AdminFormatException {
    return optionalText(key)
        .orElseThrow(() -> new AdminFormatException("the field \"" + key + "\" is missing"));
  }

  Optional<String> optionalText(String key) throws AdminFormatException {
    Object value = take(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof String text) {
      return Optional.of(text);
    }
    throw wrongType(key, "a text");
  }

  long number(String key) throws AdminFormatException {
    Object value = take(key);
    if (value instanceof Long number) {
      return number;
    }
    throw wrongType(key, "a number");
  }

  /// `otherwise` if it is not there.
  long optionalNumber(String key, long otherwise) throws AdminFormatException {
    Object value = take(key);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Long number) {
      return number;
    }
    throw wrongType(key, "a number");
  }

  int smallNumber(String key) throws AdminFormatException {
    long number = number(key);
    if (number < Integer.MIN_VALUE || number > Integer.MAX_VALUE) {
      throw wrongType(key, "a number of 32 bits");
    }
    return (int) number;
  }

  /// False if it is not there.
  boolean flag(String key) throws AdminFormatException {
    Object value = take(key);
    if (value == null) {
      return false;
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw wrongType(key, "true or false");
  }

  <E extends Enum<E>> E word(String key, Class<E> type) throws AdminFormatException {
    return constant(key, text(key), type);
  }

  <E extends Enum<E>> List<E> words(String key, Class<E> type) throws AdminFormatException {
    List<E> found = new ArrayList<>();
    for (String word : texts(key)) {
      found.add(constant(key, word, type));
    }
    return found;
  }

  private static <E extends Enum<E>> E constant(String key, String word, Class<E> type)
      throws AdminFormatException {
    for (E constant : type.getEnumConstants()) {
      if (word(constant).equals(word)) {
        return constant;
      }
    }
    throw new AdminFormatException("unknown \"" + key + "\": \"" + word + "\"");
  }

  /// An enum constant as the socket spells it: `RESYNC_AFTER` is `resync-after`.
  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// Empty if it is not there.
  List<String> texts(String key) throws AdminFormatException {
    Object value = take(key);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof List<?> list)) {
      throw wrongType(key, "a list of texts");
    }
    List<String> texts = new ArrayList<>();
    for (Object item : list) {
      if (!(item instanceof String text)) {
        throw wrongType(key, "a list of texts");
      }
      texts.add(text);
    }
    return texts;
  }

  /// Empty if it is not there.
  Map<String, String> textMap(String key) throws AdminFormatException {
    return optionalTextMap(key).orElse(Map.of());
  }

  Optional<Map<String, String>> optionalTextMap(String key) throws AdminFormatException {
    Object value = take(key);
    if (value == null) {
      return Optional.empty();
    }
    if (!(value instanceof Map<?, ?> object)) {
      throw wrongType(key, "an object of texts");
    }
    Map<String, String> texts = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : object.entrySet()) {
      if (!(entry.getKey() instanceof String name && entry.getValue() instanceof String text)) {
        throw wrongType(key, "an object of texts");
      }
      texts.put(name, text);
    }
    return Optional.of(texts);
  }

  Fields object(String key) throws AdminFormatException {
    return asFields(key, take(key));
  }

  /// Empty if it is not there.
  List<Fields> objects(String key) throws AdminFormatException {
    Object value = take(key);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof List<?> list)) {
      throw wrongType(key, "a list of objects");
    }
    List<Fields> objects = new ArrayList<>();
    for (Object item : list) {
      objects.add(asFields(key, item));
    }
    return objects;
  }

  private static Fields asFields(String key, @Nullable Object value) throws AdminFormatException {
    if (!(value instanceof Map<?, ?> object)) {
      throw wrongType(key, "an object");
    }
    Map<String, Object> copy = new LinkedHashMap<>();
    object.forEach((name, item) -> copy.put(name.toString(), item));
    return new Fields(copy);
  }

  /// Fails if there is a field that was never asked for.
  void checkAllUsed() throws AdminFormatException {
    for (String key : map.keySet()) {
      if (!used.contains(key)) {
        throw new AdminFormatException("unknown field \"" + key + "\"");
      }
    }
  }

  private @Nullable Object take(String key) {
    used.add(key);
    return map.get(key);
  }

  private static AdminFormatException wrongType(String key, String expected) {
    return new AdminFormatException("\"" + key + "\" must be " + expected);
  }
}
