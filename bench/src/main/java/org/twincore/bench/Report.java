package org.twincore.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// What was measured, as Markdown tables. Spreads are written least - **median** - greatest.
final class Report {
  private static final String BEGIN = "<!-- figures: written by ./build bench -->";
  private static final String END = "<!-- end of figures -->";
  private static final String OWN = "twincore protocol C";
  private static final double BYTES_PER_GIB = 1L << 30;

  private final BenchOptions options;
  private final Map<Workload, Map<Target, List<Sample>>> samples = new EnumMap<>(Workload.class);
  private final List<Line> lines = new ArrayList<>();
  private final List<Line> memory = new ArrayList<>();

  private record Sample(Fio.Result result, double cpuSeconds) {
    double cpuPerGib() {
      return cpuSeconds / (result.bytes() / BYTES_PER_GIB);
    }
  }

  /// A figure with its name, already as text.
  record Line(String name, String figure) {}

  Report(BenchOptions options) {
    this.options = options;
  }

  void add(Target target, Workload workload, Fio.Result result, double cpuSeconds) {
    samples
        .computeIfAbsent(workload, _ -> new LinkedHashMap<>())
        .computeIfAbsent(target, _ -> new ArrayList<>())
        .add(new Sample(result, cpuSeconds));
  }

  void add(Line line) {
    lines.add(line);
  }

  /// Asked for at the end, while all still run.
  void memoryAndPauses(List<Target> targets, Cluster cluster) throws IOException {
    for (Target target : targets) {
      StringBuilder text = new StringBuilder();
      for (long pid : target.pids()) {
        text.append(text.isEmpty() ? "" : " + ");
        text.append(Spread.number(ProcessFigures.residentMib(pid)));
      }
      memory.add(new Line(target.name(), text + " MiB"));
    }
    for (String node : List.of(Cluster.ONE, Cluster.OTHER)) {
      lines.add(
          new Line("pauses of the JVM, node " + node, Pauses.read(cluster.pauses(node)).text()));
    }
  }

  String markdown() throws IOException {
    StringBuilder text = new StringBuilder();
    text.append("\nMeasured %s on %s.\n".formatted(LocalDate.now(), Machine.describe()));
    text.append(
        "%d rounds of %d s after one that warmed up; disks of %d MiB.\n"
            .formatted(options.rounds(), options.seconds(), options.sizeMib()));
    samples.forEach((workload, byTarget) -> table(text, workload, byTarget));
    text.append("\n### The rest\n\n| what | figure |\n|---|---|\n");
    lines.forEach(line -> row(text, line.name(), line.figure()));
    text.append("\n| resident memory, at its most | |\n|---|---|\n");
    memory.forEach(line -> row(text, line.name(), line.figure()));
    return text.append('\n').toString();
  }

  private void table(StringBuilder text, Workload workload, Map<Target, List<Sample>> byTarget) {
    text.append("\n### ").append(workload.title).append("\n\n");
    text.append(
        "| target | | | %s | p50 us%s | p99 us | p99.9 us | CPU s/GiB | C is so many times it |\n"
            .formatted(workload.unit.text, workload.isFlushing() ? " (flush)" : ""));
    text.append("|---|---|---|---|---|---|---|---|---|\n");
    byTarget.forEach((target, all) -> {
      List<Sample> own = likeWithLike(byTarget, target.access());
      ToDoubleFunction<Sample> figure = it -> it.result().figure(workload.unit);
      row(
          text,
          target.name(),
          target.what(),
          target.access().text,
          spread(all, figure).text(),
          Spread.number(spread(all, it -> it.result().p50()).median()),
          Spread.number(spread(all, it -> it.result().p99()).median()),
          Spread.number(spread(all, it -> it.result().p999()).median()),
          Spread.number(spread(all, Sample::cpuPerGib).median()),
          ratios(own, all, figure));
    });
  }

  /// Our own protocol C with the same access.
  private static List<Sample> likeWithLike(Map<Target, List<Sample>> byTarget, Access access) {
    return byTarget.entrySet().stream()
        .filter(it -> it.getKey().access() == access && it.getKey().name().startsWith(OWN))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(List.of());
  }

  /// Round by round, so that a slow minute hits both.
  private static String ratios(
      List<Sample> own, List<Sample> all, ToDoubleFunction<Sample> figure) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < Math.min(own.size(), all.size()); i++) {
      ratios.add(figure.applyAsDouble(own.get(i)) / figure.applyAsDouble(all.get(i)));
    }
    return ratios.isEmpty() || own == all ? "" : Spread.of(ratios).text();
  }

  private static Spread spread(List<Sample> samples, ToDoubleFunction<Sample> figure) {
    return Spread.of(samples.stream().map(figure::applyAsDouble).toList());
  }

  private static void row(StringBuilder text, String... cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  /// Puts the tables between the two marks of the page.
  void writeTo(Path page) throws IOException {
    String old = Files.readString(page);
    int begin = old.indexOf(BEGIN);
    int end = old.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new IOException(
          String.format(Locale.ROOT, "%s lacks the lines '%s' and '%s'", page, BEGIN, END));
    }
    Files.writeString(
        page, old.substring(0, begin + BEGIN.length()) + "\n" + markdown() + old.substring(end));
  }
}
