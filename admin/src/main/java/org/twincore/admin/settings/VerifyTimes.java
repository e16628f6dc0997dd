package org.twincore.admin.settings;

import java.time.Duration;
import java.time.LocalTime;
import java.util.Optional;

/// When a node verifies its volumes by itself, and how fast (docs/settings.md).
///
/// @param every from the begin of one verify to the next; empty: never by itself
/// @param at the time of the day, where the node is, at which one begins; empty: as soon as due
/// @param rateKib KiB a second that it reads at most, on each node
/// @param node the node that begins; empty: the one that the resource's drbd.conf names first
public record VerifyTimes(
    Optional<Duration> every, Optional<LocalTime> at, long rateKib, Optional<String> node) {

  /// Nothing is verified by itself.
  public static final VerifyTimes NEVER =
      new VerifyTimes(Optional.empty(), Optional.empty(), 4096, Optional.empty());
}
