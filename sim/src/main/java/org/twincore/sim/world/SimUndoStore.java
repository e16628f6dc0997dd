package org.twincore.sim.world;

import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.UndoFound;
import org.twincore.drbd.engine.exchange.UndoTerms;
import org.twincore.drbd.meta.MetadataStore;
import org.twincore.drbd.meta.undo.UndoContents;
import org.twincore.drbd.meta.undo.UndoFormatException;
import org.twincore.drbd.meta.undo.UndoHeader;
import org.twincore.drbd.meta.undo.UndoWriter;

/// The newest undo file of one volume of one node: its bytes, and which of them would survive a
/// loss of power. Outlives crashes of its node.
public final class SimUndoStore {
  private static final int SECTOR_BYTES = 512;

  private byte[] current = new byte[0];
  private byte[] stable = new byte[0];
  private long files;
  private long limitBytes = Long.MAX_VALUE;

  /// Read-only, as the tools would read it.
  private record View(byte[] bytes) implements MetadataStore {
    @Override
    public void read(long offsetBytes, byte[] into) {
      System.arraycopy(bytes, Math.toIntExact(offsetBytes), into, 0, into.length);
    }

    @Override
    public void write(long offsetBytes, byte[] from) {
      throw new UnsupportedOperationException("only looked at");
    }

    @Override
    public void force() {}

    @Override
    public long sizeBytes() {
      return bytes.length;
    }
  }

  /// The file may grow to so many bytes; what would be longer fails.
  public void limit(long bytes) {
    limitBytes = bytes;
  }

  /// How many files were begun.
  public long files() {
    return files;
  }

  /// What the file holds; empty before the first.
  public Optional<UndoContents> contents() {
    if (current.length < UndoHeader.SIZE_BYTES) {
      return Optional.empty();
    }
    try {
      return Optional.of(UndoContents.read(new View(current)));
    } catch (UndoFormatException torn) {
      return Optional.empty();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// As an attach finds it: without a torn tail, and durable.
  public UndoFound found() {
    Optional<UndoContents> contents = contents();
    if (contents.isEmpty() || contents.get().end() != UndoContents.End.OPEN) {
      return UndoFound.NOTHING;
    }
    current = Arrays.copyOf(current, Math.toIntExact(contents.get().soundBytes()));
    flush();
    return new UndoFound(
        Optional.of(contents.get().saved()),
        contents.get().damagedAt().isPresent() ? Optional.of("damaged") : Optional.empty());
  }

  /// A new file with nothing but a header; what `part` spares of it is in the cache.
  void begin(UndoTerms terms, String node, int volume) {
    files++;
    current =
        new UndoHeader(
                files,
                files,
                terms.sizeSectors(),
                terms.deviceUuid(),
                terms.own(),
                terms.peer(),
                volume,
                "r0",
                node,
                "peer",
                terms.reason())
            .encode();
    stable = new byte[0];
  }

  /// A writer of what comes next.
  UndoWriter writer() {
    return new UndoWriter(files, stable.length);
  }

  /// Puts bytes behind what is durable, into the cache; null if they went in, else why not.
  @Nullable String append(byte[] bytes) {
    if (stable.length + (long) bytes.length > limitBytes) {
      return "the limit is reached";
    }
    byte[] longer = Arrays.copyOf(stable, stable.length + bytes.length);
    System.arraycopy(bytes, 0, longer, stable.length, bytes.length);
    current = longer;
    return null;
  }

  void flush() {
    stable = current.clone();
  }

  /// Of what is not durable each sector survives or not; a shorter file is possible, too.
  void powerCut(RandomGenerator random, SimStore.Keep keep) {
    int length =
        switch (keep) {
          case NOTHING -> stable.length;
          case EVERYTHING -> current.length;
          case ANYTHING ->
              current.length <= stable.length
                  ? stable.length
                  : random.nextInt(stable.length, current.length + 1);
        };
    byte[] left = Arrays.copyOf(current, Math.min(length, current.length));
    if (keep == SimStore.Keep.ANYTHING) {
      for (int at = stable.length; at < left.length; at += SECTOR_BYTES) {
        if (random.nextBoolean()) {
          Arrays.fill(left, at, Math.min(left.length, at + SECTOR_BYTES), (byte) 0);
        }
      }
    }
    current = left;
    stable = left.clone();
  }
}
