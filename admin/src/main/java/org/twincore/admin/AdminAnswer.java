package org.twincore.admin;

import java.util.List;

/// What a node answers to an [AdminRequest].
public sealed interface AdminAnswer {

  /// A command ended. In [Kind#STATE] the number is that of a state change (1 and above are
  /// successes, 0 and below refusals), in [Kind#CONFIG] that of a configuration (101 = fine), in
  /// [Kind#WAIT] 0 or 5; see drbdsetup's exit codes. `text` may be empty.
  record Result(Kind kind, int number, String text) implements AdminAnswer {

    /// Success without more to say.
    public static final Result DONE = new Result(Kind.STATE, 1, "");

    public boolean isSuccess() {
      return switch (kind) {
        case STATE -> number >= 1;
        case CONFIG -> number == 101;
        case WAIT -> number == 0;
      };
    }

    /// drbdsetup's exit code (drbd-status section 7).
    public int exitCode() {
      return switch (kind) {
        case STATE -> number >= 1 ? 0 : stateExitCode(number);
        case CONFIG -> number == 101 ? 0 : number > 100 ? 10 : 20;
        case WAIT -> number;
      };
    }

    private static int stateExitCode(int number) {
      return switch (number) {
        case -2 -> 17;
        case -16 -> 5;
        case -4 -> 16;
        default -> 11;
      };
    }
  }

  /// Which table a [Result]'s number is from.
  enum Kind {
    STATE,
    CONFIG,
    WAIT
  }

  /// A rendered text, printed as it is.
  record Text(String text) implements AdminAnswer {}

  /// The resources asked for.
  record Status(List<ResourceView> resources) implements AdminAnswer {
    public Status {
      resources = List.copyOf(resources);
    }
  }

  /// The node: its name, version, process, start time (milliseconds since 1970), and where its
  /// exports are (NBD URIs without export name, may be empty).
  record Info(String node, AdminVersion version, long pid, long startedMillis, List<String> nbdUris)
      implements AdminAnswer {
    public Info {
      nbdUris = List.copyOf(nbdUris);
    }
  }

  /// One line of a stream, without its line end.
  record Line(String text) implements AdminAnswer {}

  /// The stream is over.
  record End() implements AdminAnswer {}

  /// The request was no request, or the node is at fault: exit code 20.
  record Failed(String text) implements AdminAnswer {}
}
