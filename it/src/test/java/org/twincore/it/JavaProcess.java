package org.twincore.it;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// A main class of the tests in a process of its own, which can be killed. None outlives the tests:
/// Maven would wait for its output for ever.
final class JavaProcess implements AutoCloseable {
  private static final Set<Process> STARTED = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> STARTED.forEach(Process::destroyForcibly)));
  }

  private static final long END_SECONDS = 20;

  private final Process process;
  private final BufferedReader output;
  private final BufferedWriter input;

  private JavaProcess(Process process) {
    this.process = process;
    STARTED.add(process);
    process.onExit().thenAccept(STARTED::remove);
    this.output = process.inputReader(StandardCharsets.UTF_8);
    this.input = process.outputWriter(StandardCharsets.UTF_8);
  }

  /// Starts it with this test's own class path; its standard error goes where the test's goes.
  static JavaProcess start(Class<?> main, List<String> arguments) throws IOException {
    return start(List.of(), main, arguments);
  }

  /// As above, behind a program that runs it.
  static JavaProcess start(List<String> before, Class<?> main, List<String> arguments)
      throws IOException {
    return start(before, ownClassPath(), main.getName(), arguments);
  }

  /// Where the classes of the tests and of what they test are.
  static String ownClassPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  /// As above, with the classes of another version, perhaps.
  static JavaProcess start(
      List<String> before, String classPath, String main, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-XX:+UseSerialGC");
    command.add("-Xmx192m");
    command.add("-cp");
    command.add(classPath);
    command.add(main);
    command.addAll(arguments);
    return new JavaProcess(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /// The next line of its output; empty at the end.
  String readLine() throws IOException {
    String line = output.readLine();
    return line == null ? "" : line;
  }

  /// Says a line and returns the line it answers.
  String ask(String line) throws IOException {
    input.write(line);
    input.newLine();
    input.flush();
    return readLine();
  }

  /// SIGKILL, and the wait for its end.
  void kill() throws InterruptedException {
    process.destroyForcibly();
    if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("process " + process.pid() + " survived SIGKILL");
    }
  }

  /// SIGTERM, and the exit code it ends with.
  int terminate() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("process " + process.pid() + " goes on after SIGTERM");
    }
    return process.exitValue();
  }

  long pid() {
    return process.pid();
  }

  /// Ends its input and waits for it to end by itself.
  @Override
  public void close() throws IOException {
    input.close();
    try {
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        kill();
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
