package org.twincore.drbd.engine.resync;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.state.ExtentGate;

/// The blocks that one node has asked the other about, by their first sector: from the question
/// until it is dealt with they are closed to the own applications' writes.
///
/// What is under way when a resync or verify ends is abandoned: its answer may still come, as long
/// as the connection stands, and means nothing any more.
final class AskedBlocks {
  private final ExtentGate applications;
  private final TreeMap<Long, Asked> asked = new TreeMap<>();
  private final TreeSet<Long> abandoned = new TreeSet<>();

  /// One question.
  static final class Asked {
    final Extent extent;
    boolean sent;
    boolean answered;
    private ExtentGate.@Nullable Ticket ticket;

    private Asked(Extent extent) {
      this.extent = extent;
    }
  }

  /// `applications` is the gate of own application writes.
  AskedBlocks(ExtentGate applications) {
    this.applications = applications;
  }

  /// A question about blocks that none is about yet; `go` runs as soon as no application writes
  /// there, unless it is abandoned before.
  void add(Extent extent, Consumer<Asked> go) {
    Asked entry = new Asked(extent);
    asked.put(extent.sector(), entry);
    entry.ticket =
        applications.enter(
            extent,
            ticket -> {
              entry.ticket = ticket;
              if (isWanted(entry)) {
                go.accept(entry);
              }
            });
  }

  /// Neither dealt with nor abandoned.
  boolean isWanted(Asked entry) {
    return asked.get(entry.extent.sector()) == entry;
  }

  /// The question that was sent and waits for an answer about exactly these bytes.
  @Nullable Asked awaiting(long sector, long bytes) {
    Asked entry = asked.get(sector);
    boolean fits =
        entry != null && entry.sent && !entry.answered && entry.extent.sizeBytes() == bytes;
    return fits ? entry : null;
  }

  @Nullable Asked at(long sector) {
    return asked.get(sector);
  }

  boolean overlaps(Extent extent) {
    Map.Entry<Long, Asked> before = asked.floorEntry(extent.sector());
    Map.Entry<Long, Asked> after = asked.higherEntry(extent.sector());
    return (before != null && before.getValue().extent.overlaps(extent))
        || (after != null && after.getValue().extent.overlaps(extent));
  }

  int size() {
    return asked.size();
  }

  /// The first sector that a question is about; there must be one.
  long firstSector() {
    return asked.firstKey();
  }

  /// It is dealt with, but for [#leave]; false if it was not wanted any more.
  boolean remove(Asked entry) {
    return asked.remove(entry.extent.sector(), entry);
  }

  /// Applications may write there again.
  void leave(Asked entry) {
    if (entry.ticket != null) {
      applications.leave(entry.ticket);
    }
  }

  /// Nothing of it is wanted any more. How many were not answered.
  int abandon() {
    List<Asked> left = List.copyOf(asked.values());
    asked.clear();
    int unanswered = 0;
    for (Asked entry : left) {
      leave(entry);
      unanswered += entry.answered ? 0 : 1;
      if (entry.sent && !entry.answered) {
        abandoned.add(entry.extent.sector());
      }
    }
    return unanswered;
  }

  /// Whether an answer about that sector is to an abandoned question; each has one.
  boolean isLate(long sector) {
    return abandoned.remove(sector);
  }

  /// Whether an answer to an abandoned question is still to come.
  boolean awaitsLate() {
    return !abandoned.isEmpty();
  }

  /// Nothing will be answered any more.
  void connectionLost() {
    abandoned.clear();
  }
}
