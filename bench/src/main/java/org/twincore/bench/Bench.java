package org.twincore.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// The run: prepare all targets, sync, measure in rounds, print the tables.
public final class Bench {
  private static final double WARM_UP_SHARE = 0.5;

  private final BenchOptions options;
  private final Path folder;
  private final Path root;
  private final Children children;
  private final PrintStream out;

  private Bench(BenchOptions options, Path folder, Path root, Children children, PrintStream out) {
    this.options = options;
    this.folder = folder;
    this.root = root;
    this.children = children;
    this.out = out;
  }

  /// `./build bench`; `--help` says what it takes. Property `twincore.root` is the checkout.
  public static void main(String[] words) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    if (List.of(words).contains("--help")) {
      out.print(BenchOptions.USAGE);
      return;
    }
    Path root = Path.of(System.getProperty("twincore.root", "."));
    int code = 1;
    try {
      BenchOptions options = BenchOptions.parse(words, root.resolve("docs/performance.md"));
      code = run(options, root, out);
    } catch (BenchOptions.WrongException wrong) {
      System.err.println("bench: " + wrong.getMessage());
      System.err.print(BenchOptions.USAGE);
    } catch (IOException failed) {
      System.err.println("bench: " + failed.getMessage());
    }
    System.exit(code);
  }

  private static int run(BenchOptions options, Path root, PrintStream out) throws IOException {
    Path parent = options.folder().orElse(Path.of("/var/tmp"));
    Path folder = Files.createTempDirectory(Files.createDirectories(parent), "twincore-bench-");
    Children children = new Children(folder);
    Runtime.getRuntime().addShutdownHook(new Thread(children::close, "bench-cleaner"));
    try {
      new Bench(options, folder, root, children, out).measure();
    } catch (IOException failed) {
      System.err.println("bench: the logs are left in " + folder);
      children.close();
      removeDisks(folder);
      throw failed;
    }
    children.close();
    removeAll(folder);
    return 0;
  }

  private void measure() throws IOException {
    Report report = new Report(options);
    Fio fio = new Fio(children, folder);
    Cluster cluster = cluster("buffered", Access.BUFFERED, List.of(Cluster.Kind.values()));
    Cluster direct = cluster("direct", Access.DIRECT, List.of(Cluster.Kind.SYNC));
    NodeFigures nodes = sync(cluster, report);
    sync(direct, report);
    List<Target> targets = targets(List.of(cluster, direct));
    rounds(targets, fio, report);
    report.memoryAndPauses(targets, cluster);
    direct.nodes().stopAll();
    if (options.extras()) {
      say("tools, failover");
      nodes.others().forEach(report::add);
      cluster.nodes().stopAll();
      say("two nodes with 1 TiB each");
      report.add(new HugeDevice(root, folder, fio).residentMemory(options.seconds()));
    }
    out.print(report.markdown());
    if (options.page().isPresent()) {
      report.writeTo(options.page().get());
      say("written to " + options.page().get());
    }
  }

  private Cluster cluster(String name, Access access, List<Cluster.Kind> kinds) throws IOException {
    Path own = Files.createDirectory(folder.resolve(name));
    Cluster cluster = new Cluster(root, own, options.sizeBytes(), access, kinds);
    Runtime.getRuntime().addShutdownHook(new Thread(cluster.nodes()::stopAll, "node-cleaner"));
    return cluster;
  }

  private NodeFigures sync(Cluster cluster, Report report) throws IOException {
    say("writing the disks, " + options.sizeMib() + " MiB each; starting two nodes");
    cluster.start();
    say("initial sync, " + cluster.access().text);
    NodeFigures nodes = new NodeFigures(cluster, children, folder, root, options.sizeBytes());
    for (Cluster.Kind kind : cluster.kinds()) {
      report.add(nodes.sync(kind));
    }
    return nodes;
  }

  private List<Target> targets(List<Cluster> clusters) throws IOException {
    say("starting the others");
    Peers peers = new Peers(children, folder, options.sizeBytes());
    List<Target> targets = new ArrayList<>();
    for (Cluster cluster : clusters) {
      for (Cluster.Kind kind : cluster.kinds()) {
        targets.add(cluster.target(kind));
      }
    }
    if (options.only().isEmpty() || options.wants("nbdkit qemu mirror")) {
      targets.add(peers.nbdkit());
      targets.add(peers.qemuNbd(Peers.Cache.BUFFERED));
      targets.add(peers.mirror(Peers.Cache.BUFFERED));
      targets.add(peers.qemuNbd(Peers.Cache.DIRECT));
      targets.add(peers.mirror(Peers.Cache.DIRECT));
    }
    return targets;
  }

  /// Every workload at every target, then all again. Round 0 warms up and does not count.
  private void rounds(List<Target> targets, Fio fio, Report report) throws IOException {
    for (int round = 0; round <= options.rounds(); round++) {
      boolean counts = round > 0;
      say(counts ? "round " + round + " of " + options.rounds() : "warming up");
      double seconds = options.seconds() * (counts ? 1 : WARM_UP_SHARE);
      for (Workload workload : Workload.values()) {
        for (Target target : targets) {
          if (!options.wants(target.name() + " " + workload)) {
            continue;
          }
          double cpuBefore = ProcessFigures.cpuSeconds(target.pids());
          Fio.Result result =
              workload == Workload.FUA
                  ? FuaLoad.run(target, options.sizeBytes(), seconds)
                  : fio.run(target, workload, seconds);
          double cpu = ProcessFigures.cpuSeconds(target.pids()) - cpuBefore;
          if (workload.isWriting()) {
            DiskFiles.settle(target.files());
          }
          if (counts) {
            report.add(target, workload, result, cpu);
          }
        }
      }
    }
  }

  private void say(String text) {
    out.println("== " + text);
  }

  private static void removeDisks(Path folder) throws IOException {
    remove(folder, path -> path.toString().endsWith(".disk"));
  }

  private static void removeAll(Path folder) throws IOException {
    remove(folder, _ -> true);
  }

  private static void remove(Path folder, java.util.function.Predicate<Path> which)
      throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path each : tree.sorted(Comparator.reverseOrder()).filter(which).toList()) {
        Files.deleteIfExists(each);
      }
    }
  }
}
