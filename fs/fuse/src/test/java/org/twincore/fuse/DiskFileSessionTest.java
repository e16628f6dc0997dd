package org.twincore.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.twincore.fuse.DiskFileSession.Action;

class DiskFileSessionTest {
  private static final long SIZE = 1 << 20;
  private final DiskFileSession session = new DiskFileSession(SIZE);

  @BeforeEach
  void init() {
    ByteBuffer body = body(64).putInt(7).putInt(45).putInt(1 << 17).putInt(-1);
    ByteBuffer reply = ((Action.Answer) session.handle(request(26, 1, body.rewind()))).reply();
    assertThat(reply.remaining()).isEqualTo(80);
    assertThat(reply.getInt(16)).isEqualTo(7);
    assertThat(reply.getInt(20)).isEqualTo(31);
    assertThat(reply.getInt(36)).isEqualTo(DiskFileSession.MAX_TRANSFER_BYTES);
  }

  @Test
  void answersAttributesOfARegularFileOfTheDevicesSize() {
    ByteBuffer reply = ((Action.Answer) session.handle(request(3, 2, body(16)))).reply();
    assertThat(reply.getInt(0)).isEqualTo(120);
    assertThat(reply.getLong(8)).isEqualTo(2);
    assertThat(reply.getLong(40)).isEqualTo(SIZE);
    assertThat(reply.getInt(92)).isEqualTo(0100600);
  }

  @Test
  void clipsReadsAtTheEndAndRefusesWritesBehindIt() {
    assertThat(session.handle(request(15, 3, transfer(SIZE - 512, 4096))))
        .isEqualTo(new Action.Read(3, SIZE - 512, 512));
    ByteBuffer body = body(40 + 1024);
    body.putLong(8, SIZE - 512).putInt(16, 1024);
    assertThat(errno(session.handle(request(16, 4, body)))).isEqualTo(28);
  }

  @Test
  void handsOutTheBytesOfAWrite() {
    ByteBuffer body = body(40 + 512);
    body.putLong(8, 4096).putInt(16, 512).put(40, (byte) 7).put(551, (byte) 9);
    Action.Write write = (Action.Write) session.handle(request(16, 5, body));
    assertThat(write.offsetBytes()).isEqualTo(4096);
    assertThat(write.data()).hasSize(512).startsWith((byte) 7).endsWith((byte) 9);
  }

  @Test
  void refusesAWriteWhoseSizeLies() {
    ByteBuffer body = body(40 + 512);
    body.putInt(16, 1 << 30);
    assertThat(errno(session.handle(request(16, 6, body)))).isEqualTo(22);
  }

  @Test
  void tellsWhenTheLastOpenerIsGone() {
    session.handle(request(14, 7, body(8)));
    session.handle(request(14, 8, body(8)));
    assertThat(session.openers()).isEqualTo(2);
    assertThat(session.handle(request(18, 9, body(24)))).isInstanceOf(Action.Answer.class);
    assertThat(session.handle(request(18, 10, body(24)))).isInstanceOf(Action.LastClose.class);
    assertThat(session.openers()).isZero();
  }

  @Test
  void mapsPunchAndZeroRangeAndRefusesOtherModes() {
    assertThat(session.handle(request(43, 11, fallocate(8192, 4096, 3))))
        .isEqualTo(new Action.Zero(11, 8192, 4096, true));
    assertThat(session.handle(request(43, 12, fallocate(8192, 4096, 0x11))))
        .isEqualTo(new Action.Zero(12, 8192, 4096, false));
    assertThat(errno(session.handle(request(43, 13, fallocate(0, 4096, 0))))).isEqualTo(95);
  }

  @Test
  void neverTruncates() {
    ByteBuffer body = body(88).putInt(0, 8);
    assertThat(errno(session.handle(request(4, 14, body)))).isEqualTo(1);
  }

  @Test
  void survivesRandomBytes() {
    Random random = new Random(42);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[random.nextInt(200)];
      random.nextBytes(bytes);
      ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
      if (bytes.length >= 8 && random.nextBoolean()) {
        in.putInt(0, bytes.length).putInt(4, random.nextInt(60));
      }
      assertThat(session.handle(in)).isNotNull();
    }
  }

  private static int errno(Action action) {
    return -((Action.Answer) action).reply().getInt(4);
  }

  private static ByteBuffer transfer(long offset, int size) {
    return body(40).putLong(8, offset).putInt(16, size);
  }

  private static ByteBuffer fallocate(long offset, long length, int mode) {
    return body(32).putLong(8, offset).putLong(16, length).putInt(24, mode);
  }

  private static ByteBuffer body(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
  }

  private static ByteBuffer request(int opcode, long unique, ByteBuffer body) {
    ByteBuffer whole = ByteBuffer.allocate(40 + body.capacity()).order(ByteOrder.nativeOrder());
    whole.putInt(40 + body.capacity()).putInt(opcode).putLong(unique).putLong(1);
    whole.position(40).put(body.array());
    return whole.flip();
  }
}
