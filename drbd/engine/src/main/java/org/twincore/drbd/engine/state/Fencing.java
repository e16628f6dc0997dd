package org.twincore.drbd.engine.state;

import java.util.Optional;

/// The disk option `fencing`, weakest first; the order is used in comparisons.
public enum Fencing {
  DONT_CARE("dont-care"),
  RESOURCE_ONLY("resource-only"),
  RESOURCE_AND_STONITH("resource-and-stonith");

  private final String word;

  Fencing(String word) {
    this.word = word;
  }

  /// The value of a drbd.conf word.
  public static Optional<Fencing> ofWord(String word) {
    for (Fencing fencing : values()) {
      if (fencing.word.equals(word)) {
        return Optional.of(fencing);
      }
    }
    return Optional.empty();
  }

  /// As drbd.conf spells it.
  @Override
  public String toString() {
    return word;
  }
}
