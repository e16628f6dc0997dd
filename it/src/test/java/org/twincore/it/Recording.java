package org.twincore.it;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.WireFormatException;

/// Keeps what the scenarios beside a kernel node said as test resources, one small capture each,
/// where the environment variable TWINCORE_RECORD names a folder (HACKING.md says when).
///
/// Of each stream whole packets are kept, byte for byte as they came, but of a type not more than
/// the first few hundred, few of the big ones and one of the biggest: a full sync says the same
/// thing thousands of times.
final class Recording {
  private static final int SMALL_BYTES = 256;
  private static final int SMALL_PACKETS_MAX = 200;
  private static final int BIG_PACKETS_MAX = 8;
  private static final int BIGGEST_BYTES = 64 << 10;

  /// For the guest's shell: what is written there from /dev/urandom can be packed then.
  static final String IN_THE_GUEST =
      "rm /dev/urandom && yes 'nothing random' | head -c 16777216 >/dev/urandom";

  private Recording() {}

  static Optional<Path> folder() {
    return Optional.ofNullable(System.getenv("TWINCORE_RECORD")).map(Path::of);
  }

  /// Puts the capture into the folder, if there is one.
  static void keep(Path capture, String scenario) throws IOException {
    if (folder().isEmpty()) {
      return;
    }
    Path target = Files.createDirectories(folder().get()).resolve(scenario + ".pcap.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(target))) {
      Files.copy(capture, out);
    }
  }

  /// One direction of one connection.
  static final class Stream {
    private final FrameDecoder decoder = new FrameDecoder();
    private final Map<PacketType, Integer> small = new EnumMap<>(PacketType.class);
    private final Map<PacketType, Integer> big = new EnumMap<>(PacketType.class);
    private final Map<PacketType, Integer> biggest = new EnumMap<>(PacketType.class);
    private byte[] begun = new byte[0];
    private long beginsAt;
    private boolean isForeign;

    Stream() {
      decoder.limitBody(FrameDecoder.LIMIT_BYTES_MAX);
    }

    /// The bytes of those packets that `data` completes and that are kept; without a folder all of
    /// `data`.
    byte[] kept(byte[] data) {
      if (folder().isEmpty()) {
        return data;
      }
      ByteArrayOutputStream kept = new ByteArrayOutputStream();
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      all.writeBytes(begun);
      all.writeBytes(data);
      begun = all.toByteArray();
      ByteBuffer in = ByteBuffer.wrap(data);
      try {
        FrameDecoder.Decoded next = isForeign ? null : decoder.decode(in);
        for (; next != null; next = decoder.decode(in)) {
          int size = (int) (decoder.positionBytes() - beginsAt);
          if (isWanted(next.packet().type(), size)) {
            kept.write(begun, 0, size);
          }
          begun = Arrays.copyOfRange(begun, size, begun.length);
          beginsAt += size;
        }
      } catch (WireFormatException notDrbd) {
        isForeign = true; // the rest of it is left out
      }
      return kept.toByteArray();
    }

    private boolean isWanted(PacketType type, int size) {
      if (size > BIGGEST_BYTES) {
        return biggest.merge(type, 1, Integer::sum) == 1;
      }
      boolean isSmall = size <= SMALL_BYTES;
      int count = (isSmall ? small : big).merge(type, 1, Integer::sum);
      return count <= (isSmall ? SMALL_PACKETS_MAX : BIG_PACKETS_MAX);
    }
  }
}
