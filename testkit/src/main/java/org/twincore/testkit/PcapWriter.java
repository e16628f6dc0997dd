package org.twincore.testkit;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// Writes byte streams as a capture of TCP connections that every packet analyser reads.
///
/// Classic pcap, link type Ethernet, IPv4 or IPv6. Each connection starts with its three-way
/// handshake; sequence and acknowledgement numbers are right, checksums are 0 ("not computed").
/// Safe for several threads.
public final class PcapWriter implements AutoCloseable {
  /// Data bytes of one segment: an IPv4 packet holds 65535 bytes, headers included.
  static final int SEGMENT_BYTES_MAX = 60_000;

  static final int MAGIC = 0xa1b2c3d4;
  static final int LINK_ETHERNET = 1;

  private static final int SNAP_BYTES = 262_144;
  private static final int SEQUENCE_STEP = 100_000_007;
  private static final int TCP_BYTES = 20;
  private static final int FIN = 1;
  private static final int SYN = 2;
  private static final int PSH = 8;
  private static final int ACK = 16;

  private final Path path;
  private final OutputStream out;
  private long limitBytes = Long.MAX_VALUE;
  private long writtenBytes;
  private int opened;

  public PcapWriter(Path path) throws IOException {
    this.path = path;
    this.out = new BufferedOutputStream(Files.newOutputStream(path));
    ByteBuffer header = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(MAGIC).putShort((short) 2).putShort((short) 4).putLong(0);
    header.putInt(SNAP_BYTES).putInt(LINK_ETHERNET);
    out.write(header.array());
  }

  /// The file ends, with all its streams, once it has so many bytes of data: what comes later is
  /// dropped.
  public synchronized void limit(long bytes) {
    limitBytes = bytes;
  }

  /// One direction's sender.
  public enum Sender {
    DIALLER,
    LISTENER
  }

  /// A connection is dialled; both addresses are of one family.
  public synchronized Connection open(
      double seconds, InetSocketAddress dialler, InetSocketAddress listener) throws IOException {
    Connection connection = new Connection(dialler, listener);
    connection.segment(seconds, Sender.DIALLER, SYN, new byte[0]);
    connection.segment(seconds, Sender.LISTENER, SYN | ACK, new byte[0]);
    connection.segment(seconds, Sender.DIALLER, ACK, new byte[0]);
    return connection;
  }

  /// Ends the file; it can be read now.
  @Override
  public synchronized void close() throws IOException {
    out.close();
  }

  /// Closes, and the file that was written.
  public PcapFile finish() throws IOException {
    close();
    return new PcapFile(path);
  }

  /// One TCP connection in the file.
  public final class Connection {
    private final InetSocketAddress[] addresses;
    private final int[] sequences;

    private Connection(InetSocketAddress dialler, InetSocketAddress listener) {
      this.addresses = new InetSocketAddress[] {dialler, listener};
      int first = ++opened * SEQUENCE_STEP;
      this.sequences = new int[] {first, first};
    }

    /// `bytes` travel.
    public void send(double seconds, Sender sender, byte[] bytes) throws IOException {
      synchronized (PcapWriter.this) {
        for (int from = 0; from < bytes.length; from += SEGMENT_BYTES_MAX) {
          int to = Math.min(bytes.length, from + SEGMENT_BYTES_MAX);
          segment(seconds, sender, PSH | ACK, Arrays.copyOfRange(bytes, from, to));
        }
      }
    }

    /// The sender will not send more.
    public void end(double seconds, Sender sender) throws IOException {
      synchronized (PcapWriter.this) {
        segment(seconds, sender, FIN | ACK, new byte[0]);
      }
    }

    private void segment(double seconds, Sender sender, int flags, byte[] data) throws IOException {
      if (writtenBytes >= limitBytes) {
        return;
      }
      writtenBytes += data.length;
      int own = sender.ordinal();
      int other = 1 - own;
      byte[] from = addresses[own].getAddress().getAddress();
      boolean isIpv4 = from.length == 4;
      int ipBytes = isIpv4 ? 20 : 40;
      int total = 14 + ipBytes + TCP_BYTES + data.length;
      ByteBuffer frame = ByteBuffer.allocate(total);
      frame.put(mac(other)).put(mac(own)).putShort((short) (isIpv4 ? 0x0800 : 0x86dd));
      if (isIpv4) {
        frame.putInt(0x45 << 24 | (total - 14)).putInt(0).putInt(64 << 24 | 6 << 16);
      } else {
        frame.putInt(6 << 28).putInt((TCP_BYTES + data.length) << 16 | 6 << 8 | 64);
      }
      frame.put(from).put(addresses[other].getAddress().getAddress());
      frame.putShort((short) addresses[own].getPort()).putShort((short) addresses[other].getPort());
      frame.putInt(sequences[own]).putInt((flags & ACK) == 0 ? 0 : sequences[other]);
      frame.putInt(TCP_BYTES / 4 << 28 | flags << 16 | 0xffff).putInt(0).put(data);
      record(seconds, frame.array());
      sequences[own] += data.length + ((flags & (SYN | FIN)) == 0 ? 0 : 1);
    }

    private static byte[] mac(int side) {
      return new byte[] {2, 0, 0, 0, 0, (byte) (side + 1)};
    }
  }

  private void record(double seconds, byte[] frame) throws IOException {
    long micros = Math.round(seconds * 1e6);
    ByteBuffer header = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt((int) (micros / 1_000_000)).putInt((int) (micros % 1_000_000));
    header.putInt(frame.length).putInt(frame.length);
    out.write(header.array());
    out.write(frame);
  }
}
