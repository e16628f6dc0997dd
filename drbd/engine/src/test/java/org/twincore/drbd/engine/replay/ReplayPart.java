package org.twincore.drbd.engine.replay;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.twincore.drbd.Extent;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.WireFormatException;
import org.twincore.testkit.CapturedSession;

/// The parts that there are to play in the captured sessions: which node, on which two connections,
/// what it was before, what it drew, and what its operator did (drbd-wire-captures).
enum ReplayPart {
  /// Full initial sync as its source, then writes and a discard, until the peer disconnects.
  INITIAL_SOURCE(
      new Sockets("s1-initial-sync", "A", 2, 3, 1, 4),
      ReplayStart.fresh(),
      draws(Known.FIRST, Known.SYNC, Known.APART),
      at(1.5822, new AdminCommand.Primary(0, true))),
  /// The same as its target, which requests and writes all blocks and disconnects at the end.
  INITIAL_TARGET(
      new Sockets("s1-initial-sync", "B", 2, 3),
      ReplayStart.fresh(),
      draws(),
      at(17.7332, new AdminCommand.Disconnect(false))),
  /// Primary that wrote three blocks alone; roles are swapped, and it disconnects.
  PARTIAL_SOURCE(
      new Sockets("s2-resync-after-apart", "A", 1, 2),
      ReplayStart.used(
              new GenerationUuids(
                  Known.APART & ~1L, Known.FIRST, Known.SYNC, GenerationUuids.JUST_CREATED),
              Map.of())
          .marked(10, 200, 201)
          .primary(),
      draws(),
      at(1.155, new AdminCommand.Secondary(0)),
      at(1.6828, new AdminCommand.Disconnect(false))),
  /// The same as its target, which becomes Primary and writes.
  PARTIAL_TARGET(
      new Sockets("s2-resync-after-apart", "B", 1, 2, 3),
      ReplayStart.used(
          new GenerationUuids(Known.FIRST & ~1L, 0, Known.SYNC & ~1L, GenerationUuids.JUST_CREATED),
          Map.of()),
      draws(),
      at(1.30, new AdminCommand.Primary(0, false)),
      at(1.60, new AdminCommand.Secondary(0))),
  /// With a secret, digests and protocol A: a write, a verify of everything, the source of a resync
  /// by checksums, reads for a peer without a disk.
  DIGESTS_SOURCE(
      new Sockets("s3-auth-integrity-verify-csums", "A", 2, 3),
      ReplayStart.used(Known.inStep(0x35aaf399cbe2b663L), Known.BLOCKS).with(Known.DIGESTS),
      draws(Known.CHALLENGE_OF_A, 0xb240d3b9ed5b3247L, 0xaf4f81ddb0b39005L),
      at(1.30, new AdminCommand.Primary(0, false)),
      at(1.40, new AdminCommand.Verify(0, OptionalLong.empty(), OptionalLong.empty())),
      at(5.55, new AdminCommand.Secondary(0)),
      at(6.30, new AdminCommand.Disconnect(false))),
  /// The same at the other end: invalidated, detached, promoted without its disk.
  DIGESTS_TARGET(
      new Sockets("s3-auth-integrity-verify-csums", "B", 2, 3),
      ReplayStart.used(Known.inStep(0x35aaf399cbe2b662L), Known.BLOCKS).with(Known.DIGESTS),
      draws(Known.CHALLENGE_OF_B),
      at(3.50, new AdminCommand.Invalidate(0)),
      at(5.30, new AdminCommand.Detach(0, false)),
      at(5.80, new AdminCommand.Primary(0, false)),
      at(6.10, new AdminCommand.Secondary(0))),
  /// Protocol B: the initial sync is skipped; writes of 512 bytes to 256 KiB.
  SKIPPED_SYNC_WRITER(
      new Sockets("s4-protoB-dualprimary-splitbrain", "A", 2, 3),
      ReplayStart.fresh().with(Known.PROTOCOL_B),
      draws(0x7e4e314827fbbccaL, 0xc62379b6a8cc20c3L),
      at(10.85, new AdminCommand.NewCurrentUuid(0, true)),
      at(11.00, new AdminCommand.Primary(0, false)),
      at(11.90, new AdminCommand.Disconnect(false))),
  SKIPPED_SYNC_PEER(
      new Sockets("s4-protoB-dualprimary-splitbrain", "B", 2, 3),
      ReplayStart.fresh().with(Known.PROTOCOL_B),
      draws()),
  /// Two Primaries: an empty resync, then the other one is promoted and writes.
  DUAL_FIRST(
      new Sockets("s4-protoB-dualprimary-splitbrain", "A", 6, 7),
      ReplayStart.used(new GenerationUuids(Known.ALONE & ~1L, Known.SKIPPED, 0, 0), Map.of())
          .with(Known.DUAL)
          .primary(),
      draws(0x1a0aa9c41f268d57L)),
  DUAL_SECOND(
      new Sockets("s4-protoB-dualprimary-splitbrain", "B", 6, 7),
      ReplayStart.used(new GenerationUuids(Known.SKIPPED & ~1L, 0, 0, 0), Map.of())
          .with(Known.DUAL),
      draws(),
      at(13.06, new AdminCommand.Primary(0, false)),
      at(13.40, new AdminCommand.Secondary(0)),
      at(13.50, new AdminCommand.Disconnect(false))),
  /// After a split brain: the Primary that is kept, whose policies are changed while connected.
  SPLIT_KEPT(
      new Sockets("s4-protoB-dualprimary-splitbrain", "A", 12, 13),
      ReplayStart.used(
              new GenerationUuids(0x1a0aa9c41f268d56L, Known.ALONE, Known.RESYNCED, Known.SKIPPED),
              Map.of())
          .with(Known.DUAL)
          .marked(60, 61)
          .primary(),
      draws(),
      at(
          19.45,
          new AdminCommand.NetOptions(
              Known.DUAL.with(Option.AFTER_SB_0PRI, "discard-zero-changes"))),
      at(19.85, new AdminCommand.Secondary(0)),
      at(19.86, new AdminCommand.Disconnect(false))),
  /// The same as the one that gives its data up.
  SPLIT_DISCARDED(
      new Sockets("s4-protoB-dualprimary-splitbrain", "B", 12, 13),
      ReplayStart.used(
              new GenerationUuids(
                  0x698a6c0295a56a28L, Known.ALONE & ~1L, Known.RESYNCED & ~1L, Known.SKIPPED),
              Map.of(blocks(50, 1), 'b'))
          .with(Known.DUAL)
          .marked(50)
          .discarding(),
      draws());

  /// What the captures tell.
  private static final class Known {
    /// What A drew in session 1: its current UUID at the forced promotion, the UUID of the resync,
    /// and a new current UUID when B was gone.
    static final long FIRST = 0x35a9f399cbe2b663L;

    static final long SYNC = 0x9c72311ecae34b3dL;
    static final long APART = 0x43a3a0181974c463L;

    static final Map<Extent, Character> BLOCKS =
        Map.of(
            blocks(3, 1),
            'W',
            blocks(5, 1),
            'B',
            blocks(10, 1),
            'Q',
            new Extent(100, 512),
            'Y',
            blocks(16, 4),
            'X',
            blocks(200, 2),
            'R');

    static final OptionValues DIGESTS =
        OptionValues.DEFAULTS
            .with(Option.PROTOCOL, "A")
            .with(Option.CRAM_HMAC_ALG, "sha1")
            .with(Option.SHARED_SECRET, "s3cr3t")
            .with(Option.DATA_INTEGRITY_ALG, "crc32c")
            .with(Option.VERIFY_ALG, "crc32c")
            .with(Option.CSUMS_ALG, "crc32c");
    static final String CHALLENGE_OF_A =
        "48122e8905ce0dca10f8c2de39130c11a6dd533d69b23a5dca8d9b2030aca655"
            + "92268ac6c5a668b4f01ba4b459076b0afc6f92abfe502f6265296cdb0ee43873";
    static final String CHALLENGE_OF_B =
        "22421f8f6666758d2e2428a9450ce260775a43f747b494133a3c83dff0e18cb8"
            + "4e8a27d55648804cadf245cb7861648f371dafc27498ba4441b8fff6d7b94872";

    /// Between sessions 2 and 3; the nodes differ in the bit of a Primary.
    static GenerationUuids inStep(long history) {
      return new GenerationUuids(APART & ~1L, 0, history, FIRST);
    }

    static final OptionValues PROTOCOL_B = OptionValues.DEFAULTS.with(Option.PROTOCOL, "B");
    static final OptionValues DUAL = OptionValues.DEFAULTS.with(Option.ALLOW_TWO_PRIMARIES, true);

    /// UUIDs of session 4, with the bit of a Primary: that of the skipped sync, of the empty
    /// resync, and of A alone.
    static final long SKIPPED = 0x7e4e314827fbbccbL;

    static final long RESYNCED = 0x7e4f314827fbbccbL;
    static final long ALONE = 0xc62379b6a8cc20c3L;
  }

  /// One node's two connections in a session, and other ones that reached it in that part; what
  /// else was dialled there is of another part, or was refused and only the forwarder took it.
  private record Sockets(String session, String node, int data, int meta, Integer... others) {}

  private final Sockets sockets;
  private final ReplayStart start;
  private final long[] draws;
  private final List<CaptureReplay.Act> acts;

  ReplayPart(Sockets sockets, ReplayStart start, long[] draws, CaptureReplay.Act... acts) {
    this.sockets = sockets;
    this.start = start;
    this.draws = draws;
    this.acts = List.of(acts);
  }

  private static CaptureReplay.Act at(double seconds, AdminCommand command) {
    return new CaptureReplay.Act(seconds, command);
  }

  private static Extent blocks(int first, int count) {
    return new Extent(first * 8L, (long) count * ReplayStart.BLOCK_BYTES);
  }

  private static long[] draws(long... uuids) {
    return uuids;
  }

  /// First the challenge, as RandomGenerator fills bytes.
  private static long[] draws(String challenge, long... uuids) {
    ByteBuffer bytes =
        ByteBuffer.wrap(HexFormat.of().parseHex(challenge)).order(ByteOrder.LITTLE_ENDIAN);
    long[] drawn = new long[bytes.remaining() / Long.BYTES];
    bytes.asLongBuffer().get(drawn);
    return LongStream.concat(LongStream.of(drawn), LongStream.of(uuids)).toArray();
  }

  CapturedNode captured() throws IOException, WireFormatException {
    Set<Integer> seen = new TreeSet<>(List.of(sockets.others));
    seen.add(sockets.data);
    seen.add(sockets.meta);
    return CapturedNode.of(CapturedSession.ofDrbd(sockets.session), sockets.node, seen);
  }

  /// The connection that became the data socket.
  int dataSocket() {
    return sockets.data;
  }

  int metaSocket() {
    return sockets.meta;
  }

  List<CaptureReplay.Act> acts() {
    return acts;
  }

  /// What the captured node drew; `afterwards` draws whatever comes then.
  ScriptedRandom random(RandomGenerator afterwards) {
    return new ScriptedRandom(afterwards, draws);
  }

  ReplayStart start() {
    return start;
  }

  /// What was on the disk at the start: also what the node sent as the source of a resync.
  byte[] disk(CapturedNode captured) {
    byte[] disk = start.disk();
    for (CapturedNode.Step step : captured.steps()) {
      if (step instanceof CapturedNode.Sends(double _, int _, FrameDecoder.Decoded sent)
          && sent.packet() instanceof Packet.Data data
          && data.type() == PacketType.RS_DATA_REPLY) {
        Payload payload = Objects.requireNonNull(sent.payload());
        int at = (int) new Extent(data.sector(), payload.lengthBytes()).offsetBytes();
        payload.copyTo(ByteBuffer.wrap(disk, at, payload.lengthBytes()));
      }
    }
    return disk;
  }
}
