package org.twincore.daemon.resource;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.wire.CramHmac;
import org.twincore.drbd.wire.DigestAlgorithm;

/// The options of the admin protocol as values: keys of one section, values in canonical spelling.
///
/// Here ranges are checked that drbd.conf's parser leaves to the start (drbd-config section 3);
/// al-extents is brought into its range, as the kernel does.
public final class OptionText {
  private static final int SECRET_BYTES_MAX = 63;

  private OptionText() {}

  public static OptionValues parse(Option.Section section, Map<String, String> texts)
      throws RefusedException {
    OptionValues values = OptionValues.DEFAULTS;
    for (Map.Entry<String, String> entry : texts.entrySet()) {
      Option option =
          Option.of(section, entry.getKey())
              .orElseThrow(() ->
                  RefusedException.nonsense(
                      "'"
                          + entry.getKey()
                          + "' is no option of the "
                          + section.word()
                          + " section"));
      values = with(values, option, entry.getValue());
    }
    return values;
  }

  private static OptionValues with(OptionValues values, Option option, String text)
      throws RefusedException {
    return switch (option.type()) {
      case Option.Type.Number type -> values.with(option, number(option, type, text));
      case Option.Type.Flag _ ->
          switch (text) {
            case "yes" -> values.with(option, true);
            case "no" -> values.with(option, false);
            default -> throw wrong(option, text, "yes or no");
          };
      case Option.Type.Word type -> {
        if (!type.words().contains(text)) {
          throw wrong(option, text, "one of " + String.join(", ", type.words()));
        }
        yield values.with(option, text);
      }
      case Option.Type.Text _ -> {
        checkDigest(option, text);
        checkSecret(option, text);
        yield values.with(option, text);
      }
    };
  }

  /// A digest that is not known here would be found out only when the peer is there.
  private static void checkDigest(Option option, String text) throws RefusedException {
    int refusal =
        switch (option) {
          case CRAM_HMAC_ALG -> RefusedException.AUTH_DIGEST_UNKNOWN;
          case DATA_INTEGRITY_ALG -> RefusedException.INTEGRITY_DIGEST_UNKNOWN;
          case CSUMS_ALG -> RefusedException.CSUMS_DIGEST_UNKNOWN;
          case VERIFY_ALG -> RefusedException.VERIFY_DIGEST_UNKNOWN;
          default -> 0;
        };
    boolean isKnown =
        option == Option.CRAM_HMAC_ALG
            ? CramHmac.of(text, "").isPresent()
            : DigestAlgorithm.ofName(text).isPresent();
    if (refusal != 0 && !text.isEmpty() && !isKnown) {
      throw new RefusedException(refusal, option.word() + " '" + text + "' is not known here");
    }
  }

  /// The kernel has 64 bytes for a secret and its NUL.
  private static void checkSecret(Option option, String text) throws RefusedException {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (option == Option.SHARED_SECRET && bytes > SECRET_BYTES_MAX) {
      throw RefusedException.nonsense(
          "shared-secret: " + bytes + " bytes, at most " + SECRET_BYTES_MAX + " are taken");
    }
  }

  private static long number(Option option, Option.Type.Number type, String text)
      throws RefusedException {
    String expected = "a number of " + type.min() + " to " + type.max();
    long number;
    try {
      number = Long.parseLong(text);
    } catch (NumberFormatException _) {
      throw wrong(option, text, expected);
    }
    if (option == Option.AL_EXTENTS) {
      return Math.clamp(number, type.min(), type.max());
    }
    if (number < type.min() || number > type.max()) {
      throw wrong(option, text, expected);
    }
    return number;
  }

  private static RefusedException wrong(Option option, String text, String expected) {
    return RefusedException.nonsense(option.word() + ": '" + text + "' is not " + expected);
  }
}
