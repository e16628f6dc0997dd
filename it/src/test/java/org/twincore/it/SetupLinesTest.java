package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.cli.drbdmeta.Drbdmeta;
import org.twincore.cli.drbdsetup.Drbdsetup;
import org.twincore.host.net.FreePorts;

/// The command lines that `drbdadm -d` prints are command lines of drbdsetup and drbdmeta: fed to
/// ours on two real nodes they give what `drbdadm` without `-d` gives.
@Timeout(900)
class SetupLinesTest {
  private static final String OLD =
      "net { ping-timeout 50; after-sb-0pri discard-zero-changes; shared-secret \"a b\";"
          + " cram-hmac-alg sha1; } disk { resync-rate 33M; al-extents 300; c-fill-target 1M; size"
          + " 6M; } options { on-no-data-accessible suspend-io; }";
  private static final String NEW =
      "net { ping-timeout 60; after-sb-0pri discard-least-changes; shared-secret \"a b\";"
          + " cram-hmac-alg sha1; verify-alg crc32c; protocol A; } disk { resync-rate 44M;"
          + " al-extents 300; on-io-error pass_on; size 6M; }";

  @TempDir Path folder;
  private Path config;
  private List<Integer> ports;
  private NodeProcess alice;
  private NodeProcess bob;

  /// How a run of a tool ended and what it printed.
  private record Said(int exitCode, String text) {}

  @BeforeEach
  void start() throws IOException {
    ports = FreePorts.find(2);
    config = folder.resolve("drbd.conf");
    write(OLD);
    alice = node("alice");
    bob = node("bob");
  }

  @AfterEach
  void end() {
    alice.close();
    bob.close();
  }

  private void write(String options) throws IOException {
    Files.writeString(
        config,
        """
        resource r0 {
          %s
          startup { wfc-timeout 60; wait-after-sb; }
          on alice { device minor 3; disk %s/alice.img; meta-disk internal; address 127.0.0.1:%d; }
          on bob { device minor 4; disk %s/bob.img; meta-disk %s/bob.md[0]; address 127.0.0.1:%d; }
        }
        """
            .formatted(options, folder, ports.get(0), folder, folder, ports.get(1)));
  }

  private NodeProcess node(String name) throws IOException {
    for (String kind : List.of("img", "md")) {
      try (RandomAccessFile made =
          new RandomAccessFile(folder.resolve(name + "." + kind).toFile(), "rw")) {
        made.setLength(kind.equals("img") ? 8 << 20 : 512 << 20);
      }
    }
    NodeProcess node = new NodeProcess(name, folder.resolve(name), config);
    node.start();
    node.drbdadm("create-md", "--force", "r0");
    return node;
  }

  private Said setup(NodeProcess node, String... words) {
    String name = node == alice ? "alice" : "bob";
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    Map<String, String> environment =
        Map.of("TWINCORE_NODE", name, "TWINCORE_RUN", folder.resolve(name).toString());
    int code = Drbdsetup.run(words, environment, out, out);
    return new Said(code, bytes.toString(StandardCharsets.UTF_8));
  }

  /// Carries the lines of a dry run out; which commands they were.
  private List<String> feed(NodeProcess node, String... drbdadm) throws IOException {
    List<String> dry = new ArrayList<>(List.of("-d"));
    dry.addAll(List.of(drbdadm));
    List<String> commands = new ArrayList<>();
    for (String line : node.drbdadm(dry.toArray(String[]::new)).lines().toList()) {
      List<String> words = words(line);
      String[] rest = words.subList(1, words.size()).toArray(String[]::new);
      if (words.getFirst().equals("drbdmeta")) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        int code = Drbdmeta.run(rest, out, out, Drbdmeta.answers());
        assertThat(code).as(line + "\n" + bytes.toString(StandardCharsets.UTF_8)).isZero();
        commands.add("drbdmeta");
      } else {
        assertThat(words.getFirst()).isEqualTo("drbdsetup-84");
        Said said = setup(node, rest);
        assertThat(said.exitCode()).as(line + "\n" + said.text()).isZero();
        commands.add(words.get(1));
      }
    }
    return commands;
  }

  /// A line that is quoted by backslashes, as its words.
  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == ' ') {
        words.add(word.toString());
        word.setLength(0);
      } else {
        word.append(c == '\\' ? line.charAt(++i) : c);
      }
    }
    words.add(word.toString());
    return words;
  }

  private String show(NodeProcess node) {
    return setup(node, "show", "r0").text();
  }

  /// Up, a changed file, down: by drbdadm at both, then by its printed lines at both.
  @Test
  void theLinesOfADryRunGiveWhatDrbdadmGives() throws IOException {
    alice.drbdadm("up", "r0");
    bob.drbdadm("up", "r0");
    alice.awaitState("Connected", "Inconsistent/Inconsistent");
    alice.drbdadm("primary", "--force", "r0");
    alice.awaitState("Connected", "UpToDate/UpToDate");
    List<String> up = List.of(show(alice), show(bob));
    assertThat(up.getFirst()).contains("resync-rate", "33792k", "shared-secret", "/alice.img");
    List<String> status = List.of(setup(alice, "status").text(), setup(bob, "status").text());
    alice.drbdadm("down", "r0");
    bob.drbdadm("down", "r0");

    assertThat(feed(alice, "up", "r0"))
        .containsExactly("new-resource", "new-minor", "drbdmeta", "attach", "connect");
    feed(bob, "up", "r0");
    alice.awaitState("Connected", "UpToDate/UpToDate");
    assertThat(List.of(show(alice), show(bob))).isEqualTo(up);
    assertThat(feed(alice, "primary", "r0")).containsExactly("primary");
    assertThat(List.of(setup(alice, "status").text(), setup(bob, "status").text()))
        .isEqualTo(status);
    assertThat(alice.drbdadm("-d", "adjust", "r0")).isEmpty();

    write(NEW.replace("protocol A; ", ""));
    assertThat(feed(alice, "adjust", "r0"))
        .containsExactlyInAnyOrder("resource-options", "disk-options", "net-options");
    assertThat(alice.drbdadm("-d", "adjust", "r0")).isEmpty();
    String adjusted = show(alice);
    write(OLD);
    alice.drbdadm("adjust", "r0");
    assertThat(show(alice)).isEqualTo(up.getFirst());
    write(NEW.replace("protocol A; ", ""));
    alice.drbdadm("adjust", "r0");
    assertThat(show(alice)).isEqualTo(adjusted);

    for (String command : List.of("secondary", "disconnect", "connect", "detach", "attach")) {
      feed(alice, command, "r0");
    }
    feed(alice, "wait-connect", "r0");
    feed(alice, "wait-sync", "r0");
    alice.awaitState("Connected", "UpToDate/UpToDate");
    for (String command : List.of("pause-sync", "resume-sync", "suspend-io", "resume-io")) {
      feed(alice, command, "r0");
    }
    assertThat(feed(alice, "down", "r0")).containsExactly("down");
    assertThat(setup(alice, "status").text()).isEmpty();
  }

  /// What a script of an admin is told: in the words and with the exit codes of 8.4.
  @Test
  void answersAsDrbdsetupDoes() throws IOException {
    assertThat(setup(alice, "role", "3"))
        .isEqualTo(new Said(10, "3: Failure: (127) Device minor not allocated\n"));
    assertThat(setup(alice, "new-resource", "r1")).isEqualTo(new Said(0, ""));
    assertThat(setup(alice, "new-resource", "r1").exitCode()).isEqualTo(10);
    assertThat(setup(alice, "new-minor", "r1", "7", "2").exitCode()).isZero();
    assertThat(setup(alice, "role", "/dev/drbd7").text()).isEqualTo("Unconfigured\n");
    assertThat(setup(alice, "7", "cstate").text()).isEqualTo("Unconfigured\n");
    assertThat(setup(alice, "sh-status", "7").text())
        .contains("_minor=7\n_res_name=r1\n_volume=2\n_known=Configured\n_cstate=StandAlone\n");
    assertThat(setup(alice, "sh-status", "9").text()).contains("_known=Unconfigured\n");
    assertThat(setup(alice, "show-gi", "7").text()).startsWith("7: Failure: (138)");
    assertThat(setup(alice, "primary", "7"))
        .isEqualTo(
            new Said(
                17,
                "7: State change failed: (-2) Refusing to be Primary without at least one UpToDate"
                    + " disk\n"));
    assertThat(setup(alice, "net-options", "10.0.0.1", "10.0.0.2", "--timeout=70"))
        .satisfies(said -> assertThat(said.exitCode()).isEqualTo(10))
        .satisfies(said -> assertThat(said.text()).contains("(162) unknown connection"));
    assertThat(setup(alice, "wait-connect", "7", "--wfc-timeout=1").exitCode()).isEqualTo(5);
    assertThat(setup(alice, "wait-connect", "7", "--wfc-timeout=1", "--wait-after-sb=1"))
        .satisfies(said -> assertThat(said.exitCode()).isEqualTo(5))
        .satisfies(said -> assertThat(said.text()).isEmpty());
    assertThat(setup(alice, "del-resource", "r1").exitCode()).isEqualTo(10);
    assertThat(setup(alice, "events", "r1").exitCode()).isEqualTo(20);
    assertThat(setup(alice, "del-minor", "7").exitCode()).isZero();
    assertThat(setup(alice, "del-resource", "r1")).isEqualTo(new Said(0, ""));
    assertThat(setup(alice, "down", "r1").exitCode()).isEqualTo(10);
  }

  /// All options stand there, marked where they are the default, and drbdadm reads them back: the
  /// next adjust finds nothing to do.
  @Test
  void showsDefaultsToo() throws IOException {
    alice.drbdadm("up", "r0");
    String text = setup(alice, "show", "--show-defaults", "minor-3").text();
    assertThat(text).containsPattern(" timeout *\t60; # 1/10 seconds, default\n");
    assertThat(text).containsPattern(" ping-timeout *\t50; # 1/10 seconds\n");
    assertThat(text).containsPattern(" on-io-error *\tdetach; # default\n");
    assertThat(text).containsPattern(" on-no-data-accessible *\tsuspend-io;\n");
  }
}
