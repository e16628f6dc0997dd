package org.twincore.cli.drbdmeta;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.twincore.drbd.meta.MetadataLayout.Kind;
import org.twincore.host.disk.DiskHeldException;
import org.twincore.host.disk.DiskLock;
import org.twincore.host.disk.MetadataFile;

/// The tool as a program, and as a call for others in the same process.
public final class Drbdmeta {
  private static final long DEVICE_BYTES_MIN = 68 * 1024;

  private static final String EXAMPLES =
      """

      EXAMPLES:
        drbdmeta 0 v08 /dev/sdb1 internal create-md
        drbdmeta 0 v08 /dev/sdb1 internal dump-md >sdb1.md
        drbdmeta --force 0 v08 disk.img flex-internal show-gi
      """;

  private Drbdmeta() {}

  /// Runs the tool as a program; asks questions only if a terminal can answer them.
  public static void main(String[] args) {
    int exitCode = run(args, System.out, System.err, answers());
    System.out.flush();
    System.exit(exitCode);
  }

  /// Where answers to questions come from: standard input if it is a terminal, else nowhere.
  public static InputStream answers() {
    return isTerminal() ? System.in : InputStream.nullInputStream();
  }

  private static boolean isTerminal() {
    try {
      String input = Files.readSymbolicLink(Path.of("/proc/self/fd/0")).toString();
      return input.startsWith("/dev/pts/") || input.startsWith("/dev/tty");
    } catch (IOException unknown) {
      return false;
    }
  }

  /// Runs one command line to its end; the exit code. Questions are answered by lines of `in`; at
  /// its end nothing is confirmed.
  public static int run(String[] args, PrintStream out, PrintStream err, InputStream in) {
    if (args.length > 0 && List.of("--help", "-h", "help").contains(args[0])) {
      usage(out);
      return 0;
    }
    try {
      Invocation invocation = Invocation.parse(args);
      if (invocation.arguments().size() > invocation.command().argumentsMax()) {
        err.println("Ignoring additional arguments");
      }
      return run(invocation, new Dialogue(out, err, in, invocation.flags().force()));
    } catch (Invocation.UsageWanted wanted) {
      say(err, wanted);
      usage(out);
      return ToolFailure.USAGE;
    } catch (ToolFailure failure) {
      say(err, failure);
      return failure.exitCode();
    } catch (IOException failed) {
      say(err, failed);
      return ToolFailure.USAGE;
    }
  }

  private static int run(Invocation invocation, Dialogue dialogue) throws IOException, ToolFailure {
    Command command = invocation.command();
    Path device = invocation.device();
    if (command.access() == Command.Access.NONE) {
      return command.run(new Session(invocation, dialogue, new NoStore()));
    }
    if (!Files.exists(device)) {
      throw new ToolFailure(
          ToolFailure.USAGE, "open(" + device + ") failed: No such file or directory");
    }
    if (Files.isDirectory(device)) {
      throw new ToolFailure(ToolFailure.USAGE, "open(" + device + ") failed: Is a directory");
    }
    try (DiskLock lock = lock(invocation, dialogue);
        MetadataFile file = MetadataFile.open(device)) {
      assert lock != null;
      if (file.sizeBytes() < DEVICE_BYTES_MIN) {
        throw new ToolFailure(
            ToolFailure.BAD_VALUE,
            device + " is only " + file.sizeBytes() + " bytes. That's not enough.");
      }
      return command.run(new Session(invocation, dialogue, file));
    }
  }

  /// Nobody else may use the disk meanwhile; a node that has it attached is never overruled.
  private static DiskLock lock(Invocation invocation, Dialogue dialogue)
      throws IOException, ToolFailure {
    Path device = invocation.device();
    try {
      return invocation.kind() instanceof Kind.Indexed(int index)
          ? DiskLock.slot(device, index)
          : DiskLock.whole(device);
    } catch (DiskHeldException held) {
      switch (held.holder()) {
        case NODE ->
            throw new ToolFailure(
                ToolFailure.USAGE,
                "Device '%d' is configured!\n%s".formatted(invocation.minor(), held.getMessage()));
        case KERNEL -> {
          dialogue.err().println("open(" + device + ") failed: Device or resource busy");
          if (invocation.command() == Command.APPLY_AL
              || !dialogue.confirms("Somebody else has this device open. Go on all the same?")) {
            dialogue.out().println("Operation canceled.");
            throw new ToolFailure(ToolFailure.USAGE, held.getMessage());
          }
        }
      }
      return DiskLock.wholeBesideKernel(device);
    }
  }

  private static void say(PrintStream err, Exception ending) {
    String message = Objects.requireNonNullElse(ending.getMessage(), ending.toString());
    if (!message.isEmpty()) {
      err.println(message);
    }
  }

  private static void usage(PrintStream out) {
    out.println();
    out.println("USAGE: drbdmeta [--force] [--verbose] MINOR v08 DEVICE INDEX COMMAND [ARGUMENTS]");
    out.println();
    out.println("DEVICE is a block device or a file.");
    out.println("INDEX:");
    out.println("  internal | flex-internal | flex-external | 0..255");
    out.println();
    out.println("COMMANDS:");
    for (Command command : Command.values()) {
      out.println("  " + command.synopsis());
    }
    out.print(EXAMPLES);
  }
}
