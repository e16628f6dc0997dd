package org.twincore.daemon;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.twincore.admin.settings.NodeSettings;
import org.twincore.admin.settings.SettingsException;
import org.twincore.admin.settings.SettingsParser;
import org.twincore.daemon.log.LogOutput;

/// `twincore node`: runs one node until SIGTERM, SIGINT or `shutdown` at the admin socket.
///
/// The first such signal ends it in order, within ten seconds; the second at once. Exit codes: 0
/// stopped in order, 1 not started or not stopped in order, 143 stopped by a second signal. SIGHUP
/// brings what runs to what drbd.conf says.
public final class Main {
  private static final Path SETTINGS = Path.of("/etc/twincore.conf");
  private static final long STOP_NANOS = TimeUnit.MILLISECONDS.toNanos(9500);
  private static final long LOG_MILLIS = 200;
  private static final int KILLED = 143;
  private static final String HOST_NAME = "/proc/sys/kernel/hostname";

  private Main() {}

  public static void main(String[] words) {
    Locale.setDefault(Locale.ROOT);
    if (List.of(words).contains("--help") || List.of(words).contains("-h")) {
      System.out.print(CommandLine.USAGE);
      return;
    }
    Map<String, String> environment = System.getenv();
    CommandLine line;
    NodeSettings settings;
    NodeFolders folders;
    try {
      line = CommandLine.parse(List.of(words), defaultName(environment));
      settings = settings(line);
      checkLogFile(settings);
      Optional<Path> state =
          line.state().isPresent() ? line.state() : settings.stateFolder().map(Path::of);
      folders = NodeFolders.make(line.run(), state, environment);
    } catch (CommandLine.WrongException wrong) {
      System.err.println("twincore node: " + wrong.getMessage());
      System.err.print(CommandLine.USAGE);
      System.exit(1);
      return;
    } catch (IOException | SettingsException failed) {
      System.err.println("twincore node: " + failed.getMessage());
      System.exit(1);
      return;
    }
    LogOutput log = LogOutput.install(settings, environment);
    int exitCode = run(line.name(), folders, settings);
    log.finish(LOG_MILLIS);
    Runtime.getRuntime().halt(exitCode);
  }

  private static String defaultName(Map<String, String> environment) throws IOException {
    String named = environment.getOrDefault("TWINCORE_NODE", "");
    return named.isEmpty() ? Files.readString(Path.of(HOST_NAME)).strip() : named;
  }

  private static NodeSettings settings(CommandLine line) throws IOException, SettingsException {
    Path file = line.settings().orElse(SETTINGS);
    if (line.settings().isEmpty() && !Files.exists(file)) {
      return NodeSettings.DEFAULTS;
    }
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (NoSuchFileException _) {
      throw new IOException(file + ": no such file");
    } catch (MalformedInputException _) {
      throw new IOException(file + ":1:1: expected text in UTF-8, found other bytes");
    }
    return SettingsParser.parse(file.toString(), lines, line.name());
  }

  /// A log that nobody can read later is worse than a node that does not start.
  private static void checkLogFile(NodeSettings settings) throws IOException {
    if (settings.logFile().isPresent()) {
      Path file = Path.of(settings.logFile().get());
      try {
        Files.newByteChannel(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND).close();
      } catch (IOException failed) {
        throw new IOException("log-file " + file + " cannot be written: " + failed, failed);
      }
    }
  }

  private static int run(String name, NodeFolders folders, NodeSettings settings) {
    Logger log = System.getLogger("org.twincore.node");
    Adjustment adjustment = new Adjustment(settings.adjustCommand(), name, folders.run());
    Signals.take("HUP", adjustment::ask);
    Node node;
    try {
      node = new Node(name, folders, settings);
    } catch (IOException failed) {
      log.log(Level.ERROR, "node={0} not started: {1}", name, failed.getMessage());
      if (settings.logFile().isPresent()) {
        System.err.println("twincore node: not started: " + failed.getMessage());
      }
      return 1;
    }
    AtomicBoolean isStopping = new AtomicBoolean();
    Signals.take("TERM", () -> stop(node, "SIGTERM", isStopping));
    Signals.handle("INT", () -> stop(node, "SIGINT", isStopping));
    try {
      node.awaitStop();
    } catch (InterruptedException _) {
      // then now
    }
    return node.stop(STOP_NANOS) ? 0 : 1;
  }

  private static void stop(Node node, String signal, AtomicBoolean isStopping) {
    if (isStopping.getAndSet(true)) {
      Runtime.getRuntime().halt(KILLED);
    }
    node.requestStop(signal);
  }
}
