package org.twincore.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.twincore.host.nbd.NbdClient;
import org.twincore.nbd.ZeroMode;

/// fio's nbd engine with `verify=crc32c`: one pass of random writes over the first part of the
/// device, which is zeroed before, as fio would not know a block of an earlier round from a new
/// one.
///
/// fio's verify state tells its verification how many writes were issued; it takes those that
/// failed with the connection for completed. Which were answered is in fio's log of completions. So
/// what the verification finds wrong is lost if it is in that log.
///
/// Where its server is lost at one moment of a request, fio 3.33 polls the dead connection for ever
/// and says so without end. It is stopped then, and which writes were answered is not known.
final class FioLoad implements VerifiedLoad {
  private static final int DEPTH = 16;
  private static final long END_SECONDS = 60L * Patience.FACTOR;
  private static final int ZEROED_MIB = 8;

  /// A log that has become so large is of a fio that was stopped by it.
  private static final int LOG_BYTES_MAX = 16 << 20;

  private static final Pattern ANSWERED =
      Pattern.compile("^\\d+, \\d+, 1, 4096, (\\d+), \\d+$", Pattern.MULTILINE);
  private static final Pattern WRONG = Pattern.compile("verify: .*requested block: offset=(\\d+)");
  private static final Pattern READS = Pattern.compile("issued rwts: total=(\\d+),");

  private static final String WRITE_LOG = "write.log";

  private final Path folder;
  private final int sizeMib;
  private final int secondsMax;
  private long seed;
  private long answered;
  private @Nullable Process writer;

  /// Its files are in `folder`; the first `sizeMib` of the device are written.
  FioLoad(Path folder, int sizeMib, long seed) throws IOException {
    this(folder, sizeMib, seed, 4);
  }

  /// The same; what is not written after `secondsMax` is left.
  FioLoad(Path folder, int sizeMib, long seed, int secondsMax) throws IOException {
    this.secondsMax = secondsMax;
    this.folder = Files.createDirectories(folder);
    this.sizeMib = sizeMib;
    this.seed = seed;
  }

  @Override
  public void begin(NbdAddress device) throws IOException {
    seed++;
    try (NbdClient client = device.connect()) {
      for (int mib = 0; mib < sizeMib; mib += ZEROED_MIB) {
        client.writeZeroes((long) mib << 20, ZEROED_MIB << 20, ZeroMode.MAY_PUNCH);
      }
    }
    Files.deleteIfExists(verifyState());
    Files.deleteIfExists(completions());
    writer =
        fio(
            device,
            WRITE_LOG,
            "--do_verify=0",
            "--verify_state_save=1",
            "--runtime=" + secondsMax,
            "--write_lat_log=answered",
            "--log_offset=1");
  }

  @Override
  public void end() throws IOException, InterruptedException {
    await(writer);
  }

  @Override
  public boolean knowsAnswers() throws IOException {
    return Files.size(folder.resolve(WRITE_LOG)) < LOG_BYTES_MAX;
  }

  @Override
  public List<String> lost(NbdAddress device) throws IOException, InterruptedException {
    if (!knowsAnswers()) {
      System.out.println("fio polled a dead connection for ever: its writes are not verified");
      return List.of();
    }
    if (!Files.exists(completions())) {
      return List.of(); // the node was gone before fio had begun
    }
    Set<Long> completed = offsets(ANSWERED, Files.readString(completions()));
    await(
        fio(
            device,
            "verify.log",
            "--verify_only=1",
            "--verify_state_load=1",
            "--verify_state_save=0",
            "--continue_on_error=verify"));
    String verified = Files.readString(folder.resolve("verify.log"));
    List<String> lost = new ArrayList<>();
    for (long offset : offsets(WRONG, verified)) {
      if (completed.contains(offset)) {
        lost.add("the answered write of round " + seed + " at " + offset);
      }
    }
    Matcher reads = READS.matcher(verified);
    if (!reads.find() || Long.parseLong(reads.group(1)) < completed.size()) {
      lost.add("fio did not verify all " + completed.size() + ":\n" + verified);
    }
    answered += completed.size();
    return lost;
  }

  private Path verifyState() {
    return folder.resolve("local-load-0-verify.state");
  }

  private Path completions() {
    return folder.resolve("answered_clat.1.log");
  }

  @Override
  public long answered() {
    return answered;
  }

  private Process fio(NbdAddress device, String log, String... more) throws IOException {
    List<String> words =
        new ArrayList<>(
            List.of(
                "prlimit",
                "--fsize=" + LOG_BYTES_MAX,
                "fio",
                "--name=load",
                "--thread",
                "--ioengine=nbd",
                "--uri=" + device.uri(),
                "--rw=randwrite",
                "--bs=4k",
                "--size=" + sizeMib + "m",
                "--iodepth=" + DEPTH,
                "--fsync=200",
                "--verify=crc32c",
                "--randrepeat=0",
                "--randseed=" + seed,
                "--aux-path=" + folder));
    words.addAll(List.of(more));
    return new ProcessBuilder(words)
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(log).toFile())
        .redirectInput(Path.of("/dev/null").toFile())
        .start();
  }

  private void await(@Nullable Process fio) throws IOException, InterruptedException {
    if (fio != null && !fio.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
      fio.destroyForcibly();
      throw new AssertionError("fio did not end, see " + folder.resolve(WRITE_LOG));
    }
  }

  private static Set<Long> offsets(Pattern pattern, String text) {
    Set<Long> offsets = new TreeSet<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      offsets.add(Long.parseLong(matcher.group(1)));
    }
    return offsets;
  }
}
