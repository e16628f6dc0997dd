package org.twincore.drbd.config;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// The syntax tree of a drbd.conf: what is written, in its order, each node with its place.
///
/// Legacy spellings are already today's: `syncer` options stand under the section they moved to.
public sealed interface Statement {
  /// Where the statement begins.
  Position at();

  /// `resource NAME { ... }`, or `common { ... }` under the name `common`.
  ///
  /// @param end where it ends
  record Resource(Position at, Position end, String name, List<Statement> body)
      implements Statement {}

  /// Options of one section, in their order; a section may come in several pieces.
  record Options(Position at, Section section, List<Setting> settings) implements Statement {}

  /// `on HOST... { ... }`, `floating ADDR { ... }` or `stacked-on-top-of RES { ... }`.
  record Host(
      Position at, Kind kind, List<String> names, Optional<Endpoint> address, List<Statement> body)
      implements Statement {
    /// Which of the three.
    public enum Kind {
      ON,
      FLOATING,
      STACKED
    }
  }

  /// `volume N { ... }`.
  record Volume(Position at, int number, List<Statement> body) implements Statement {}

  /// `device [NAME] [minor N];`
  record Device(Position at, Optional<String> name, OptionalInt minor) implements Statement {}

  /// `disk PATH;`
  record Disk(Position at, String path) implements Statement {}

  /// `meta-disk internal;`, `meta-disk DEV;` or `meta-disk DEV [N];`.
  ///
  /// @param index `internal`, `flexible` or a number
  record MetaDisk(Position at, String device, String index) implements Statement {}

  /// `address ADDR;` and its like.
  record Address(Position at, Use use, Endpoint endpoint) implements Statement {
    /// What the address is for.
    public enum Use {
      ADDRESS,
      ALTERNATE,
      INSIDE,
      OUTSIDE
    }
  }

  /// `proxy on HOST... { ... }` of a host.
  record Proxy(Position at, List<String> names, List<Statement> body) implements Statement {}

  /// 0.7's `on-disconnect stand_alone`: a lost connection is not retried.
  record StandAlone(Position at) implements Statement {}

  /// The kinds of option lists in a resource; `GLOBAL` only at the top of the file.
  enum Section {
    GLOBAL("global"),
    OPTIONS("options"),
    NET("net"),
    DISK("disk"),
    STARTUP("startup"),
    PROXY("proxy"),
    PLUGIN("plugin"),
    HANDLERS("handlers");

    private final String word;

    Section(String word) {
      this.word = word;
    }

    /// The keyword in the file.
    public String word() {
      return word;
    }
  }
}
