package org.twincore.it;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.WireFormatException;
import org.twincore.testkit.PcapFile;

/// All DRBD traffic of a capture, read by us and by Wireshark: both must see the same packets with
/// the same fields, and Wireshark nothing malformed.
final class Dissection {
  private static final int COMPLAINTS_MAX = 20;

  private final Map<PacketType, Integer> seen = new EnumMap<>(PacketType.class);
  private final List<String> complaints = new ArrayList<>();

  private Dissection() {}

  /// Fails with a list of differences; else how many packets of each type were compared. Other
  /// connections than DRBD's are left alone, and so is what a connection's end cut off.
  static Map<PacketType, Integer> check(PcapFile file) throws IOException, InterruptedException {
    Tool.require("tshark", "tshark");
    Dissection dissection = new Dissection();
    Pdml pdml = Pdml.of(file);
    dissection.complaints.addAll(pdml.complaints());
    Map<String, List<Pdml.Dissected>> byDirection = new TreeMap<>();
    for (Pdml.Dissected packet : pdml.packets()) {
      byDirection
          .computeIfAbsent(packet.stream() + " " + packet.sourcePort(), _ -> new ArrayList<>())
          .add(packet);
    }
    for (PcapFile.Connection connection : file.connections()) {
      if (isDrbd(connection)) {
        String there = connection.number() + " " + port(connection.dialler());
        String back = connection.number() + " " + port(connection.listener());
        dissection.compare(there, connection.fromDialler(), byDirection.remove(there));
        dissection.compare(back, connection.fromListener(), byDirection.remove(back));
      }
    }
    byDirection.forEach((direction, packets) ->
        dissection.complaints.add(direction + ": only Wireshark sees " + packets.size()));
    if (!dissection.complaints.isEmpty()) {
      throw new AssertionError(
          dissection.complaints.size()
              + " differences\n"
              + String.join("\n", dissection.complaints.stream().limit(COMPLAINTS_MAX).toList()));
    }
    return dissection.seen;
  }

  private static String port(String end) {
    return end.substring(end.lastIndexOf(':') + 1);
  }

  /// The dialler of a DRBD connection says P_INITIAL_DATA or P_INITIAL_META first.
  private static boolean isDrbd(PcapFile.Connection connection) {
    byte[] first = connection.fromDialler();
    if (first.length < 8) {
      return false;
    }
    long word = ByteBuffer.wrap(first).getLong();
    return word == 0x83740267fff10000L || word == 0x83740267fff20000L;
  }

  private void compare(String direction, byte[] bytes, @Nullable List<Pdml.Dissected> theirs) {
    FrameDecoder decoder = new FrameDecoder();
    decoder.limitBody(FrameDecoder.LIMIT_BYTES_MAX);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    List<Pdml.Dissected> left = theirs == null ? List.of() : theirs;
    int count = 0;
    try {
      long start = 0;
      for (FrameDecoder.Decoded own = decoder.decode(in); own != null; own = decoder.decode(in)) {
        int size = (int) (decoder.positionBytes() - start);
        start += size;
        seen.merge(own.packet().type(), 1, Integer::sum);
        if (count < left.size()) {
          compare(direction + " packet " + count, own, size, left.get(count));
        }
        count++;
      }
    } catch (WireFormatException e) {
      complaints.add(direction + ": " + e.getMessage());
    }
    if (count != left.size()) {
      complaints.add(direction + ": we see " + count + " packets, Wireshark " + left.size());
    }
  }

  private void compare(String where, FrameDecoder.Decoded own, int bytes, Pdml.Dissected theirs) {
    String name = own.packet().type().wireName();
    List<String> expected = DissectedFields.of(own, bytes - own.framing().headerBytes());
    if (!theirs.title().equals("DRBD [" + name + "]")
        || theirs.bytes() != bytes
        || !theirs.fields().equals(expected)) {
      complaints.add(where + "\n  " + name + " of " + bytes + " " + expected + "\n  " + theirs);
    }
  }
}
