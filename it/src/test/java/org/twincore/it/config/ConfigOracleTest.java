package org.twincore.it.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Our drbdadm and Debian's read the same files and say the same: output to the byte, exit codes,
/// and the place of a fault.
class ConfigOracleTest {
  private static final int CASES_MIN = 150;
  private static final long SEED = Long.getLong("twincore.seed", 20260101);
  private static final int GENERATED = 120;
  private static final int GENERATED_FULL = 3000;
  private static final int SHOWN_MAX = Integer.getInteger("twincore.shown", 12);

  private static final String MISSING = "keyword missing";

  /// Every hand-written configuration is tried with these.
  private static final List<String> COMMANDS =
      List.of(
          "dump",
          "dump-xml",
          "-d dump",
          "-d dump-xml",
          "sh-nop",
          "sh-resources",
          "sh-mod-parms",
          "sh-resource all",
          "sh-dev all",
          "sh-minor all",
          "sh-ll-dev all",
          "sh-md-dev all",
          "sh-md-idx all",
          "sh-ip all",
          "-d up all",
          "-d adjust all",
          "-d create-md all",
          "-d wait-connect all",
          "-S sh-resources",
          "-S -d up all");

  /// Generated ones with these.
  private static final List<String> FEW_COMMANDS =
      List.of("dump", "dump-xml", "-d dump", "-d up all");

  @TempDir static Path folder;

  private static AllowedDifferences allowed = new AllowedDifferences();
  private final List<String> differences = new ArrayList<>();

  @BeforeAll
  static void needsDebiansDrbdadm() throws IOException {
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of(Outcome.DEBIAN))
            && Files.isExecutable(Path.of("/lib/drbd/drbdadm-84")),
        Outcome.DEBIAN + " with its 8.4 parser is missing: apt-get install drbd-utils");
    allowed = AllowedDifferences.read();
  }

  @Test
  void agreesOnHandWrittenConfigurations() throws Exception {
    List<Corpus.Entry> corpus = new ArrayList<>();
    for (String file : List.of("valid.confs", "broken.confs", "legacy.confs")) {
      corpus.addAll(Corpus.read(file));
    }
    assertThat(corpus).hasSizeGreaterThanOrEqualTo(CASES_MIN);
    for (Corpus.Entry entry : corpus) {
      Path config = entry.write(Files.createDirectory(folder.resolve(entry.name())));
      for (String command : COMMANDS) {
        compare(entry.name(), config, command);
      }
    }
    tellDifferences();
    assertThat(allowed.unused()).as("allowed differences that are none").isEmpty();
  }

  @Test
  void agreesOnGeneratedConfigurations() throws Exception {
    int count = Boolean.getBoolean("twincore.full") ? GENERATED_FULL : GENERATED;
    Path here = Files.createDirectory(folder.resolve("generated"));
    int accepted = 0;
    for (int i = 0; i < count; i++) {
      long seed = SEED + i;
      Corpus.Entry entry = Corpus.Entry.of("seed-" + seed, GeneratedConfig.draw(seed));
      Path config = entry.write(here);
      for (String command : FEW_COMMANDS) {
        compare(entry.name(), config, command);
      }
      accepted += Outcome.ofDebian(config, List.of("sh-nop")).exitCode() == 0 ? 1 : 0;
    }
    tellDifferences();
    assertThat(accepted).as("accepted of " + count).isBetween(count / 3, count * 9 / 10);
  }

  @ParameterizedTest
  @CsvSource({
    "'', ''",
    "udev-always-use-vnr;, ''",
    "'', volume 3",
    "udev-always-use-vnr;, volume 3",
  })
  void namesDevicesToUdevAlike(String global, String volume) throws Exception {
    String device = "device /dev/drbd0 minor 0; disk /dev/sda7; meta-disk internal;";
    String declared = volume.isEmpty() ? device : volume + " { " + device + " }";
    Corpus.Entry entry =
        Corpus.Entry.of(
            "udev",
            """
            global { %s }
            resource r0 {
              %s
              on alice { address 10.0.0.1:7788; }
              on bob { address 10.0.0.2:7788; }
            }
            """
                .formatted(global, declared));
    compare(entry.name(), entry.write(folder), "sh-udev minor-0");
    tellDifferences();
  }

  private void compare(String name, Path config, String command)
      throws IOException, InterruptedException {
    List<String> words = List.of(command.split(" "));
    Outcome theirs = Outcome.ofDebian(config, words);
    Outcome ours = Outcome.ofOurs(config, words, folder);
    boolean bothAccept = theirs.exitCode() == 0 && ours.exitCode() == 0;
    boolean isDump = command.startsWith("dump");
    String aspect = aspect(theirs, ours);
    boolean excused =
        aspect.isEmpty() || (!(bothAccept && isDump) && allowed.allow(name, command, aspect));
    if (!excused) {
      differences.add(
          "%s: drbdadm %s: %s\n==== Debian's: %s\n==== ours: %s\n"
              .formatted(config, command, aspect, theirs, ours));
    }
  }

  /// In what they differ; empty if in nothing that counts.
  private static String aspect(Outcome theirs, Outcome ours) {
    if (ours.err().contains("a plain number is wanted here")) {
      return "suffix";
    }
    if (theirs.exitCode() != ours.exitCode()) {
      return "exit code %d not %d".formatted(ours.exitCode(), theirs.exitCode());
    }
    if (!theirs.out().equals(ours.out())) {
      return "output";
    }
    boolean samePlace =
        theirs.exitCode() == 0
            || theirs.places().isEmpty()
            || theirs.err().contains("internal error")
            || ours.places().stream().anyMatch(theirs.places()::contains);
    if (samePlace) {
      return "";
    }
    boolean bothMiss = theirs.err().contains(MISSING) && ours.err().contains(MISSING);
    return bothMiss ? "place of what is missing" : "place";
  }

  private void tellDifferences() {
    assertThat(differences.size())
        .withFailMessage(() ->
            differences.size()
                + " differences, the first of them:\n"
                + String.join(
                    "\n", differences.subList(0, Math.min(SHOWN_MAX, differences.size()))))
        .isZero();
  }
}
