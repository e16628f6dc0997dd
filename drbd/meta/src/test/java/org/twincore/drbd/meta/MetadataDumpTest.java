package org.twincore.drbd.meta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.meta.MetadataLayout.Kind;
import org.twincore.testkit.Gen;

class MetadataDumpTest {
  private static final String HEAD =
      """
      version "v08";
      uuid {
          0x0000000000000004; 0x0000000000000002; 0x0000000000000003; 0x0000000000000001;
          flags 0x00000091;
      }
      la-size-sect 262144;
      bm-byte-per-bit 4096;
      device-uuid 0x00000000000000AB;
      """;

  private static MetadataDump parse(String text) throws Exception {
    return DumpParser.parse(new StringReader(text));
  }

  private static void refused(String text, String where, String what) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(DumpSyntaxException.class)
        .hasMessageStartingWith("Parse error in " + where + ": ")
        .hasMessageContaining(what);
  }

  @Test
  void printsTheCapturedMetadataAsDrbdmetaDid() throws Exception {
    SimStore store = SimStore.withTail(64 << 20, "al-applied.mdarea.gz");
    assertThat(print(store))
        .isEqualTo(
            """
            # heading
            #

            version "v08";

            # md_size_sect 80
            # md_offset 67104768
            # al_offset 67072000
            # bm_offset 67067904

            uuid {
                0x32A3817B1787D92F; 0x29FEC6E530D9B130; 0x0000000000000000; 0x0000000000000000;
                flags 0x00000093;
            }
            # al-extents 1237;
            la-size-sect 130992;
            bm-byte-per-bit 4096;
            device-uuid 0x0000000000000000;
            la-peer-max-bio-size 4096;
            al-stripes 1;
            al-stripe-size-4k 8;
            # bm-bytes 4096;
            bm {
               # at 0kB
                16 times 0xFFFFFFFFFFFFFFFF;
                16 times 0x0000000000000000;
               # at 8192kB
                16 times 0xFFFFFFFFFFFFFFFF;
                80 times 0x0000000000000000;
               # at 32768kB
                16 times 0xFFFFFFFFFFFFFFFF;
                80 times 0x0000000000000000;
               # at 57344kB
                16 times 0xFFFFFFFFFFFFFFFF;
                272 times 0x0000000000000000;
            }
            # bits-set 4096;
            """);
  }

  private static String print(SimStore store) throws Exception {
    MetadataReader reader = new MetadataReader(new Kind.Internal(), store.sizeBytes(), store);
    MetadataReader.Found found = reader.find();
    StringBuilder text = new StringBuilder();
    new DumpPrinter(text).print(List.of("heading"), found, reader.readRawBitmap(found));
    return text.toString();
  }

  private static String captured(String name) throws Exception {
    try (InputStream in = MetadataDumpTest.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.US_ASCII);
    }
  }

  /// What drbd-utils 9.22 printed on disks of a kernel node.
  @Test
  void readsTheDumpsOfDrbdUtils() throws Exception {
    MetadataDump inSync = parse(captured("insync.dump.txt"));
    assertThat(inSync.uuids().current()).isEqualTo(0x29FEC6E530D9B130L);
    assertThat(inSync.flags()).isEqualTo(0x11);
    assertThat(inSync.lastAgreedSectors()).isEqualTo(130992);
    assertThat(inSync.bitmapFor(130992).weight()).isZero();
    assertThat(parse(captured("crashed.dump.txt")).bitmapFor(130992).weight()).isEqualTo(16374);
    refused(captured("al-before-apply.dump.txt"), "line 8, column 1", "unclean");
  }

  @Test
  void dumpOfDrbdUtilsHasWhatTheDiskSays() throws Exception {
    SimStore store = SimStore.withTail(1 << 20, "a-after-s3.mdarea.gz");
    MetadataDump theirs = parse(captured("a-after-s3.dump.txt"));
    MetadataDump ours = parse(print(store));
    assertThat(ours.uuids()).isEqualTo(theirs.uuids());
    assertThat(ours.lastAgreedSectors()).isEqualTo(theirs.lastAgreedSectors()).isEqualTo(1968);
    assertThat(ours.peerMaxBioBytes()).isEqualTo(theirs.peerMaxBioBytes());
    assertThat(ours.words()).isEqualTo(theirs.words());
    assertThat(ours.flags()).isNotEqualTo(theirs.flags()).isEqualTo(0x91);
  }

  @Test
  void uncleanDumpCannotBeRestored() throws Exception {
    String text = print(SimStore.withTail(64 << 20, "al-crashed.mdarea.gz"));
    refused(text, "line 6, column 1", "apply-al");
  }

  @Test
  void anyBitmapSurvivesPrintingAndReading() {
    Gen.check(
        100,
        gen -> {
          SimStore store = new SimStore(700 << 20);
          MetadataLayout layout = MetadataLayout.of(new Kind.Internal(), 700 << 20, 700 << 20);
          MetadataArea area = new MetadataArea(store, layout);
          SyncBitmap bitmap = new SyncBitmap(layout.usableSectors());
          for (int i = gen.intIn(0, 40); i > 0; i--) {
            long from = gen.longIn(0, bitmap.sizeBits());
            bitmap.setBits(from, from + gen.longIn(0, 3000));
          }
          area.writeDirtyPages(bitmap);
          Superblock superblock =
              Superblock.fresh(layout, gen.anyLong())
                  .withFlags(gen.intIn(0, 0x1ff))
                  .withLastAgreedSectors(layout.usableSectors())
                  .withFlags(MetadataFlags.AL_CLEAN);
          area.writeSuperblock(superblock);
          MetadataDump dump = parse(print(store));
          assertThat(dump.superblockFor(layout)).isEqualTo(superblock);
          SyncBitmap again = dump.bitmapFor(layout.usableSectors());
          assertThat(again.weight()).isEqualTo(bitmap.weight());
          for (int page = 0; page < bitmap.pages(); page++) {
            assertThat(again.pageBytes(page)).isEqualTo(bitmap.pageBytes(page));
          }
        });
  }

  @Test
  void oldTextMayLackTheStripes() throws Exception {
    MetadataDump dump = parse(HEAD + "bm { 2 times 0x0000000000000007; }");
    assertThat(dump.alStripes()).isEqualTo(1);
    assertThat(dump.alStripeSize4k()).isEqualTo(8);
    assertThat(dump.flags()).isEqualTo(0x91);
    assertThat(dump.words()).containsExactly(7, 7);
  }

  @Test
  void errorsNameLineAndColumn() {
    refused("", "line 1, column 1", "keyword 'version' expected, found the end");
    refused("# x\n  Version", "line 2, column 3", "found 'Version'");
    refused(HEAD.replace("v08", "v09"), "line 1, column 9", "only 'v08' can be restored");
    refused(HEAD.replace("4; 0", "4 0"), "line 3, column 24", "';' expected");
    refused(HEAD.replace("0x00000091", "0x91"), "line 4, column 11", "8 hex digits");
    refused(HEAD.replace("0x00000091", "0x0000009g"), "line 4, column 11", "8 hex digits");
    refused(HEAD.replace("4096", "8192"), "line 7, column 1", "must be 4096");
    refused(HEAD.replace("262144", "x"), "line 6, column 14", "a number expected, found 'x'");
    refused(HEAD.replace("262144", "9".repeat(30)), "line 6, column 14", "a number");
    refused(HEAD + "bm { 513 times 0x0000000000000000; }", "line 9, column 6", "512 words");
    refused(HEAD + "bm { 99999999999 times 0x0000000000000000; }", "line 9, column 6", "more than");
    refused(HEAD + "bm { 2 time", "line 9, column 8", "keyword 'times'");
    refused(HEAD + "bm { } bm", "line 9, column 8", "the end of the text");
    refused("version \"v08", "line 1, column 9", "does not end");
    refused("\u00e9", "line 1, column 1", "0xe9");
    refused("version " + "x".repeat(300), "line 1, column 9", "longer than 256");
  }

  @Test
  void randomTextNeverDoesWorseThanASyntaxError() {
    Gen.check(
        2000,
        gen -> {
          StringBuilder text = new StringBuilder(HEAD + "bm { 2 times 0x0000000000000007; }");
          for (int i = gen.intIn(1, 4); i > 0; i--) {
            int at = gen.intIn(0, text.length() - 1);
            text.setCharAt(at, (char) gen.intIn(0, 127));
            if (gen.bool()) {
              text.setLength(at + 1);
            }
          }
          try {
            parse(text.toString());
          } catch (DumpSyntaxException expected) {
            assertThat(expected.line()).isPositive();
          }
        });
  }
}
