package org.twincore.drbd.engine.state;

import java.util.Optional;

/// What to do by itself after a split brain, with the number of P_PROTOCOL and the words of
/// drbd.conf (drbd-wire section 5.2, `drbd_after_sb_p`).
///
/// The same numbers serve `after-sb-0pri`, `after-sb-1pri`, `after-sb-2pri` and `rr-conflict`.
public enum SplitBrainPolicy {
  DISCONNECT("disconnect"),
  DISCARD_YOUNGER_PRIMARY("discard-younger-primary"),
  DISCARD_OLDER_PRIMARY("discard-older-primary"),
  DISCARD_ZERO_CHANGES("discard-zero-changes"),
  DISCARD_LEAST_CHANGES("discard-least-changes"),
  DISCARD_LOCAL("discard-local"),
  DISCARD_REMOTE("discard-remote"),
  CONSENSUS("consensus"),
  DISCARD_SECONDARY("discard-secondary"),
  /// `call-pri-lost-after-sb` after a split brain, `call-pri-lost` as `rr-conflict`.
  CALL_HELPER("call-pri-lost-after-sb"),
  /// `violently-as0p` after a split brain, `violently` as `rr-conflict`.
  VIOLENTLY("violently-as0p");

  private static final SplitBrainPolicy[] ALL = values();
  private final String word;

  SplitBrainPolicy(String word) {
    this.word = word;
  }

  /// The number in P_PROTOCOL, 0 to 10.
  public int code() {
    return ordinal();
  }

  public static Optional<SplitBrainPolicy> ofCode(int code) {
    return code >= 0 && code < ALL.length ? Optional.of(ALL[code]) : Optional.empty();
  }

  /// The policy of a drbd.conf word, of any of the four options.
  public static Optional<SplitBrainPolicy> ofWord(String word) {
    for (SplitBrainPolicy policy : ALL) {
      if (policy.word.equals(word)) {
        return Optional.of(policy);
      }
    }
    return switch (word) {
      case "call-pri-lost" -> Optional.of(CALL_HELPER);
      case "violently" -> Optional.of(VIOLENTLY);
      default -> Optional.empty();
    };
  }

  /// The same policy seen from the peer: local and remote change places.
  public SplitBrainPolicy seenFromPeer() {
    return this == DISCARD_LOCAL ? DISCARD_REMOTE : this == DISCARD_REMOTE ? DISCARD_LOCAL : this;
  }

  /// As `after-sb-*` spells it in drbd.conf.
  @Override
  public String toString() {
    return word;
  }
}
