package org.twincore.drbd.meta;

import java.io.IOException;
import java.io.Reader;
import java.util.Arrays;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.meta.DumpLexer.Kind;
import org.twincore.drbd.meta.DumpLexer.Token;

/// Reads the text of dump-md, of this program or of drbd-utils, in the one order that it is printed
/// in. Older texts may lack the lines from `la-peer-max-bio-size` to `al-stripe-size-4k`.
public final class DumpParser {
  /// 2 GiB of bitmap: 64 TiB of device.
  private static final long WORDS_MAX = 1L << 28;

  private static final int HEX_LONG_CHARS = 18;
  private static final int HEX_INT_CHARS = 10;
  private static final int DECIMAL_CHARS_MAX = 18;
  private static final String UNCLEAN_WORD = "This_is_an_unclean";

  private final DumpLexer lexer;
  private Token token;

  private DumpParser(Reader in) throws IOException, DumpSyntaxException {
    lexer = new DumpLexer(in);
    token = lexer.token();
  }

  /// Reads one dump to the end of the text. The reader should be buffered.
  public static MetadataDump parse(Reader in) throws IOException, DumpSyntaxException {
    return new DumpParser(in).dump();
  }

  private MetadataDump dump() throws IOException, DumpSyntaxException {
    version();
    keyword("uuid");
    punctuation("{");
    GenerationUuids uuids = new GenerationUuids(uuid(), uuid(), uuid(), uuid());
    keyword("flags");
    int flags = (int) hex(HEX_INT_CHARS, "8 hex digits, as 0x00000011");
    punctuation(";");
    punctuation("}");
    final long sectors = number("la-size-sect", Long.MAX_VALUE / 2);
    Token unit = token;
    if (number("bm-byte-per-bit", Integer.MAX_VALUE) != Superblock.BYTES_PER_BIT) {
      throw at(unit, "bm-byte-per-bit must be " + Superblock.BYTES_PER_BIT);
    }
    keyword("device-uuid");
    final long deviceUuid = uuid();
    final int peerMaxBio = (int) optional("la-peer-max-bio-size", 0);
    final int stripes = (int) optional("al-stripes", 1);
    final int stripeSize =
        (int) optional("al-stripe-size-4k", MetadataLayout.STRIPE_SIZE_4K_DEFAULT);
    final long[] words = bitmap(sectors);
    if (token.kind() != Kind.END) {
      throw expected("the end of the text");
    }
    return new MetadataDump(
        uuids, flags, sectors, deviceUuid, peerMaxBio, stripes, stripeSize, words);
  }

  private void version() throws IOException, DumpSyntaxException {
    keyword("version");
    if (token.kind() != Kind.STRING) {
      throw expected("the format in quotes");
    }
    if (!token.text().equals("v08")) {
      throw at(token, "the dump is '" + token.text() + "', only 'v08' can be restored");
    }
    next();
    punctuation(";");
    if (token.text().startsWith(UNCLEAN_WORD)) {
      throw at(
          token,
          "this dump was taken from unclean metadata and cannot be restored (run apply-al, then"
              + " dump-md again)");
    }
  }

  private long[] bitmap(long sectors) throws IOException, DumpSyntaxException {
    keyword("bm");
    punctuation("{");
    long wordsMax = Math.min(MetadataDump.wordsOnDisk(sectors), WORDS_MAX);
    long[] words = new long[(int) Math.min(wordsMax, 1024)];
    int count = 0;
    while (!isPunctuation("}")) {
      Token start = token;
      long times = 1;
      if (!token.text().startsWith("0x")) {
        times = decimal(WORDS_MAX, "a repeat count, a word of 16 hex digits, or '}'");
        keyword("times");
      }
      final long word = hex(HEX_LONG_CHARS, "a word of 16 hex digits");
      punctuation(";");
      if (times > wordsMax - count) {
        throw at(start, "more bitmap than la-size-sect asks for (" + wordsMax + " words)");
      }
      if (count + times > words.length) {
        long wanted = Math.max(count + times, words.length * 2L);
        words = Arrays.copyOf(words, (int) Math.min(wanted, wordsMax));
      }
      Arrays.fill(words, count, (int) (count + times), word);
      count += (int) times;
    }
    punctuation("}");
    return Arrays.copyOf(words, count);
  }

  private long optional(String name, long absent) throws IOException, DumpSyntaxException {
    return token.text().equals(name) ? number(name, Integer.MAX_VALUE) : absent;
  }

  private long number(String name, long max) throws IOException, DumpSyntaxException {
    keyword(name);
    long value = decimal(max, "a number");
    punctuation(";");
    return value;
  }

  private long decimal(long max, String what) throws IOException, DumpSyntaxException {
    String text = token.text();
    if (token.kind() != Kind.WORD
        || !text.chars().allMatch(c -> c >= '0' && c <= '9')
        || text.length() > DECIMAL_CHARS_MAX) {
      throw expected(what);
    }
    long value = Long.parseLong(text);
    if (value > max) {
      throw at(token, value + " is more than " + max);
    }
    next();
    return value;
  }

  private long uuid() throws IOException, DumpSyntaxException {
    long value = hex(HEX_LONG_CHARS, "16 hex digits, as 0x0123456789ABCDEF");
    punctuation(";");
    return value;
  }

  private long hex(int length, String what) throws IOException, DumpSyntaxException {
    String text = token.text();
    if (token.kind() != Kind.WORD || text.length() != length || !text.startsWith("0x")) {
      throw expected(what);
    }
    try {
      long value = Long.parseUnsignedLong(text, 2, length, 16);
      next();
      return value;
    } catch (NumberFormatException notHex) {
      throw expected(what);
    }
  }

  private void keyword(String name) throws IOException, DumpSyntaxException {
    if (token.kind() != Kind.WORD || !token.text().equals(name)) {
      throw expected("keyword '" + name + "'");
    }
    next();
  }

  private void punctuation(String mark) throws IOException, DumpSyntaxException {
    if (!isPunctuation(mark)) {
      throw expected("'" + mark + "'");
    }
    next();
  }

  private boolean isPunctuation(String mark) {
    return token.kind() == Kind.PUNCTUATION && token.text().equals(mark);
  }

  private void next() throws IOException, DumpSyntaxException {
    token = lexer.token();
  }

  private DumpSyntaxException expected(String what) {
    return at(token, what + " expected, found " + token.shown());
  }

  private static DumpSyntaxException at(Token where, String what) {
    return new DumpSyntaxException(where.line(), where.column(), what);
  }
}
