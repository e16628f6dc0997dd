package org.twincore.cli.drbdsetup;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `[AF:]ADDRESS[:PORT]` as drbdsetup takes it, and as the node has it: with all three parts.
final class SetupAddress {
  /// DRBD's own, for an address without one.
  private static final String PORT = "7788";

  private static final Pattern V4 =
      Pattern.compile("(?:ipv4:)?([0-9]{1,3}(?:\\.[0-9]{1,3}){3})(?::([0-9]{1,5}))?");
  private static final Pattern V6 =
      Pattern.compile("(?:ipv6:)?(\\[[0-9A-Fa-f:.]+(?:%[0-9A-Za-z._-]+)?])(?::([0-9]{1,5}))?");

  private SetupAddress() {}

  /// Empty if it is no address of a family that there is here.
  static Optional<String> canonical(String text) {
    Matcher v4 = V4.matcher(text);
    if (v4.matches()) {
      return Optional.of(joined("ipv4", v4));
    }
    Matcher v6 = V6.matcher(text);
    return v6.matches() ? Optional.of(joined("ipv6", v6)) : Optional.empty();
  }

  private static String joined(String family, Matcher parts) {
    String port = parts.group(2);
    return family + ":" + parts.group(1) + ":" + (port == null ? PORT : port);
  }

  /// Which of the two nodes of a link this is: drbdsetup is not told, and with the lower address as
  /// the first both sides say the same.
  static int nodeId(String local, String peer) {
    return local.compareTo(peer) < 0 ? 0 : 1;
  }
}
