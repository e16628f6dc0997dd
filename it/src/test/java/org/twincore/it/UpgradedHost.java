package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A machine of a rolling upgrade: one node, and the one version that is installed there. The
/// admin's commands are the installed version's, whatever version the node still runs.
final class UpgradedHost implements AutoCloseable {
  final NodeProcess node;
  final Path state;
  private final Installation installed;

  /// The node `name`, with that version installed; not started yet.
  UpgradedHost(String name, Path folder, Path config, Installation version) throws IOException {
    node = new NodeProcess(name, folder, config);
    state = folder.resolve("state");
    installed = version.copyTo(folder.resolve("lib"));
    node.runs(installed);
  }

  /// Puts the packages of another version in; the node goes on as it is.
  void install(Installation version) throws IOException {
    installed.replaceBy(version);
  }

  /// What `service drbd stop` does: the resources down, then the node.
  void stop() throws IOException, InterruptedException {
    node.awaitVolume("no opener", it -> it.openers() == 0);
    drbdadm("down", "r0");
    end();
  }

  /// SIGTERM alone.
  void end() throws IOException, InterruptedException {
    assertThat(node.terminate()).as(Files.readString(node.log())).isZero();
  }

  /// What `service drbd start` does.
  void start() throws IOException, InterruptedException {
    node.start();
    drbdadm("up", "r0");
  }

  /// Runs the installed drbdadm; its output, or a failure with it.
  String drbdadm(String... words) throws IOException, InterruptedException {
    Tool run = node.drbdadmOf(installed, words);
    assertThat(run.exitCode()).as("%s\n%s", run, node.tail()).isZero();
    return run.output();
  }

  /// Says something of the node's answer where no success is expected.
  Tool tryDrbdadm(String... words) throws IOException, InterruptedException {
    return node.drbdadmOf(installed, words);
  }

  /// That nothing went wrong inside of it, in any version.
  void assertHealthy() throws IOException {
    assertThat(Files.readString(node.log()))
        .doesNotContain("Exception")
        .doesNotContain("NoClassDefFound")
        .doesNotContain("not cleanly")
        .doesNotContain("invariant");
  }

  @Override
  public void close() {
    node.close();
  }
}
