package org.twincore.daemon.report;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.twincore.admin.settings.NodeSettings.StatusStyle;

/// The two lines that each text of the kernel module starts with; parsers skip exactly two.
///
/// The version is that of the DRBD whose layout follows, the second line says that no kernel module
/// wrote it: the digits are `twincore` in hexadecimal.
public record Banner(String version, String build) {
  private static final String SOURCE_DIGITS = "7477696E636F72650000000";
  private static final String GIT_DIGITS = "7477696e636f7265" + "0".repeat(24);
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

  /// `node` and `built` stand in the older styles only.
  public static Banner of(StatusStyle style, String node, Instant built) {
    String author = "build by twincore@" + node + ", " + DATE.format(built);
    return switch (style) {
      case V0_7 -> new Banner("version: 0.7.23 (api:79/proto:74)", "SVN Revision: 2686 " + author);
      case V8_2 ->
          new Banner(
              "version: 8.2.4 (api:88/proto:86-88)", "GIT-hash: " + GIT_DIGITS + " " + author);
      case V8_3 ->
          new Banner(
              "version: 8.3.5 (api:88/proto:86-91)", "GIT-hash: " + GIT_DIGITS + " " + author);
      case V8_4 -> current();
    };
  }

  /// As /proc/drbd of an 8.4 that comes with a kernel; the blank at the end is the original's.
  public static Banner current() {
    return new Banner("version: 8.4.11 (api:1/proto:86-101)", "srcversion: " + SOURCE_DIGITS + " ");
  }

  @Override
  public String toString() {
    return version + "\n" + build + "\n";
  }
}
