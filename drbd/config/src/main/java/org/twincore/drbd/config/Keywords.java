package org.twincore.drbd.config;

import java.util.HashSet;
import java.util.Set;

/// The words that drbd.conf reserves everywhere, and the words of other versions that are known.
///
/// A reserved word can be a name only in quotes: `resource "disk"`. Words of 0.7 and of DRBD 9 are
/// not reserved; they are recognised where an option or a section could stand.
final class Keywords {
  private static final Set<String> STRUCTURE =
      Set.of(
          ("on ignore-on stacked-on-top-of floating no net yes ask skip disk proxy minor inside"
                  + " volume syncer device global common options outside address"
                  + " alternate-link-address startup include handlers resource meta-disk"
                  + " flexible-meta-disk _this_host _remote_host sci ssocks sdp ipv4 ipv6"
                  + " no-disk-barrier no-disk-flushes no-disk-drain no-md-flushes no-tcp-cork"
                  + " discard-my-data rate after delay-probe-volume delay-probe-interval"
                  + " throttle-threshold hold-off-threshold outdate-peer memlimit read-loops"
                  + " compression bwlimit plugin")
              .split(" "));

  /// Words that only DRBD 9 knows, as options, sections or statements.
  private static final Set<String> DRBD9 =
      Set.of(
          ("connection connection-mesh path host hosts node-id template-file auto-promote quorum"
                  + " on-no-quorum quorum-minimum-redundancy on-suspended-primary-outdated"
                  + " peer-ack-window peer-ack-delay twopc-timeout twopc-retry-timeout"
                  + " auto-promote-timeout max-io-depth drbd8-compat-mode transport tls load-balance-paths"
                  + " rdma-ctrl-rcvbuf-size rdma-ctrl-sndbuf-size allow-remote-read bitmap"
                  + " block-size peer-device-options via outside-address _name _peer_node_id"
                  + " resync-without-replication")
              .split(" "));

  /// Words of 0.5 and 0.6 that nothing replaces.
  private static final Set<String> BEFORE_07 =
      Set.of("load-only tl-size inittimeout sync-max sync-min fail-over-hosts".split(" "));

  /// Words that only 0.7 and older know, used to recognise a file of that time.
  private static final Set<String> DRBD07 =
      Set.of(
          ("on-disconnect incon-degr-cmd bdev-treshold group do-panic disable-io-hints"
                  + " disable_io_hints minor_count panic meta-index skip-sync use-csums")
              .split(" "));

  /// Words that 0.7 did not have at top level or in a resource.
  private static final Set<String> AFTER_07 =
      Set.of("common include handlers volume floating options stacked-on-top-of".split(" "));

  private static final Set<String> RESERVED = reserved();

  private Keywords() {}

  private static Set<String> reserved() {
    Set<String> words = new HashSet<>(STRUCTURE);
    for (Option option : Option.values()) {
      words.add(option.word());
    }
    return Set.copyOf(words);
  }

  static boolean isReserved(String word) {
    return RESERVED.contains(word);
  }

  static boolean isDrbd9(String word) {
    return DRBD9.contains(word) || word.startsWith("require-drbd-module-version-");
  }

  static boolean isBefore07(String word) {
    return BEFORE_07.contains(word);
  }

  static boolean isDrbd07(String word) {
    return DRBD07.contains(word);
  }

  static boolean isAfter07(String word) {
    return AFTER_07.contains(word);
  }
}
