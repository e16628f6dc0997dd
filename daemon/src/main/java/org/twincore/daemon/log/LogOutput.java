package org.twincore.daemon.log;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.twincore.admin.settings.NodeSettings;

/// Sends what the process logs to one place, one line each: time, level, part, text.
///
/// Under systemd (JOURNAL_STREAM is set) the journal has the time already; the level goes in front
/// as `<N>`.
public final class LogOutput extends Handler {
  private static final String OWN = "org.twincore.";
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final LogThread thread;
  private final boolean isJournal;
  private final SimpleFormatter messages = new SimpleFormatter();

  private LogOutput(LogTarget target, boolean isJournal) {
    this.isJournal = isJournal;
    this.thread = new LogThread(target, this::lostLine);
  }

  /// From here on everything is logged as the settings say.
  public static LogOutput install(NodeSettings settings, Map<String, String> environment) {
    LogTarget target =
        settings
            .logFile()
            .map(file ->
                (LogTarget)
                    new RotatedFile(Path.of(file), settings.logMaxBytes(), settings.logKeep()))
            .orElseGet(StandardError::new);
    boolean isJournal = settings.logFile().isEmpty() && environment.containsKey("JOURNAL_STREAM");
    LogOutput output = new LogOutput(target, isJournal);
    LogManager.getLogManager().reset();
    Logger root = Logger.getLogger("");
    root.setLevel(environment.containsKey("TWINCORE_DEBUG") ? Level.FINE : Level.INFO);
    root.addHandler(output);
    return output;
  }

  @Override
  public void publish(LogRecord line) {
    if (isLoggable(line)) {
      thread.add(format(line));
    }
  }

  String format(LogRecord line) {
    String part = String.valueOf(line.getLoggerName());
    String text =
        (part.startsWith(OWN) ? part.substring(OWN.length()) : part)
            + " "
            + oneLine(messages.formatMessage(line))
            + thrown(line);
    return isJournal
        ? "<" + priority(line.getLevel()) + ">" + text
        : STAMP.format(Instant.ofEpochMilli(line.getMillis()))
            + " "
            + name(line.getLevel())
            + " "
            + text;
  }

  private String lostLine(long count) {
    LogRecord line = new LogRecord(Level.WARNING, "lines-lost=" + count);
    line.setLoggerName(OWN + "log");
    return format(line);
  }

  private static String oneLine(String text) {
    return text.replace("\n", " | ").replace("\r", "");
  }

  private static String thrown(LogRecord line) {
    if (line.getThrown() == null) {
      return "";
    }
    StringWriter trace = new StringWriter();
    line.getThrown().printStackTrace(new PrintWriter(trace));
    return " | " + oneLine(trace.toString().strip());
  }

  private static String name(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return "ERROR";
    }
    if (level.intValue() >= Level.WARNING.intValue()) {
      return "WARN";
    }
    return level.intValue() >= Level.INFO.intValue() ? "INFO" : "DEBUG";
  }

  /// Of syslog.h: error, warning, informational, debug.
  private static int priority(Level level) {
    return switch (name(level)) {
      case "ERROR" -> 3;
      case "WARN" -> 4;
      case "INFO" -> 6;
      default -> 7;
    };
  }

  @Override
  public void flush() {
    // each line is handed on by itself
  }

  @Override
  public void close() {
    // not by the log manager's own hook: the last lines come after it
  }

  /// Waits until what was logged is written, at most `millis`.
  public void finish(long millis) {
    try {
      thread.close(millis);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
