package org.twincore.drbd.engine.activity;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.engine.activity.ActivityLog.Update;

final class TransactionBlockTest {

  /// The vectors of drbd-metadata section 3.
  @Test
  void checksumStartsAtZeroAndIsNotInverted() {
    byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
    assertThat(TransactionBlock.checksum(digits)).isEqualTo(0x58e3fa20);
    byte[] initialised = new byte[4096];
    ByteBuffer.wrap(initialised).putInt(0, 0x69cb65a2).putShort(12, (short) 0xffff);
    assertThat(TransactionBlock.checksum(initialised)).isEqualTo(0x709cc651);
  }

  @Test
  void fieldsStandWhereTheFormatHasThem() {
    byte[] block =
        TransactionBlock.encode(
            0x1_0000_0007L,
            List.of(new Update(3, 77), new Update(70, 0xfffffffeL)),
            new TransactionBlock.Context(1237, 919, new long[] {5, -1, 6}));
    ByteBuffer in = ByteBuffer.wrap(block);
    assertThat(in.getInt(0)).isEqualTo(0x69cb65a2);
    assertThat(in.getInt(4)).isEqualTo(7);
    assertThat(in.getShort(12)).isZero();
    assertThat(in.getShort(14)).isEqualTo((short) 2);
    assertThat(in.getShort(16)).isEqualTo((short) 1237);
    assertThat(in.getShort(18)).isEqualTo((short) 919);
    assertThat(in.getLong(20)).isZero();
    assertThat(in.getShort(36)).isEqualTo((short) 3);
    assertThat(in.getShort(38)).isEqualTo((short) 70);
    assertThat(in.getShort(40)).isEqualTo((short) -1);
    assertThat(in.getInt(164)).isEqualTo(77);
    assertThat(in.getInt(168)).isEqualTo(-2);
    assertThat(in.getInt(172)).isEqualTo(-1);
    assertThat(in.getInt(420)).isEqualTo(5);
    assertThat(in.getInt(424)).isEqualTo(-1);
    assertThat(in.getInt(428)).isEqualTo(6);
    assertThat(in.getInt(4092)).isEqualTo(-1);
    int stored = in.getInt(8);
    in.putInt(8, 0);
    assertThat(stored).isEqualTo(RingReader.slowChecksum(block));
  }
}
