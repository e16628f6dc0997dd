package org.twincore.host.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Payload;

final class FileDiskTest {
  private static final int MIB = 1 << 20;

  @TempDir private Path folder;
  private Path file;
  private final BlockingQueue<Event> answers = new LinkedBlockingQueue<>();
  private final CountDownLatch released = new CountDownLatch(1);

  @BeforeEach
  void makeFile() throws IOException {
    file = folder.resolve("disk");
    Files.write(file, new byte[4 * MIB]);
  }

  private FileDisk open(Path metadata) throws IOException {
    return open(metadata, DiskAccess.BUFFERED);
  }

  private FileDisk open(Path metadata, DiskAccess access) throws IOException {
    return FileDisk.open(
        new FileDisk.Place("r0/0", 0, file, metadata, access), answers::add, released::countDown);
  }

  private static byte[] pattern(int length, int seed) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + seed + (i >> 9));
    }
    return bytes;
  }

  private static Effect.WriteLocal write(long token, long sector, byte[] bytes, boolean fua) {
    return new Effect.WriteLocal(0, token, sector, Payload.of(bytes), fua);
  }

  @ParameterizedTest
  @EnumSource
  void aReadSeesWhatWasWrittenAndOnlyThere(DiskAccess access) throws Exception {
    FileDisk disk = open(file, access);
    byte[] bytes = pattern(MIB + 4096, 7);
    disk.carryOut(write(5, 16, bytes, false));
    assertThat(answers.take()).isEqualTo(new Event.LocalDone(0, 5));

    assertThat(disk.runHere(new Effect.ReadLocal(0, 6, new Extent(16, bytes.length))))
        .isEqualTo(new Event.LocalReadDone(0, 6, Payload.of(bytes)));
    byte[] whole = Files.readAllBytes(file);
    assertThat(Arrays.copyOfRange(whole, 8192, 8192 + bytes.length)).isEqualTo(bytes);
    assertThat(Payload.of(whole, 0, 8192).isZero()).isTrue();
    assertThat(Payload.of(whole, 8192 + bytes.length, 4096).isZero()).isTrue();
  }

  /// Sectors of one page written both ways, one after the other, as an application's may come.
  @Test
  void sectorsBesidePagesGoThroughTheCacheAndAreReadBackEitherWay() throws Exception {
    FileDisk disk = open(file, DiskAccess.DIRECT);
    byte[] pages = pattern(8192, 1);
    byte[] sector = pattern(512, 2);
    disk.runHere(write(1, 8, pages, false));
    disk.runHere(write(2, 11, sector, false));
    System.arraycopy(sector, 0, pages, 3 * 512, 512);
    assertThat(disk.runHere(new Effect.ReadLocal(0, 3, new Extent(8, 8192))))
        .isEqualTo(new Event.LocalReadDone(0, 3, Payload.of(pages)));
    byte[] over = pattern(4096, 3);
    disk.runHere(write(4, 8, over, true));
    assertThat(disk.runHere(new Effect.ReadLocal(0, 5, new Extent(9, 512))))
        .isEqualTo(new Event.LocalReadDone(0, 5, Payload.of(over, 512, 512)));
    System.arraycopy(over, 0, pages, 0, 4096);
    assertThat(Arrays.copyOfRange(Files.readAllBytes(file), 4096, 4096 + 8192)).isEqualTo(pages);
  }

  /// What a direct disk has answered does not wait in the page cache, where a loss of power would
  /// find it.
  @Test
  void aDirectWriteLeavesNothingInThePageCache() throws Exception {
    long before = cachedPages();
    FileDisk disk = open(file, DiskAccess.DIRECT);
    disk.runHere(write(1, 0, pattern(MIB, 5), false));
    assertThat(cachedPages()).isEqualTo(before - MIB / 4096);
  }

  /// One access at a time saves a hand-off; of several at once none waits for the one before.
  @Test
  void aDirectAccessIsQuickOnlyAlone() throws Exception {
    Effect.WriteLocal small = write(1, 0, pattern(4096, 5), false);
    FileDisk buffered = open(file, DiskAccess.BUFFERED);
    FileDisk direct = open(file, DiskAccess.DIRECT);
    assertThat(buffered.isQuick(small, true)).isTrue();
    assertThat(direct.isQuick(small, false)).isTrue();
    assertThat(direct.isQuick(small, true)).isFalse();
    assertThat(direct.isQuick(write(1, 0, pattern(4096, 5), true), false)).isFalse();
  }

  private long cachedPages() throws Exception {
    Process counting =
        new ProcessBuilder("fincore", "--noheadings", "--output", "PAGES", file.toString())
            .redirectErrorStream(true)
            .start();
    String text = new String(counting.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(counting.waitFor()).as(text).isZero();
    return Long.parseLong(text.strip());
  }

  @Test
  void aDurableWriteAndAFlushAreAnsweredOnce() throws Exception {
    FileDisk disk = open(file);
    disk.carryOut(write(1, 0, pattern(4096, 1), true));
    assertThat(answers.take()).isEqualTo(new Event.LocalDone(0, 1));
    disk.carryOut(new Effect.FlushLocal(0, 2));
    assertThat(answers.take()).isEqualTo(new Event.LocalDone(0, 2));
    disk.carryOut(new Effect.CloseDisk(0));
    released.await();
    assertThat(answers).isEmpty();
  }

  @Test
  void everyKindOfDiscardReadsAsZeroes() throws Exception {
    FileDisk disk = open(file);
    for (Event.Discard kind : Event.Discard.values()) {
      disk.runHere(write(1, 0, pattern(MIB, 3), false));
      disk.carryOut(new Effect.DiscardLocal(0, 2, new Extent(1, MIB - 1024), kind));
      assertThat(answers.take()).isEqualTo(new Event.LocalDone(0, 2));
      byte[] whole = Files.readAllBytes(file);
      assertThat(Payload.of(whole, 512, MIB - 1024).isZero()).as(kind.name()).isTrue();
      assertThat(Payload.of(whole, 0, 512).isZero()).isFalse();
      assertThat(Payload.of(whole, MIB - 512, 512).isZero()).isFalse();
      assertThat(whole).hasSize(4 * MIB);
    }
  }

  @Test
  void metadataGoesToItsOwnDeviceInOrder() throws Exception {
    Path metadata = folder.resolve("meta");
    Files.write(metadata, new byte[MIB]);
    FileDisk disk = open(metadata);
    byte[] first = pattern(4096, 1);
    byte[] second = pattern(8192, 2);
    byte[] over = pattern(4096, 9);
    disk.carryOut(
        new Effect.WriteMetadata(
            0,
            7,
            List.of(
                new Effect.Region(4096, first),
                new Effect.Region(8192, second),
                new Effect.Region(4096, over)),
            true));
    assertThat(answers.take()).isEqualTo(new Event.LocalDone(0, 7));
    byte[] whole = Files.readAllBytes(metadata);
    assertThat(Arrays.copyOfRange(whole, 4096, 8192)).isEqualTo(over);
    assertThat(Arrays.copyOfRange(whole, 8192, 16384)).isEqualTo(second);
    assertThat(Payload.of(Files.readAllBytes(file)).isZero()).isTrue();
  }

  @Test
  void whatLiesBehindTheEndFails() throws Exception {
    FileDisk disk = open(file);
    long end = 4L * MIB / 512;
    assertThat(disk.runHere(new Effect.ReadLocal(0, 1, new Extent(end - 1, 1024))))
        .isInstanceOf(Event.LocalFailed.class);
    assertThat(disk.runHere(write(2, end, new byte[512], false)))
        .isInstanceOf(Event.LocalFailed.class);
    assertThat(Files.size(file)).isEqualTo(4L * MIB);
  }

  @Test
  void aDiskThatShrankFailsInsteadOfReadingNothing() throws Exception {
    FileDisk disk = open(file);
    try (var channel =
        java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
      channel.truncate(MIB);
    }
    assertThat(disk.runHere(new Effect.ReadLocal(0, 1, new Extent(2L * MIB / 512, 4096))))
        .isInstanceOfSatisfying(
            Event.LocalFailed.class, failed -> assertThat(failed.cause()).contains("EIO"));
  }

  @Test
  void aMissingFileIsNamed() {
    file = folder.resolve("missing");
    assertThatThrownBy(() -> open(file))
        .hasMessageContaining("missing")
        .hasMessageContaining("ENOENT");
  }

  @Test
  void anInterruptedThreadDoesNotHurtTheDisk() throws Exception {
    FileDisk disk = open(file);
    Thread.currentThread().interrupt();
    assertThat(disk.runHere(write(1, 0, pattern(4096, 1), false)))
        .isEqualTo(new Event.LocalDone(0, 1));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(disk.runHere(new Effect.ReadLocal(0, 2, new Extent(0, 512))))
        .isInstanceOf(Event.LocalReadDone.class);
  }
}
