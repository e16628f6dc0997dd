package org.twincore.admin;

/// Which program speaks at an end of the admin socket, and which requests it knows.
///
/// The number rises with each release that adds a request, a field or a word to the language
/// (docs/admin-protocol.md has the table). A node understands the requests of every lower number; a
/// tool that asks for more than its node knows is refused and can say why.
///
/// @param program version of the program, `0.1.0`
/// @param protocol version of the language; 1 is that of nodes which do not tell one
public record AdminVersion(String program, int protocol) {
  /// What this program is and speaks.
  public static final AdminVersion OWN = new AdminVersion("0.1.0", 2);

  /// The language of nodes that do not tell a version of it.
  static final int UNTOLD = 1;

  @Override
  public String toString() {
    return "twincore " + program + " (admin protocol " + protocol + ")";
  }
}
