package org.twincore.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/// A capture file (classic pcap of Ethernet, Linux "cooked" or bare IP frames), and the TCP
/// connections in it.
///
/// Reads what [PcapWriter], `dumpcap -P` and `tcpdump -w` write, also as `.gz`. Segments may come
/// twice and out of order; a hole in a stream ends it there.
public record PcapFile(Path path) {
  private static final int MAGIC_NANOS = 0xa1b23c4d;
  private static final int ETHERTYPE_IPV4 = 0x0800;
  private static final int ETHERTYPE_IPV6 = 0x86dd;
  private static final int TCP = 6;
  private static final int SYN = 2;
  private static final int ACK = 16;

  /// A connection; addresses as `hex:port`.
  public record Connection(String dialler, String listener, Direction there, Direction back) {}

  /// What one side sent: its bytes, and the numbers (from 1) of the frames they came in.
  public record Direction(byte[] bytes, Set<Integer> frames) {}

  private record Segment(int frame, String from, String to, int sequence, int flags, byte[] data) {}

  /// What our node and a real kernel DRBD node said in each scenario beside one, a file each, by
  /// name; works in every module of the build. HACKING.md says how they are recorded again.
  public static List<PcapFile> besideAKernel() throws IOException {
    Path root = Path.of(System.getProperty("twincore.root", ""));
    try (Stream<Path> files = Files.list(root.resolve("it/src/test/resources/captures"))) {
      return files.sorted().map(PcapFile::new).toList();
    }
  }

  /// Its name without folder and ending.
  @Override
  public String toString() {
    return path.getFileName().toString().replaceFirst("\\.pcap(\\.gz)?$", "");
  }

  /// The connections whose start is in the file, in order of their first segment.
  public List<Connection> connections() throws IOException {
    Map<String, Growing> open = new LinkedHashMap<>();
    List<Growing> all = new ArrayList<>();
    for (Segment segment : segments()) {
      boolean isDial = (segment.flags & (SYN | ACK)) == SYN;
      String forth = segment.from + " " + segment.to;
      Growing found = open.get(forth);
      if (isDial && (found == null || found.starts[0] != segment.sequence)) {
        found = new Growing(segment.from, segment.to);
        all.add(found);
        open.put(forth, found);
        open.put(segment.to + " " + segment.from, found);
      }
      if (found == null) {
        throw new IOException(path + ": no start of the connection " + forth);
      }
      found.add(segment);
    }
    return all.stream().map(Growing::whole).toList();
  }

  private byte[] bytes() throws IOException {
    try (InputStream in = Files.newInputStream(path)) {
      boolean isPacked = path.toString().endsWith(".gz");
      return (isPacked ? new GZIPInputStream(in) : in).readAllBytes();
    }
  }

  private List<Segment> segments() throws IOException {
    ByteBuffer file = ByteBuffer.wrap(bytes()).order(ByteOrder.LITTLE_ENDIAN);
    int magic = file.getInt(0);
    if (magic != PcapWriter.MAGIC && magic != MAGIC_NANOS) {
      throw new IOException(path + ": expected a pcap file, found " + Integer.toHexString(magic));
    }
    int link = file.getInt(20);
    file.position(24);
    List<Segment> segments = new ArrayList<>();
    int number = 0;
    while (file.remaining() >= 16) {
      int length = file.getInt(file.position() + 8);
      file.position(file.position() + 16);
      if (file.remaining() < length) {
        break;
      }
      byte[] frame = new byte[length];
      file.get(frame);
      number++;
      segment(link, number, frame).ifPresent(segments::add);
    }
    return segments;
  }

  private static Optional<Segment> segment(int link, int number, byte[] frame) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(frame);
    int type =
        switch (link) {
          case PcapWriter.LINK_ETHERNET -> in.position(14).getShort(12) & 0xffff;
          case 113 -> in.position(16).getShort(14) & 0xffff;
          case 276 -> in.position(20).getShort(0) & 0xffff;
          case 101 -> (in.get(0) >> 4) == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
          default -> throw new IOException("link type " + link + " is not known here");
        };
    int ip = in.position();
    return switch (type) {
      case ETHERTYPE_IPV4 ->
          frame[ip + 9] != TCP
              ? Optional.empty()
              : Optional.of(
                  tcp(
                      number,
                      Arrays.copyOfRange(frame, ip + 12, ip + 16),
                      Arrays.copyOfRange(frame, ip + 16, ip + 20),
                      in.slice(
                          ip + (frame[ip] & 15) * 4,
                          (in.getShort(ip + 2) & 0xffff) - (frame[ip] & 15) * 4)));
      case ETHERTYPE_IPV6 ->
          frame[ip + 6] != TCP
              ? Optional.empty()
              : Optional.of(
                  tcp(
                      number,
                      Arrays.copyOfRange(frame, ip + 8, ip + 24),
                      Arrays.copyOfRange(frame, ip + 24, ip + 40),
                      in.slice(ip + 40, in.getShort(ip + 4) & 0xffff)));
      default -> Optional.empty();
    };
  }

  private static Segment tcp(int number, byte[] from, byte[] to, ByteBuffer tcp) {
    HexFormat hex = HexFormat.of();
    int header = (tcp.get(12) >> 4 & 15) * 4;
    byte[] data = new byte[tcp.remaining() - header];
    tcp.get(header, data);
    return new Segment(
        number,
        hex.formatHex(from) + ":" + (tcp.getShort(0) & 0xffff),
        hex.formatHex(to) + ":" + (tcp.getShort(2) & 0xffff),
        tcp.getInt(4),
        tcp.get(13),
        data);
  }

  /// A connection while its segments are read; by each side's first sequence number.
  private static final class Growing {
    private final String[] ends;
    private final int[] starts = new int[2];
    private final List<TreeMap<Long, byte[]>> parts = List.of(new TreeMap<>(), new TreeMap<>());

    private final List<Set<Integer>> frames = List.of(new TreeSet<>(), new TreeSet<>());

    Growing(String dialler, String listener) {
      this.ends = new String[] {dialler, listener};
    }

    void add(Segment segment) {
      int side = segment.from.equals(ends[0]) ? 0 : 1;
      if ((segment.flags & SYN) != 0) {
        starts[side] = segment.sequence;
        return;
      }
      frames.get(side).add(segment.frame);
      TreeMap<Long, byte[]> known = parts.get(side);
      long near = known.isEmpty() ? 0 : known.lastKey();
      long offset = near + (int) (segment.sequence - starts[side] - 1 - near);
      known.merge(offset, segment.data, (old, again) -> old.length > again.length ? old : again);
    }

    Connection whole() {
      return new Connection(ends[0], ends[1], direction(0), direction(1));
    }

    private Direction direction(int side) {
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      for (Map.Entry<Long, byte[]> part : parts.get(side).entrySet()) {
        long skip = stream.size() - part.getKey();
        if (skip < 0) {
          break;
        }
        int known = (int) Math.min(skip, part.getValue().length);
        stream.write(part.getValue(), known, part.getValue().length - known);
      }
      return new Direction(stream.toByteArray(), frames.get(side));
    }
  }
}
