package org.twincore.drbd.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.twincore.drbd.config.Statement.Section;
import org.twincore.drbd.config.Token.Kind;

/// Reads drbd.conf and what it includes into a [SyntaxTree] (drbd-config sections 1 to 3).
///
/// One parser reads one configuration: create, call [#parse], throw away.
public final class Parser {
  /// The name of the resource that stands for the `common` section.
  public static final String COMMON = "common";

  /// Largest file that is read.
  public static final int FILE_BYTES_MAX = 16 << 20;

  private static final int INCLUDE_DEPTH_MAX = 16;
  private static final int FILES_MAX = 4096;

  private final ConfigSource source;
  private final Findings findings = new Findings();
  private final List<Statement> statements = new ArrayList<>();
  private final Set<String> read = new HashSet<>();
  private final Set<String> once = new HashSet<>();

  public Parser(ConfigSource source) {
    this.source = source;
  }

  /// Reads the file and all it includes; further files are read as if they followed it.
  ///
  /// @throws ConfigException at the first error of grammar, or with all other faults together
  public SyntaxTree parse(String file, List<String> further) throws ConfigException {
    String shown = readMain(file);
    for (String path : further) {
      readMain(path);
    }
    findings.throwFaults();
    return new SyntaxTree(shown, List.copyOf(statements), findings.warnings());
  }

  private String readMain(String path) throws ConfigException {
    try {
      String shown = source.displayPath(path);
      read.add(source.realPath(path));
      readFile(shown, source.read(path, FILE_BYTES_MAX), 0);
      return shown;
    } catch (IOException e) {
      throw new ConfigException(
          null, "Can not open '" + path + "': " + reason(e), ConfigException.UNUSABLE);
    }
  }

  private static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "no such file";
      case AccessDeniedException _ -> "permission denied";
      default -> String.valueOf(e.getMessage());
    };
  }

  private void readFile(String file, byte[] bytes, int depth) throws ConfigException {
    Position start = new Position(file, 1, 1);
    if (bytes.length > FILE_BYTES_MAX) {
      throw findings.fatal(start, "file is larger than " + FILE_BYTES_MAX + " bytes");
    }
    String text = decode(bytes);
    boolean before8 = isBefore8(file, text);
    TokenStream tokens = new TokenStream(new Lexer(file, text), before8, findings);
    int before = statements.size();
    boolean other = false;
    while (tokens.peek().kind() != Kind.END) {
      other |= topStatement(tokens, depth);
    }
    if (depth == 0 && !other && statements.size() == before && !text.isBlank()) {
      findings.warn(
          start,
          "the file is not empty but defines no resource: is it all in comments? Text that was"
              + " pasted as one line behind a '#' is one comment");
    }
  }

  /// UTF-8, or Latin-1 where the bytes are not UTF-8 (comments of old files).
  private static String decode(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException _) {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }

  /// Whether a file is of 0.7: it has a word that only 0.7 knew and none that came later.
  private static boolean isBefore8(String file, String text) {
    Lexer lexer = new Lexer(file, text);
    boolean old = false;
    for (Token token = lexer.next(); token.kind() != Kind.END; token = lexer.next()) {
      if (token.kind() == Kind.KEYWORD && Keywords.isAfter07(token.text())) {
        return false;
      }
      old |= token.kind() == Kind.WORD && Keywords.isDrbd07(token.text());
    }
    return old;
  }

  /// Reads one statement; true for one that adds nothing here on purpose (skip, include).
  private boolean topStatement(TokenStream tokens, int depth) throws ConfigException {
    Token word = tokens.next();
    if (word.kind() == Kind.KEYWORD) {
      switch (word.text()) {
        case "global" -> global(tokens, word.at());
        case "common" -> {
          Position at = tokens.expect('{').at();
          onceOnly(at, "resource section", COMMON);
          statements.add(new ResourceParser(tokens, true).resource(at, COMMON));
        }
        case "resource" -> resource(tokens);
        case "skip" -> {
          skip(tokens);
          return true;
        }
        case "include" -> {
          include(tokens, depth);
          return true;
        }
        default -> throw tokens.unexpected(word, "global | common | resource | skip | include");
      }
      return false;
    }
    throw tokens.unexpected(word, "global | common | resource | skip | include");
  }

  private void onceOnly(Position at, String what, String key) {
    if (!once.add(key)) {
      findings.fault(at, "conflicting use of " + what + " '" + key + "'");
    }
  }

  private void global(TokenStream tokens, Position at) throws ConfigException {
    if (!once.add("global")) {
      findings.fault(at, "conflicting use of global section");
    }
    boolean late =
        statements.stream()
            .anyMatch(s -> s instanceof Statement.Resource r && !r.name().equals(COMMON));
    if (late) {
      findings.warn(at, "the global {} section should stand in front of any resource {}");
    }
    statements.add(new Statement.Options(at, Section.GLOBAL, new GlobalParser(tokens).settings()));
  }

  private void resource(TokenStream tokens) throws ConfigException {
    Token name = tokens.expectString();
    checkName(name);
    onceOnly(name.at(), "resource section", name.text());
    Position at = tokens.expect('{').at();
    statements.add(new ResourceParser(tokens, false).resource(at, name.text()));
  }

  private void checkName(Token name) throws ConfigException {
    if (name.text().isEmpty() || name.text().chars().anyMatch(c -> c < ' ' || c == 127)) {
      throw findings.fatal(
          name.at(), "a resource name must not be empty nor contain control characters", 1);
    }
  }

  /// `skip [word] { ... }` with balanced braces; strings and comments inside are understood.
  static void skip(TokenStream tokens) throws ConfigException {
    Token word = tokens.peek();
    if (word.isString()) {
      tokens.next();
    }
    if (!tokens.peek().is('{')) {
      throw tokens.unexpected(tokens.next(), "[ some_text ] {");
    }
    Position at = tokens.next().at();
    for (long level = 1; level > 0; ) {
      Token token = tokens.next();
      if (token.kind() == Kind.END) {
        throw tokens.findings().fatal(at, "reached end of file inside this skip block");
      }
      level += token.is('{') ? 1 : token.is('}') ? -1 : 0;
    }
  }

  private void include(TokenStream tokens, int depth) throws ConfigException {
    Token pattern = tokens.expectString();
    tokens.endStatement();
    if (depth == INCLUDE_DEPTH_MAX) {
      throw findings.fatal(
          pattern.at(), "include files nested more than " + INCLUDE_DEPTH_MAX + " deep");
    }
    String including = pattern.at().file();
    int slash = including.lastIndexOf('/');
    String directory = slash < 0 ? "." : slash == 0 ? "/" : including.substring(0, slash);
    try {
      List<String> paths = source.glob(directory, pattern.text());
      if (paths.isEmpty() && !isWild(pattern.text())) {
        findings.fault(pattern.at(), "Failed to open include file '" + pattern.text() + "'.");
      }
      for (String path : paths) {
        includeFile(path, pattern.at(), depth);
      }
    } catch (IOException e) {
      findings.fault(
          pattern.at(), "Failed to open include file '" + pattern.text() + "': " + e.getMessage());
    }
  }

  private void includeFile(String path, Position at, int depth) throws ConfigException {
    byte[] bytes;
    String shown;
    try {
      if (!read.add(source.realPath(path))) {
        return;
      }
      if (read.size() > FILES_MAX) {
        throw findings.fatal(at, "more than " + FILES_MAX + " files included");
      }
      shown = source.displayPath(path);
      bytes = source.read(path, FILE_BYTES_MAX);
    } catch (IOException e) {
      findings.fault(at, "Failed to open include file '" + path + "': " + e.getMessage());
      return;
    }
    readFile(shown, bytes, depth + 1);
  }

  private static boolean isWild(String pattern) {
    return pattern.indexOf('*') >= 0 || pattern.indexOf('?') >= 0 || pattern.indexOf('[') >= 0;
  }
}
