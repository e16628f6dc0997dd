package org.twincore.cli.demo;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.twincore.admin.ResourceView;
import org.twincore.cli.local.LocalCluster;
import org.twincore.host.nbd.NbdClient;

/// The story that the demo tells: configure, sync, write, kill, go on, come back.
///
/// Exit code 0 only if every acknowledged write was found again and both disks are equal at the
/// end.
public final class Demo {
  private static final long WAIT_SECONDS = 300;
  private static final int HOT_EXTENTS = 12;
  private static final int EXTENT_BYTES = 4 << 20;
  private static final long CONNECT_MILLIS = 10_000;
  private static final String EXPORT = "r0";
  private static final String ONE = DemoCluster.NODES.get(0);
  private static final String OTHER = DemoCluster.NODES.get(1);

  private final DemoOptions options;
  private final DemoCluster cluster;
  private final PrintStream out;
  private final boolean isTerminal = System.console() != null && System.console().isTerminal();
  private final Ledger ledger = new Ledger();
  private final RandomGenerator random = new Random();
  private int step;
  private long lostWrites;
  private volatile @Nullable Process verifier;

  /// What the closing summary tells.
  private static final class Figures {
    long syncKibPerSecond;
    long acknowledgedAtKill;
    long inFlightAtKill;
    long failoverMillis;
    long markedBlocks;
    long differingBlocks;
    long totalBlocks;
  }

  private Demo(DemoOptions options, DemoCluster cluster, PrintStream out) {
    this.options = options;
    this.cluster = cluster;
    this.out = out;
  }

  /// `twincore demo`; `--help` says what it takes.
  public static void main(String[] words) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    if (List.of(words).contains("--help") || List.of(words).contains("-h")) {
      out.print(DemoOptions.USAGE);
      return;
    }
    try {
      DemoOptions options = DemoOptions.parse(words);
      Path folder =
          options.folder().isPresent()
              ? emptyFolder(options.folder().get())
              : Files.createTempDirectory("twincore-demo-");
      DemoCluster cluster = new DemoCluster(folder, options.sizeBytes(), out);
      System.exit(run(new Demo(options, cluster, out), cluster, options.keep()));
    } catch (DemoOptions.WrongException wrong) {
      System.err.println("twincore demo: " + wrong.getMessage());
      System.err.print(DemoOptions.USAGE);
      System.exit(1);
    } catch (IOException failed) {
      System.err.println("twincore demo: " + failed.getMessage());
      System.exit(1);
    }
  }

  /// All that is in it at the end is removed, so nothing of others may be in it.
  private static Path emptyFolder(Path wanted) throws IOException, DemoOptions.WrongException {
    Path folder = Files.createDirectories(wanted);
    try (Stream<Path> inside = Files.list(folder)) {
      if (inside.findAny().isPresent()) {
        throw new DemoOptions.WrongException("--folder " + folder + " is not empty");
      }
    }
    return folder;
  }

  private static int run(Demo demo, DemoCluster cluster, boolean keep) throws IOException {
    AtomicBoolean isInterrupted = new AtomicBoolean();
    Thread cleaner = new Thread(() -> demo.cleanUp(isInterrupted), "demo-cleaner");
    Runtime.getRuntime().addShutdownHook(cleaner);
    boolean ok = false;
    try {
      demo.tell();
      ok = true;
    } catch (IOException failed) {
      if (isInterrupted.get()) {
        return 1; // the nodes were taken away from it
      }
      System.err.println();
      System.err.println("twincore demo: " + failed.getMessage());
      System.err.println("The nodes' logs and disks are left in " + cluster.folder());
    }
    if (ok && keep) {
      Runtime.getRuntime().removeShutdownHook(cleaner);
      demo.printWhatToTry();
      Runtime.getRuntime().halt(0);
    }
    try {
      Runtime.getRuntime().removeShutdownHook(cleaner);
    } catch (IllegalStateException _) {
      return 1; // it is at work
    }
    cluster.nodes().stopAll();
    if (ok) {
      cluster.removeFiles();
    }
    return ok ? 0 : 1;
  }

  /// After Ctrl-C or SIGTERM: nothing is left.
  private void cleanUp(AtomicBoolean isInterrupted) {
    isInterrupted.set(true);
    if (verifier instanceof Process reading) {
      reading.destroyForcibly();
    }
    cluster.nodes().stopAll();
    try {
      cluster.removeFiles();
      System.err.println();
      System.err.println("twincore demo: interrupted; its nodes are stopped, its files removed");
    } catch (IOException failed) {
      System.err.println("twincore demo: interrupted; files are left in " + cluster.folder());
    }
  }

  private void title(String text) {
    step++;
    out.println();
    out.println(step + ". " + text);
  }

  private void tell() throws IOException {
    Figures figures = new Figures();
    configure();
    startAndSync(figures);
    writeAndKill(figures);
    comeBack(figures);
    summarise(figures);
    if (lostWrites > 0) {
      throw new IOException("WRONG DATA: " + lostWrites + " acknowledged writes are lost");
    }
  }

  private void configure() throws IOException {
    title("Two nodes, each with a file of " + mib(options.sizeBytes()) + " as its disk");
    cluster.prepare();
    out.println("  " + cluster.nodes().config() + ":");
    for (String line : Files.readAllLines(cluster.nodes().config())) {
      out.println("    " + line);
    }
  }

  private void startAndSync(Figures figures) throws IOException {
    title("Metadata, nodes up, the initial full sync");
    for (String node : DemoCluster.NODES) {
      cluster.drbdadm(node, "create-md", EXPORT);
    }
    for (String node : DemoCluster.NODES) {
      cluster.start(node);
      out.printf("  %s runs as process %d%n", node, cluster.nodes().pid(node));
      cluster.drbdadm(node, "up", EXPORT);
    }
    await(ONE, it -> it.connection().equals("Connected"));
    cluster.drbdadm(ONE, "primary", "--force", EXPORT);
    figures.syncKibPerSecond = followSync(OTHER).finish();
    cluster.drbdadm(ONE, "status", EXPORT);
  }

  /// Shows the resync that `target` gets until both disks are UpToDate.
  private SyncBar followSync(String target) throws IOException {
    SyncBar bar = new SyncBar(out, isTerminal);
    await(
        target,
        volume -> {
          if (!volume.progress().isEmpty()) {
            bar.show(volume.progress().getFirst());
          }
          return volume.connection().equals("Connected")
              && volume.disk().equals("UpToDate")
              && volume.peerDisk().equals("UpToDate");
        });
    return bar;
  }

  private void writeAndKill(Figures figures) throws IOException {
    title("A workload at " + ONE + " over NBD: numbered, checksummed blocks, with flushes");
    long[] extents = hotExtents();
    out.printf(
        Locale.ROOT,
        "  kept to %d of the %d activity-log extents of 4 MiB%n",
        extents.length,
        options.sizeBytes() / EXTENT_BYTES);
    Workload workload = new Workload(connect(ONE), ledger, random, extents);
    Thread writer = new Thread(workload::run, "workload");
    writer.start();
    showWrites(options.seconds());
    title("kill -9 of " + ONE + " in the middle of it");
    out.println(
        "  (this kills a process, not the power: docs/durability.md says what each survives)");
    long killedNanos = System.nanoTime();
    cluster.nodes().kill(ONE);
    join(writer);
    figures.acknowledgedAtKill = ledger.acknowledgedWrites();
    figures.inFlightAtKill = ledger.inFlight();
    promoteOther();
    try (NbdClient client = connect(OTHER)) {
      client.pread(new byte[Stamp.BLOCK_BYTES], 0);
      figures.failoverMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killedNanos);
    }
    out.printf("  %s serves the disk %d ms after the kill%n", OTHER, figures.failoverMillis);
    verify();
    out.printf(
        Locale.ROOT,
        "  a second process verified %,d blocks: all %,d acknowledged writes are there,"
            + " %d in flight are old or new%n",
        ledger.entries().size(),
        figures.acknowledgedAtKill,
        figures.inFlightAtKill);
    out.println("  the workload goes on at " + OTHER);
    Workload next = new Workload(connect(OTHER), ledger, random, extents);
    Thread nextWriter = new Thread(next::run, "workload");
    nextWriter.start();
    showWrites(Math.max(1, options.seconds() / 2));
    next.stop();
    join(nextWriter);
  }

  private long[] hotExtents() {
    long usable = options.sizeBytes() / EXTENT_BYTES - 1;
    int count = (int) Math.min(HOT_EXTENTS, usable);
    return random.longs(0, usable).distinct().limit(count).sorted().toArray();
  }

  private void showWrites(int seconds) {
    for (int second = 1; second <= seconds; second++) {
      long before = ledger.acknowledgedWrites();
      LocalCluster.pause(1000);
      long now = ledger.acknowledgedWrites();
      out.printf(
          Locale.ROOT,
          "  %,d writes acknowledged, %,d flushes (%,d writes/s)%n",
          now,
          ledger.flushes(),
          now - before);
    }
  }

  private void promoteOther() throws IOException {
    out.println("  " + OTHER + "$ drbdadm primary " + EXPORT);
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
    PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    while (cluster.nodes().drbdadm(OTHER, nowhere, "primary", EXPORT) != 0) {
      if (System.nanoTime() > until) {
        throw new IOException(OTHER + " could not become primary");
      }
      LocalCluster.pause(50);
    }
  }

  private NbdClient connect(String node) throws IOException {
    return NbdClient.connect(
        UnixDomainSocketAddress.of(cluster.nodes().nbdSocket(node)), EXPORT, CONNECT_MILLIS);
  }

  /// Has another process read every written block at the surviving node.
  private void verify() throws IOException {
    Path saved = cluster.folder().resolve("ledger");
    Path found = cluster.folder().resolve("found");
    ledger.save(saved);
    Process reading =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Verify.class.getName(),
                cluster.nodes().nbdSocket(OTHER).toString(),
                EXPORT,
                saved.toString(),
                found.toString())
            .inheritIO()
            .start();
    verifier = reading;
    int code;
    try {
      code = reading.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    if (code != 0) {
      throw new IOException(
          code == Verify.WRONG
              ? "WRONG DATA: an acknowledged write is missing, see above"
              : "the second process could not read every block at " + OTHER);
    }
    Map<Long, Ledger.Entry> written = ledger.entries();
    for (String line : Files.readAllLines(found)) {
      String[] words = line.split(" ", -1);
      Ledger.Entry entry = written.get(Long.parseLong(words[0]));
      if (entry == null || Long.parseLong(words[1]) < entry.acknowledged()) {
        lostWrites++;
      }
      ledger.settle(Long.parseLong(words[0]), Long.parseLong(words[1]));
    }
  }

  private void comeBack(Figures figures) throws IOException {
    title(ONE + " comes back and gets only what it may have missed");
    ResourceView.VolumeView volume = volume(OTHER);
    long dataBytes = volume.sizeSectors() * 512;
    figures.totalBlocks = dataBytes / Stamp.BLOCK_BYTES;
    figures.differingBlocks = Blocks.differing(cluster.disk(ONE), cluster.disk(OTHER), dataBytes);
    cluster.start(ONE);
    cluster.drbdadm(ONE, "up", EXPORT);
    SyncBar bar = followSync(ONE);
    bar.finish();
    figures.markedBlocks = bar.totalKib() * 1024 / Stamp.BLOCK_BYTES;
    out.printf(
        Locale.ROOT,
        "  marked: %,d blocks (%.1f%% of the disk: the hot extents of the killed primary and what"
            + " changed since)%n",
        figures.markedBlocks,
        figures.markedBlocks * 100.0 / figures.totalBlocks);
    out.printf(
        Locale.ROOT,
        "  really different: %,d blocks (%.1f%%)%n",
        figures.differingBlocks,
        figures.differingBlocks * 100.0 / figures.totalBlocks);
    verify();
    cluster.drbdadm(OTHER, "status", EXPORT);
    String digest = Blocks.sha256(cluster.disk(ONE), dataBytes);
    String otherDigest = Blocks.sha256(cluster.disk(OTHER), dataBytes);
    out.println("  sha256 " + digest + "  " + ONE);
    out.println("  sha256 " + otherDigest + "  " + OTHER);
    if (!digest.equals(otherDigest)) {
      throw new IOException("WRONG DATA: the two disks differ");
    }
  }

  private void summarise(Figures figures) {
    title("Summary");
    out.printf(Locale.ROOT, "  acknowledged writes   %,d%n", ledger.acknowledgedWrites());
    out.printf(Locale.ROOT, "  lost writes           %d%n", lostWrites);
    out.printf(Locale.ROOT, "  failover              %d ms%n", figures.failoverMillis);
    out.printf(Locale.ROOT, "  initial sync          %,d K/sec%n", figures.syncKibPerSecond);
    out.printf(
        Locale.ROOT,
        "  resynced              %.1f%% of the disk%n",
        figures.markedBlocks * 100.0 / figures.totalBlocks);
    if (!options.keep()) {
      out.println();
      out.println("  Next: `twincore demo --keep` leaves the two nodes running to play with;");
      out.println("  README.md shows how to set up two real machines.");
    }
  }

  private void printWhatToTry() {
    String uri = "'nbd+unix:///r0?socket=" + cluster.nodes().nbdSocket(OTHER) + "'";
    String drbdadm = "drbdadm -c " + cluster.nodes().config();
    String restart = "twincore node --settings " + cluster.nodes().settings() + " --name " + OTHER;
    out.println();
    out.println("The two nodes keep running. For the commands below:");
    out.println("  " + cluster.environmentHint());
    out.println("Look:");
    hint(drbdadm + " status", "or proc, role r0, show-gi r0, dump");
    hint("drbdsetup events2 --now", "without --now it goes on with every change");
    hint("less " + cluster.nodes().log(OTHER), "every change of state, and its reason");
    out.println("Use the disk:");
    hint("nbdinfo " + uri, "");
    hint("qemu-io -f raw -c 'write -P 7 0 1M' -c flush " + uri, "or qemu-img, nbdcopy, fio");
    hint("nbdfuse /some/folder/disk " + uri, "the disk as a file");
    out.println("Lose a node, go on, and let it come back:");
    hint("kill -9 " + cluster.nodes().pid(OTHER), "");
    hint(drbdadm + " --node " + ONE + " primary r0", "");
    hint(restart + " &", "then " + drbdadm + " up r0");
    out.println("End them with:");
    hint("kill $(cat " + cluster.nodes().run() + "/*.pid)", "then rm -r " + cluster.folder());
  }

  private void hint(String command, String remark) {
    out.println(remark.isEmpty() ? "  " + command : "  " + command + "    # " + remark);
  }

  // ---- waiting

  private void await(String node, Predicate<ResourceView.VolumeView> question) throws IOException {
    cluster.nodes().await(node, EXPORT, question, TimeUnit.SECONDS.toNanos(WAIT_SECONDS));
  }

  private ResourceView.VolumeView volume(String node) throws IOException {
    return cluster
        .nodes()
        .volume(node, EXPORT)
        .orElseThrow(() -> new IOException(node + " does not answer"));
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String mib(long bytes) {
    return (bytes >> 20) + " MiB";
  }
}
