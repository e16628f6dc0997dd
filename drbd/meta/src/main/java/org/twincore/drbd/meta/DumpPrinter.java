package org.twincore.drbd.meta;

import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/// Writes metadata as the text that dump-md prints and restore-md reads (drbd-metadata section 6).
///
/// The same text as drbd-utils 9.22, but for the `flags` line: theirs always says 0 for v08, this
/// one says what is set, so that a restored disk is as consistent as it was.
public final class DumpPrinter {
  private static final int WORDS_PER_LINE = 4;
  private static final int WORDS_PER_MARK = 32;
  private static final int KIB_PER_WORD = 256;

  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private final Appendable out;

  public DumpPrinter(Appendable out) {
    this.out = out;
  }

  /// Prints a heading of comment lines, then the metadata. `raw` is the bitmap in whole 4 KiB
  /// blocks, bits behind the device included ([MetadataReader#readRawBitmap]).
  public void print(List<String> heading, MetadataReader.Found found, SyncBitmap raw)
      throws IOException {
    for (String line : heading) {
      line(line.isEmpty() ? "#" : "# " + line);
    }
    line("#");
    line("");
    line("version \"v08\";");
    line("");
    Superblock superblock = found.superblock();
    if (!found.isClean()) {
      // Not in the grammar, on purpose: such a text is for reading only.
      line("This_is_an_unclean_meta_data_dump._Don't_trust_the_bitmap.");
      line("# Run apply-al before a dump that is meant for restore-md.");
      line("");
    }
    MetadataLayout layout = found.layout();
    line("# md_size_sect %d", Integer.toUnsignedLong(superblock.metadataSectors()));
    line("# md_offset %d", layout.superblockOffsetBytes());
    line("# al_offset %d", layout.alOffsetBytes());
    line("# bm_offset %d", layout.bitmapOffsetBytes());
    line("");
    identity(superblock);
    bitmap(superblock.lastAgreedSectors(), raw);
  }

  private void identity(Superblock superblock) throws IOException {
    line("uuid {");
    line(
        "    0x%016X; 0x%016X; 0x%016X; 0x%016X;",
        superblock.uuids().current(),
        superblock.uuids().bitmap(),
        superblock.uuids().history0(),
        superblock.uuids().history1());
    line("    flags 0x%08X;", superblock.flags());
    line("}");
    line("# al-extents %d;", Integer.toUnsignedLong(superblock.alExtents()));
    line("la-size-sect %d;", superblock.lastAgreedSectors());
    line("bm-byte-per-bit %d;", Superblock.BYTES_PER_BIT);
    line("device-uuid 0x%016X;", superblock.deviceUuid());
    line("la-peer-max-bio-size %d;", Integer.toUnsignedLong(superblock.peerMaxBioBytes()));
    line("al-stripes %d;", superblock.alStripes());
    line("al-stripe-size-4k %d;", superblock.alStripeSize4k());
  }

  private void bitmap(long sectors, SyncBitmap raw) throws IOException {
    long words = MetadataDump.wordsOnDisk(sectors);
    line("# bm-bytes %d;", words * Long.BYTES);
    line("bm {");
    long bitsSet = 0;
    for (long index = 0; index < words; ) {
      if (index % WORDS_PER_MARK == 0) {
        line("   # at %dkB", index * KIB_PER_WORD);
      }
      long run = runOfLines(raw, index, words);
      if (run > WORDS_PER_LINE) {
        line("    %d times 0x%016X;", run, raw.word(index));
        bitsSet += run * Long.bitCount(raw.word(index));
        index += run;
      } else {
        bitsSet += lineOfWords(raw, index);
        index += WORDS_PER_LINE;
      }
    }
    line("}");
    line("# bits-set %d;", bitsSet);
  }

  /// How many words from `from` on are equal, in whole lines.
  private static long runOfLines(SyncBitmap raw, long from, long words) {
    long to = from + 1;
    while (to < words && raw.word(to) == raw.word(from)) {
      to++;
    }
    return (to - from) / WORDS_PER_LINE * WORDS_PER_LINE;
  }

  private long lineOfWords(SyncBitmap raw, long from) throws IOException {
    long bits = 0;
    for (int i = 0; i < WORDS_PER_LINE; i++) {
      long word = raw.word(from + i);
      out.append(i == 0 ? "    0x" : " 0x").append(HEX.toHexDigits(word)).append(';');
      bits += Long.bitCount(word);
    }
    out.append('\n');
    return bits;
  }

  private void line(String format, Object... values) throws IOException {
    out.append(values.length == 0 ? format : String.format(Locale.ROOT, format, values))
        .append('\n');
  }
}
