package org.twincore.drbd.meta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.meta.ActivityLogBlock.Transaction;
import org.twincore.drbd.meta.ActivityLogBlock.Update;
import org.twincore.drbd.meta.MetadataLayout.Kind;
import org.twincore.testkit.Gen;
import org.twincore.testkit.Prng;

class MetadataReaderTest {
  private static final long MIB = 1 << 20;
  private static final long CAPTURED_BYTES = 64 * MIB;
  private static final int AREA_BYTES = 40960;

  private static MetadataReader reader(SimStore store) {
    return new MetadataReader(new Kind.Internal(), store.sizeBytes(), store);
  }

  /// A kernel node that was Primary and lost power; what drbdmeta made of it is the other capture.
  @Test
  void appliesTheLogOfACrashedKernelAsDrbdmetaDid() throws Exception {
    SimStore store = SimStore.withTail(CAPTURED_BYTES, "al-crashed.mdarea.gz");
    MetadataImage image = reader(store).readForAttach();
    assertThat(store.read(CAPTURED_BYTES - AREA_BYTES, AREA_BYTES))
        .isEqualTo(SimStore.resource("al-applied.mdarea.gz"));
    assertThat(image.bitmap().weight()).isEqualTo(4096);
    assertThat(image.bitmap().weightIn(0, 1024)).isEqualTo(1024);
    assertThat(image.superblock().isClean()).isTrue();
    assertThat(image.superblock().has(MetadataFlags.PRIMARY_INDICATOR)).isTrue();
    assertThat(image.layout().usableSectors()).isEqualTo(130992);
  }

  @Test
  void cleanMetadataIsReadAndLeftAlone() throws Exception {
    SimStore store = SimStore.withTail(MIB, "fresh-1MiB.mdarea.gz");
    store.crashAfter(0);
    MetadataImage image = reader(store).readForAttach();
    assertThat(image.superblock().uuids()).isEqualTo(GenerationUuids.FRESH);
    assertThat(image.bitmap().sizeSectors()).isEqualTo(1968);
    assertThat(image.layout()).isEqualTo(MetadataLayout.of(new Kind.Internal(), MIB, MIB));
  }

  @Test
  void secondaryThatCrashedMarksNothing() throws Exception {
    SimStore store = crashed(new Kind.Internal(), MetadataFlags.CONSISTENT, 3);
    assertThat(reader(store).readForAttach().bitmap().weight()).isZero();
  }

  @Test
  void crashedPrimaryWithoutAValidLogIsRefusedAndLeftAlone() throws Exception {
    SimStore store = crashed(new Kind.Internal(), MetadataFlags.PRIMARY_INDICATOR, 3);
    long log = CAPTURED_BYTES - AREA_BYTES + 4096;
    store.write(log, new byte[8 * 4096]);
    store.crashAfter(0);
    assertThatThrownBy(() -> reader(store).readForAttach())
        .isInstanceOfSatisfying(
            MetadataException.class,
            refused -> assertThat(refused.errorNumber()).isEqualTo(MetadataException.UNCLEAN));
  }

  @Test
  void externalMetadataLiesBehindItsSuperblock() throws Exception {
    for (Kind kind : List.of(new Kind.FlexExternal(), new Kind.Indexed(1))) {
      SimStore store = crashed(kind, MetadataFlags.PRIMARY_INDICATOR, 5);
      MetadataImage image = new MetadataReader(kind, CAPTURED_BYTES, store).readForAttach();
      assertThat(image.bitmap().nextSet(0)).isEqualTo(5 * 1024);
      assertThat(image.bitmap().weight()).isEqualTo(1024);
      long start = kind instanceof Kind.Indexed ? 128 * MIB : 0;
      assertThat(store.read(start + 4096 + 8 * 4096 + 5 * 128 / 512 * 512, 512)).contains(-1);
    }
  }

  @Test
  void extentsBehindTheDeviceAreDropped() throws Exception {
    SimStore store = crashed(new Kind.Internal(), MetadataFlags.PRIMARY_INDICATOR, 15, 16, 40000);
    // The device ends in the middle of extent 15.
    assertThat(reader(store).readForAttach().bitmap().weight()).isEqualTo(16374 - 15 * 1024);
  }

  /// Power is cut at each write, with any of the unforced sectors lost; the bits are there after.
  @Test
  void powerCutsWhileApplyingLoseNoMark() {
    Gen.check(
        200,
        gen -> {
          SimStore store = crashed(new Kind.Internal(), MetadataFlags.PRIMARY_INDICATOR, 2, 7);
          Prng random = new Prng(gen.anyLong());
          boolean isDone = false;
          for (int tries = 0; tries < 20 && !isDone; tries++) {
            store.crashAfter(gen.intIn(0, 4));
            try {
              reader(store).readForAttach();
              isDone = true;
            } catch (IOException cut) {
              store.powerUp(random);
            }
          }
          MetadataImage image = reader(store).readForAttach();
          assertThat(image.bitmap().weightIn(2 * 1024, 3 * 1024)).isEqualTo(1024);
          assertThat(image.bitmap().weightIn(7 * 1024, 8 * 1024)).isEqualTo(1024);
          assertThat(image.bitmap().weight()).isEqualTo(2048);
        });
  }

  @Test
  void offsetsThatCannotBeTrueAreNamed() throws Exception {
    refusedWith("al_offset at byte 68: expected -64, found -63", 68, -63);
    refusedWith("bm_offset at byte 76: expected -72, found 17", 76, 17);
    refusedWith("al_stripes times al_stripe_size_4k at byte 88", 92, 3);
    refusedWith("bm_bytes_per_bit 4096 at byte 80, found 4095", 80, 4095);
    refusedWith("found 0x00000000", 60, 0);
    refusedWith("found v09 of DRBD 9", 60, 0x8374026d);
    refusedWith("la_size_sect at byte 0", 0, 1);
  }

  private static void refusedWith(String message, int offset, int value) throws Exception {
    SimStore store = SimStore.withTail(MIB, "fresh-1MiB.mdarea.gz");
    byte[] block = store.read(MIB - 4096, 4096);
    ByteBuffer.wrap(block).putInt(offset, value);
    store.write(MIB - 4096, block);
    assertThatThrownBy(() -> reader(store).readForAttach())
        .isInstanceOf(MetadataException.class)
        .hasMessageContaining(message);
  }

  private static SimStore crashed(Kind kind, int flags, long... extents) throws Exception {
    boolean isInternal = kind instanceof Kind.Internal;
    SimStore store = new SimStore(isInternal ? CAPTURED_BYTES : 256 * MIB);
    MetadataLayout layout = MetadataLayout.of(kind, CAPTURED_BYTES, store.sizeBytes());
    MetadataArea area = new MetadataArea(store, layout);
    area.writeFreshLog();
    for (int i = 0; i < extents.length; i++) {
      List<Long> context = LongStream.of(extents).limit(i).boxed().toList();
      Transaction transaction =
          new Transaction(i, 1237, 0, context, List.of(new Update(i, extents[i])));
      store.write(layout.alBlockOffsetBytes(i), ActivityLogBlock.encode(transaction));
    }
    area.writeSuperblock(
        Superblock.fresh(layout, 0)
            .withFlags(flags)
            .withClean(false)
            .withLastAgreedSectors(isInternal ? layout.usableSectors() : 131072));
    area.force();
    return store;
  }
}
