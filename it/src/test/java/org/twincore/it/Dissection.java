package org.twincore.it;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.WireFormatException;
import org.twincore.testkit.PcapFile;

/// All DRBD traffic of a capture, read by us and by Wireshark: both must see the same packets with
/// the same fields, and Wireshark nothing malformed.
final class Dissection {
  private static final int COMPLAINTS_MAX = 20;
  private static final int TEXT_MAX = 2000;

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
    Map<Integer, List<Pdml.Dissected>> byFrame = new TreeMap<>();
    for (Pdml.Dissected packet : pdml.packets()) {
      byFrame.computeIfAbsent(packet.frame(), _ -> new ArrayList<>()).add(packet);
    }
    for (PcapFile.Connection connection : file.connections()) {
      if (isDrbd(connection.there().bytes())) {
        dissection.compare(connection.dialler(), connection.there(), byFrame);
        dissection.compare(connection.listener(), connection.back(), byFrame);
      }
    }
    byFrame.forEach((frame, packets) ->
        dissection.complaints.add("frame " + frame + ": only Wireshark sees " + packets));
    if (!dissection.complaints.isEmpty()) {
      throw new AssertionError(
          dissection.complaints.size()
              + " differences\n"
              + String.join("\n", dissection.complaints.stream().limit(COMPLAINTS_MAX).toList()));
    }
    return dissection.seen;
  }

  /// The dialler of a DRBD connection says P_INITIAL_DATA or P_INITIAL_META first.
  private static boolean isDrbd(byte[] first) {
    if (first.length < 8) {
      return false;
    }
    long word = ByteBuffer.wrap(first).getLong();
    return word == 0x83740267fff10000L || word == 0x83740267fff20000L;
  }

  private void compare(
      String sender, PcapFile.Direction direction, Map<Integer, List<Pdml.Dissected>> byFrame) {
    List<Pdml.Dissected> left = new ArrayList<>();
    for (int frame : direction.frames()) {
      List<Pdml.Dissected> packets = byFrame.remove(frame);
      left.addAll(packets == null ? List.of() : packets);
    }
    FrameDecoder decoder = new FrameDecoder();
    decoder.limitBody(FrameDecoder.LIMIT_BYTES_MAX);
    ByteBuffer in = ByteBuffer.wrap(direction.bytes());
    int count = 0;
    try {
      long start = 0;
      for (FrameDecoder.Decoded own = decoder.decode(in); own != null; own = decoder.decode(in)) {
        int size = (int) (decoder.positionBytes() - start);
        start += size;
        seen.merge(own.packet().type(), 1, Integer::sum);
        if (count < left.size()) {
          compare(sender + " packet " + count, own, size, left.get(count));
        }
        count++;
      }
    } catch (WireFormatException e) {
      complaints.add(sender + ": " + e.getMessage());
    }
    if (count != left.size()) {
      complaints.add(sender + ": we see " + count + " packets, Wireshark " + left.size());
    }
  }

  private void compare(String where, FrameDecoder.Decoded own, int bytes, Pdml.Dissected theirs) {
    String name = own.packet().type().wireName();
    List<String> expected = DissectedFields.of(own, bytes - own.framing().headerBytes());
    if (!theirs.title().equals("DRBD [" + name + "]")
        || theirs.bytes() != bytes
        || !theirs.fields().equals(expected)) {
      complaints.add(
          where
              + "\n  "
              + shortened(name + " of " + bytes + " " + expected)
              + "\n  "
              + shortened(theirs.toString()));
    }
  }

  private static String shortened(String text) {
    return text.length() <= TEXT_MAX ? text : text.substring(0, TEXT_MAX) + "...";
  }
}
