package org.twincore.drbd.meta;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.meta.MetadataLayout.Kind;
import org.twincore.testkit.Prng;

/// Metadata of a grown disk: where it is looked for, and what any crash leaves.
class GrownDiskTest {
  private static final long BEFORE = 8 << 20;
  private static final long LA = 16000;
  private static final long UUID = 0x1122334455667788L;
  private static final Kind INTERNAL = new Kind.Internal();

  /// A disk of `bytes` with the metadata of one that had 8 MiB, and every third block marked.
  private static SimStore grown(long bytes) throws IOException, MetadataException {
    SimStore store = new SimStore(bytes);
    write(store, BEFORE, UUID);
    return store;
  }

  private static void write(SimStore store, long sizeBytes, long uuid)
      throws IOException, MetadataException {
    MetadataLayout layout = MetadataLayout.of(INTERNAL, sizeBytes, sizeBytes);
    MetadataArea area = new MetadataArea(store, layout);
    area.writeFreshLog();
    SyncBitmap bitmap = new SyncBitmap(LA);
    for (int bit = 0; bit < bitmap.sizeBits(); bit += 3) {
      bitmap.setBits(bit, bit + 1L);
    }
    area.writeDirtyPages(bitmap);
    area.writeSuperblock(
        Superblock.fresh(layout, uuid)
            .withLastAgreedSectors(LA)
            .withFlags(MetadataFlags.CONSISTENT | MetadataFlags.AL_CLEAN));
    area.force();
  }

  private static Optional<GrownDisk.Known> known(long uuid) {
    return Optional.of(new GrownDisk.Known(BEFORE, uuid));
  }

  private static MetadataImage attach(SimStore store) throws IOException, MetadataException {
    return new MetadataReader(INTERNAL, store.sizeBytes(), store).readForAttach();
  }

  private static void assertMarked(MetadataImage image) {
    assertThat(image.superblock().deviceUuid()).isEqualTo(UUID);
    assertThat(image.superblock().lastAgreedSectors()).isEqualTo(LA);
    if (!image.superblock().has(MetadataFlags.FULL_SYNC)) {
      for (int bit = 0; bit < image.bitmap().sizeBits(); bit++) {
        assertThat(image.bitmap().get(bit)).isEqualTo(bit % 3 == 0);
      }
    }
  }

  /// Far, by less than the metadata takes, and by one block.
  @ParameterizedTest
  @ValueSource(longs = {12 << 20, BEFORE + 8192, BEFORE + 4096})
  void whatAnyCrashLeavesIsRight(long bytes) throws Exception {
    int writes = 0;
    boolean crashed = true;
    while (crashed) {
      for (int chance = 0; chance < 12; chance++) {
        SimStore store = grown(bytes);
        store.crashAfter(writes);
        crashed = crashes(store);
        store.powerUp(new Prng(writes * 31L + chance));
        GrownDisk.follow(INTERNAL, store, known(UUID));
        assertMarked(attach(store));
      }
      writes++;
    }
    assertThat(writes).isGreaterThan(4);
    SimStore store = grown(bytes);
    assertThat(GrownDisk.follow(INTERNAL, store, known(UUID))).isTrue();
    MetadataImage image = attach(store);
    assertMarked(image);
    assertThat(image.superblock().has(MetadataFlags.FULL_SYNC)).isFalse();
    assertThat(GrownDisk.follow(INTERNAL, store, known(UUID))).isFalse();
  }

  private static boolean crashes(SimStore store) throws MetadataException {
    try {
      GrownDisk.follow(INTERNAL, store, known(UUID));
      return false;
    } catch (IOException powerCut) {
      return true;
    }
  }

  /// What somebody else left at the new end is not taken for ours, and not the other way round.
  @Test
  void theIdentifierDecides() throws Exception {
    SimStore store = grown(12 << 20);
    write(store, 12 << 20, 99);
    assertThat(GrownDisk.follow(INTERNAL, store, known(UUID))).isTrue();
    assertMarked(attach(store));

    SimStore other = grown(12 << 20);
    assertThat(GrownDisk.follow(INTERNAL, other, known(77))).isFalse();
    assertThat(GrownDisk.follow(INTERNAL, other, Optional.empty())).isFalse();
    assertThat(GrownDisk.follow(INTERNAL, other, known(0))).isTrue();
    assertMarked(attach(other));
  }
}
