package org.twincore.it.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.cli.drbdmeta.Drbdmeta;
import org.twincore.testkit.CompatibilityPage;

/// What the two drbdadm say about themselves: the same layout and exit codes; ours may say more.
class UsageOracleTest {
  private static final Path DRBDMETA = Path.of("/usr/sbin/drbdmeta");
  private static final String VERSION_LINE = "Version: 9.22.0 (api:1)";

  @TempDir static Path folder;

  @BeforeAll
  static void needsDebiansDrbdadm() throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of(Outcome.DEBIAN)), "apt-get install drbd-utils");
    Files.writeString(
        folder.resolve("drbd.conf"),
        """
        global { disable-ip-verification; }
        resource r0 {
          device minor 4; disk /dev/sda7; meta-disk internal;
          on alice { address 10.0.0.1:7788; } on bob { address 10.0.0.2:7788; }
        }
        """);
  }

  private record Both(Outcome debian, Outcome ours) {
    static Both of(String line) throws Exception {
      List<String> words = line.isEmpty() ? List.of() : List.of(line.split(" "));
      Path config = folder.resolve("drbd.conf");
      Both both = new Both(Outcome.ofDebian(config, words), Outcome.ofOurs(config, words, folder));
      assertThat(both.ours.exitCode()).as(line).isEqualTo(both.debian.exitCode());
      return both;
    }
  }

  @Test
  void theHelpOfEachCommandHasAllThatTheOthersHas() throws Exception {
    Both general = Both.of("hidden-commands");
    List<String> commands =
        general.debian.out().lines().filter(line -> line.startsWith(" ")).toList();
    assertThat(commands).hasSizeGreaterThan(15);
    assertThat(general.ours.out().lines()).containsAll(commands);
    for (String line : commands) {
      for (String command : line.strip().split(" +")) {
        hasAllOf(Both.of("help " + command));
        hasAllOf(Both.of(command + " --help"));
      }
    }
  }

  /// Each command that Debian's drbdmeta tells of has a row of ours, and each that is not refused
  /// there our tool tells of, too.
  @Test
  void theCompatibilityPageHasEachCommandOfDebiansDrbdmeta() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(DRBDMETA), "apt-get install drbd-utils");
    Process process = new ProcessBuilder(DRBDMETA.toString(), "help").start();
    String theirs = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    List<String> commands =
        theirs
            .substring(theirs.indexOf("COMMANDS:"))
            .lines()
            .skip(1)
            .map(line -> line.strip().split(" ")[0])
            .filter(word -> !word.isEmpty())
            .toList();
    assertThat(commands).contains("create-md", "show-gi").hasSizeGreaterThan(10);
    CompatibilityPage page = new CompatibilityPage(Path.of(System.getProperty("twincore.root")));
    assertThat(page.answers("Commands of drbdmeta")).containsKeys(commands.toArray(String[]::new));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    Drbdmeta.run(new String[] {"help"}, out, out, Drbdmeta.answers());
    for (String command : commands) {
      assertThat(bytes.toString(StandardCharsets.UTF_8).contains("\n  " + command))
          .as(command)
          .isNotEqualTo(page.refused("Commands of drbdmeta").contains(command));
    }
  }

  @Test
  void theListOfCommandsBeginsWithTheOthers() throws Exception {
    for (String line : List.of("", "help", "--help", "help frobnicate")) {
      Both both = Both.of(line);
      hasAllOf(both);
      String commands =
          both.debian.out().substring(0, both.debian.out().indexOf(" hidden-commands"));
      assertThat(both.ours.out().replace("  --node=...\n", "")).as(line).startsWith(commands);
    }
  }

  @Test
  void theWrongIsAnsweredAlike() throws Exception {
    for (String line :
        List.of(
            "frob",
            "--frob",
            "-c",
            "role --foo r0",
            "up",
            "-d role",
            "-d resize r0",
            "-d check-resize r0",
            "-d verify r0",
            "role r9",
            "role r0/7")) {
      Both both = Both.of(line);
      if (!both.debian.out().contains("USAGE")) {
        assertThat(both.ours.out()).as(line).isEqualTo(both.debian.out());
        assertThat(both.ours.err()).as(line).isEqualTo(both.debian.err());
      }
    }
  }

  @Test
  void theVersionIsAssignedToTheSameNames() throws Exception {
    Both both = Both.of("--version");
    assertThat(both.ours.out().lines().map(line -> line.replaceAll("=.*", "")))
        .containsExactlyElementsOf(
            both.debian.out().lines().map(line -> line.replaceAll("=.*", "")).toList());
    assertThat(both.ours.out()).contains("DRBD_KERNEL_VERSION_CODE=0x08040b");
  }

  /// In the row of the last command ours goes on with commands of its own.
  private static void hasAllOf(Both both) {
    assertThat(both.ours.out().lines())
        .containsAll(
            both.debian
                .out()
                .lines()
                .takeWhile(line -> !line.equals(VERSION_LINE))
                .filter(line -> !line.startsWith(" hidden-commands"))
                .toList());
    assertThat(both.ours.out()).contains(VERSION_LINE);
  }
}
