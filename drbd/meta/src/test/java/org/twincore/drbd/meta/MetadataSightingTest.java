package org.twincore.drbd.meta;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.meta.MetadataLayout.Kind;
import org.twincore.drbd.meta.MetadataSighting.Format;

class MetadataSightingTest {
  private static final long MIB = 1 << 20;

  private static SimStore withMagic(long sizeBytes, long blockOffset, int magicOffset, int magic)
      throws Exception {
    SimStore store = new SimStore(sizeBytes);
    byte[] block = new byte[4096];
    ByteBuffer.wrap(block).putInt(magicOffset, magic);
    store.write(blockOffset, block);
    return store;
  }

  @Test
  void emptyDiskShowsNothing() throws Exception {
    assertThat(MetadataSighting.all(new Kind.Internal(), new SimStore(200 * MIB))).isEmpty();
    assertThat(MetadataSighting.all(new Kind.Indexed(7), new SimStore(200 * MIB))).isEmpty();
  }

  @Test
  void everyFormatIsSeenAtItsPlace() throws Exception {
    long end = 200 * MIB - 4096;
    assertThat(MetadataSighting.all(new Kind.Internal(), withMagic(200 * MIB, end, 60, 0x8374026d)))
        .containsExactly(new MetadataSighting(Format.V09, false, end));
    assertThat(MetadataSighting.all(new Kind.Internal(), withMagic(200 * MIB, end, 60, 0x8374026c)))
        .containsExactly(new MetadataSighting(Format.V08, false, end));
    assertThat(
            MetadataSighting.all(
                new Kind.Internal(), withMagic(200 * MIB + 512, 72 * MIB, 28, 0x8374026a)))
        .containsExactly(new MetadataSighting(Format.V07, true, 72 * MIB));
    assertThat(
            MetadataSighting.all(
                new Kind.Indexed(1), withMagic(256 * MIB, 128 * MIB, 28, 0x8374026a)))
        .containsExactly(new MetadataSighting(Format.V07, false, 128 * MIB));
  }

  @Test
  void newFormatsNeverStoodAtTheFixedPlace() throws Exception {
    assertThat(
            MetadataSighting.all(
                new Kind.Internal(), withMagic(200 * MIB, 72 * MIB, 60, 0x8374026b)))
        .isEmpty();
  }

  /// The identifiers were compared with what Debian's drbdmeta 9.22 makes of these counters.
  @Test
  void countersOfFormat7BecomeIdentifiers() throws Exception {
    SimStore store = withMagic(200 * MIB, 72 * MIB, 28, 0x8374026a);
    byte[] block = store.read(72 * MIB, 4096);
    ByteBuffer.wrap(block).putLong(100_000).putInt(0x7).putInt(2).putInt(3).putInt(4).putInt(5);
    store.write(72 * MIB, block);
    LegacyMetadata old =
        LegacyMetadata.read(store, MetadataSighting.all(new Kind.Internal(), store).getFirst());
    assertThat(old.uuids().toString())
        .isEqualTo("000200030009BABE:0000000000000000:000200030008BABE:000200030007BABE");
    Superblock converted =
        old.converted(MetadataLayout.of(new Kind.Internal(), 200 * MIB, 200 * MIB));
    assertThat(converted.lastAgreedSectors()).isEqualTo(200_000);
    assertThat(converted.flags()).isEqualTo(0x8f);
  }
}
