package org.twincore.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.nbd.ScriptedClient.context;
import static org.twincore.nbd.ScriptedClient.named;
import static org.twincore.nbd.ScriptedClient.optionBytes;
import static org.twincore.nbd.ScriptedClient.request;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class ServerSessionTest {
  private static final long SIZE = FixedDirectory.SIZE_BYTES;
  private static final byte[] NOTHING = {};

  @Test
  void greetsWithFixedNewstyleAndNoZeroes() {
    ServerEvent first =
        new ServerSession(new FixedDirectory()).poll(ByteBuffer.allocate(64).flip());
    assertThat(first).isInstanceOf(ServerEvent.Handshake.class);
    assertThat(((ServerEvent.Handshake) first).bytes())
        .isEqualTo("NBDMAGICIHAVEOPT\0\3".getBytes(StandardCharsets.US_ASCII));
  }

  /// As a kernel does, which learns size and flags by other means.
  @Test
  void anAgreedSessionBeginsWithRequests() {
    ServerSession session = ServerSession.agreed(ExportInfo.writable("drbd0", "", SIZE));
    assertThat(session.isTransmitting()).isTrue();
    assertThat(session.poll(ByteBuffer.wrap(request(0, 0, 5, 0, 512))))
        .isEqualTo(new Request.Read(5, 0, 512, false));
    assertThat(session.poll(ByteBuffer.wrap(request(0, 0, 6, SIZE, 512))))
        .isInstanceOf(ServerEvent.Refused.class);
    assertThat(session.poll(ByteBuffer.wrap(request(0, 2, 7, 0, 0))))
        .isEqualTo(new Request.Disconnect(7));
    ByteBuffer out = ByteBuffer.allocate(64);
    ReplyEncoder.simple().encodeHead(new Reply.Failed(6, NbdError.EIO, "no"), out);
    assertThat(out.position()).isEqualTo(NbdMagic.SIMPLE_REPLY_BYTES);
  }

  @Test
  void listsAllExports() {
    assertThat(ScriptedClient.greeted().option(3, NOTHING))
        .containsExactly(
            "SERVER %00%00%00%02r0", "SERVER %00%00%00%04r0/1", "SERVER %00%00%00%02r1", "ACK");
    assertThat(ScriptedClient.greeted().option(3, new byte[1]))
        .containsExactly("ERR_INVALID this option takes no data");
  }

  @Test
  void informationCarriesSizeFlagsAndBlockSizes() {
    assertThat(ScriptedClient.greeted().option(6, named("r0", 1, 2, 3)))
        .containsExactly(
            "INFO %00%00%00%00%00%00%04%00%00%00%0dm",
            "INFO %00%03%00%00%02%00%00%00%10%00%02%00%00%00",
            "INFO %00%01r0",
            "INFO %00%02resource r0, volume 0",
            "ACK");
  }

  @Test
  void offersDontFragmentOnlyWithStructuredReplies() {
    ScriptedClient client = ScriptedClient.greeted();
    assertThat(client.option(8, NOTHING)).containsExactly("ACK");
    assertThat(client.option(6, named("r0")).getFirst()).endsWith("%0d%ed");
    assertThat(client.option(8, new byte[2])).hasSize(1).allMatch(r -> r.startsWith("ERR_INVALID"));
  }

  @Test
  void opensByGoAndByExportName() {
    assertThat(ScriptedClient.greeted().option(7, named("r0/1")))
        .hasSize(4)
        .endsWith("ACK", "open r0/1");
    assertThat(ScriptedClient.greeted().option(1, "r0".getBytes(StandardCharsets.US_ASCII)))
        .containsExactly("raw 10", "open r0");
    ScriptedClient zeroes = new ScriptedClient(4096);
    zeroes.send(new WireBytes().u32(1).take());
    assertThat(zeroes.option(1, "r0".getBytes(StandardCharsets.US_ASCII)))
        .containsExactly("raw 134", "open r0");
  }

  @Test
  void refusesSecondariesAndUnknownNamesAndGoesOn() {
    ScriptedClient client = ScriptedClient.greeted();
    assertThat(client.option(7, named("r1"))).containsExactly("ERR_POLICY r1 is Secondary here");
    assertThat(client.option(6, named("nope"))).containsExactly("ERR_UNKNOWN no export 'nope'");
    assertThat(client.option(10, context("nope"))).hasSize(1);
    assertThat(client.option(7, named("r0"))).endsWith("ACK", "open r0");
    assertThat(ScriptedClient.greeted().option(1, "r1".getBytes(StandardCharsets.US_ASCII)))
        .containsExactly("closed export 'r1' err policy: r1 is Secondary here");
  }

  @Test
  void skipsOptionsItDoesNotKnowOrCannotHold() {
    ScriptedClient client = ScriptedClient.greeted();
    assertThat(client.option(99, new byte[5000])).containsExactly("ERR_UNSUP unknown option 99");
    assertThat(client.option(5, NOTHING)).containsExactly("ERR_UNSUP TLS is not served");
    assertThat(client.option(11, NOTHING)).containsExactly("ERR_UNSUP unknown option 11");
    assertThat(client.option(3, new byte[1 << 20]).getFirst()).startsWith("ERR_TOO_BIG");
    assertThat(client.option(99, new byte[1 << 20]).getFirst()).startsWith("ERR_UNSUP");
    assertThat(client.option(7, named("r0"))).endsWith("open r0");
  }

  @Test
  void abortIsAcknowledged() {
    assertThat(ScriptedClient.greeted().option(2, NOTHING))
        .containsExactly("ACK", "closed client aborted the negotiation");
  }

  @Test
  void malformedOptionDataIsInvalid() {
    for (int option : new int[] {6, 7, 9, 10}) {
      ScriptedClient client = ScriptedClient.greeted();
      client.option(8, NOTHING);
      byte[] good = option < 8 ? named("r0", 3) : context("r0", "base:allocation");
      for (int cut = 0; cut < good.length; cut++) {
        assertThat(client.option(option, Arrays.copyOf(good, cut)))
            .as("option %d cut at %d", option, cut)
            .hasSize(1)
            .allMatch(reply -> reply.startsWith("ERR_INVALID"));
      }
      byte[] huge = good.clone();
      huge[0] = (byte) 0xff;
      assertThat(client.option(option, huge).getFirst()).startsWith("ERR_INVALID");
      assertThat(client.option(option, Arrays.copyOf(good, good.length + 1)).getFirst())
          .startsWith("ERR_INVALID");
    }
  }

  @Test
  void endsTheSessionOnNonsense() {
    assertThat(new ScriptedClient(64).send(new WireBytes().u32(0x10).take()).getLast())
        .isInstanceOf(ServerEvent.Closed.class);
    assertThat(ScriptedClient.greeted().send(new byte[16]).getLast())
        .isInstanceOf(ServerEvent.Closed.class);
    byte[] monster = new WireBytes().u64(NbdMagic.OPTION).u32(3).u32(-1).take();
    assertThat(ScriptedClient.greeted().send(monster).getLast())
        .isInstanceOf(ServerEvent.Closed.class);
    ScriptedClient old = new ScriptedClient(64);
    old.send(new WireBytes().u32(0).take());
    assertThat(old.option(3, NOTHING)).containsExactly("closed malformed or too many options");
    ScriptedClient endless = ScriptedClient.greeted();
    List<String> last = List.of();
    for (int i = 0; i <= ServerNegotiation.OPTIONS_MAX; i++) {
      last = endless.option(3, NOTHING);
    }
    assertThat(last).containsExactly("closed malformed or too many options");
    assertThat(ScriptedClient.open("r0").send(new byte[28]).getLast())
        .isInstanceOf(ServerEvent.Closed.class);
  }

  @Test
  void metadataContextsNeedStructuredRepliesAndTheSameExport() {
    assertThat(ScriptedClient.greeted().option(10, context("r0", "base:allocation")).getFirst())
        .startsWith("ERR_INVALID");
    ScriptedClient client = ScriptedClient.greeted();
    client.option(8, NOTHING);
    assertThat(client.option(9, context("r0")))
        .containsExactly("META_CONTEXT %00%00%00%00base:allocation", "ACK");
    assertThat(client.option(9, context("r0", "x-y:z", "base:"))).hasSize(2);
    assertThat(client.option(9, context("r0", "x-y:z"))).containsExactly("ACK");
    assertThat(client.option(10, context("r0", "base:"))).containsExactly("ACK");
    assertThat(client.option(10, context("r0", "qemu:x", "base:allocation")))
        .containsExactly("META_CONTEXT %00%00%00%01base:allocation", "ACK");
    client.option(7, named("r0/1"));
    assertThat(client.outcome(0, 7, 0, 4096)).isEqualTo("EINVAL");
    assertThat(ScriptedClient.open("r0/1").outcome(0, 7, 0, 4096)).isEqualTo("BlockStatus");
  }

  @Test
  void acceptsEachCommand() {
    ScriptedClient client = ScriptedClient.open("r0");
    assertThat(client.send(request(4, 0, 1, 512, 1024)))
        .containsExactly(new Request.Read(1, 512, 1024, true));
    assertThat(client.outcome(1, 1, 0, 4096)).isEqualTo("Write");
    assertThat(client.send(request(0, 3, 2, 0, 0))).containsExactly(new Request.Flush(2));
    assertThat(client.send(request(1, 4, 3, 0, SIZE)))
        .containsExactly(new Request.Trim(3, 0, SIZE, true));
    assertThat(client.send(request(0, 5, 4, 0, SIZE)))
        .containsExactly(new Request.Cache(4, 0, SIZE));
    assertThat(client.send(request(18, 6, 5, 0, 512)))
        .containsExactly(new Request.WriteZeroes(5, 0, 512, false, ZeroMode.FAST_NO_HOLE));
    assertThat(client.send(request(8, 7, 6, 0, 512)))
        .containsExactly(new Request.BlockStatus(6, 0, 512, true));
    assertThat(client.send(request(0, 2, 8, 0, 0))).containsExactly(new Request.Disconnect(8));
    assertThat(client.session.isClosed()).isTrue();
  }

  @Test
  void refusesWithTheRightErrnoAndGoesOn() {
    ScriptedClient client = ScriptedClient.open("r0");
    assertThat(client.outcome(0, 99, 0, 512)).isEqualTo("EINVAL");
    assertThat(client.outcome(0, 8, 0, 512)).isEqualTo("EINVAL");
    assertThat(client.outcome(0x4000, 0, 0, 512)).isEqualTo("EINVAL");
    assertThat(client.outcome(8, 0, 0, 512)).isEqualTo("EINVAL");
    for (int type : new int[] {0, 1, 4, 5, 6, 7}) {
      String outside = type == 1 || type == 6 ? "ENOSPC" : "EINVAL";
      assertThat(client.outcome(0, type, 0, 0)).as("zero %d", type).isEqualTo("EINVAL");
      assertThat(client.outcome(0, type, 1, 512)).as("offset %d", type).isEqualTo("EINVAL");
      assertThat(client.outcome(0, type, 0, 100)).as("length %d", type).isEqualTo("EINVAL");
      assertThat(client.outcome(0, type, SIZE, 512)).as("end %d", type).isEqualTo(outside);
      assertThat(client.outcome(0, type, SIZE - 512, 1024)).isEqualTo(outside);
      assertThat(client.outcome(0, type, -512, 512)).isEqualTo(outside);
      assertThat(client.outcome(0, type, -512, 1024)).isEqualTo(outside);
      assertThat(client.outcome(0, type, Long.MIN_VALUE, 1024)).isEqualTo(outside);
      assertThat(client.outcome(0, type, Long.MAX_VALUE - 511, 1024)).isEqualTo(outside);
    }
    assertThat(client.outcome(0, 0, 0, (32 << 20) + 512)).isEqualTo("EINVAL");
    assertThat(client.outcome(0, 1, 0, (32 << 20) + 512)).isEqualTo("EINVAL");
    assertThat(client.outcome(0, 3, 512, 0)).isEqualTo("EINVAL");
    assertThat(client.outcome(0, 0, 0, 32 << 20)).isEqualTo("Read");
    assertThat(client.outcome(0, 1, 0, 32 << 20)).isEqualTo("Write");
  }

  @Test
  void readOnlyExportsRefuseWhateverWrites() {
    ScriptedClient client = ScriptedClient.open("r0/1");
    for (int type : new int[] {1, 4, 6}) {
      assertThat(client.outcome(0, type, 0, 512)).isEqualTo("EPERM");
    }
    assertThat(client.outcome(0, 0, 0, 512)).isEqualTo("Read");
    assertThat(client.outcome(0, 3, 0, 0)).isEqualTo("Flush");
  }

  @Test
  void dontFragmentNeedsStructuredReplies() {
    ScriptedClient client = ScriptedClient.greeted();
    client.option(7, named("r0"));
    assertThat(client.outcome(4, 0, 0, 512)).isEqualTo("EINVAL");
    assertThat(client.outcome(0, 7, 0, 512)).isEqualTo("EINVAL");
  }

  /// A refused WRITE of 4 GiB costs no memory and the next request is found behind it.
  @Test
  void drainsRefusedPayloadsOfAnyLength() {
    ScriptedClient client = ScriptedClient.open("r0");
    long length = 0xffff_fe00L;
    assertThat(client.send(request(0, 1, 9, 0, length))).isEmpty();
    byte[] part = new byte[1 << 20];
    long sent = 0;
    ByteBuffer in = ByteBuffer.wrap(part);
    ServerEvent event = ServerEvent.NeedBytes.INSTANCE;
    while (sent < length) {
      in.position(0).limit((int) Math.min(part.length, length - sent));
      sent += in.remaining();
      event = client.session.poll(in);
    }
    assertThat(event).isInstanceOf(ServerEvent.Refused.class);
    assertThat(client.send(request(0, 3, 1, 0, 0))).containsExactly(new Request.Flush(1));
  }

  /// Cut anywhere, the same bytes give the same events.
  @Test
  void doesNotMindHowTheStreamIsCut() {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    stream.writeBytes(new WireBytes().u32(3).take());
    stream.writeBytes(optionBytes(99, new byte[70000]));
    stream.writeBytes(optionBytes(8, NOTHING));
    stream.writeBytes(optionBytes(10, context("r0", "base:allocation")));
    stream.writeBytes(optionBytes(7, named("r0", 3)));
    stream.writeBytes(request(0, 1, 1, 0, 8192));
    stream.writeBytes(new byte[8192]);
    stream.writeBytes(request(0, 1, 2, 3, 1000));
    stream.writeBytes(new byte[1000]);
    stream.writeBytes(request(0, 0, 3, 0, 8192));
    stream.writeBytes(request(0, 2, 4, 0, 0));
    List<String> whole = describe(new ScriptedClient(60000).send(stream.toByteArray()));
    assertThat(whole).hasSize(9);
    for (int step : new int[] {1, 2, 3, 7, 28, 100, 4096}) {
      assertThat(describe(new ScriptedClient(step).send(stream.toByteArray())))
          .as("step %d", step)
          .isEqualTo(whole);
    }
  }

  /// Random bytes, raw and behind each stage of a real session, never throw.
  @Test
  void randomBytesNeverCrashIt() {
    for (int seed = 0; seed < 2000; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      ScriptedClient client =
          switch (seed % 3) {
            case 0 -> new ScriptedClient(1 + random.nextInt(100));
            case 1 -> ScriptedClient.greeted();
            default -> ScriptedClient.open("r0");
          };
      for (int message = 0; message < 20 && !client.session.isClosed(); message++) {
        byte[] noise = new byte[random.nextInt(60)];
        random.nextBytes(noise);
        byte[] bytes =
            seed % 3 < 2
                ? optionBytes(random.nextInt(13), noise)
                : request(
                    random.nextInt(64),
                    random.nextInt(10),
                    random.nextLong(),
                    random.nextLong() >> random.nextInt(64),
                    random.nextInt(1 << 16));
        if (random.nextInt(4) == 0 && bytes.length > 0) {
          bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        assertThat(client.send(bytes)).as("seed %d", seed).isNotNull();
        client.send(noise);
      }
    }
  }

  private static List<String> describe(List<ServerEvent> events) {
    List<String> lines = new ArrayList<>();
    for (ServerEvent event : events) {
      lines.add(
          switch (event) {
            case ServerEvent.Handshake(byte[] bytes) ->
                "handshake " + HexFormat.of().formatHex(bytes);
            case ServerEvent.Transmission(ExportInfo export, _, byte[] bytes) ->
                export + HexFormat.of().formatHex(bytes);
            case ServerEvent.NeedBytes _, ServerEvent.Refused _, ServerEvent.Closed _, Request _ ->
                event.toString();
          });
    }
    return lines;
  }
}
