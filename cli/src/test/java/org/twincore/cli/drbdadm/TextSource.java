package org.twincore.cli.drbdadm;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.config.ConfigException;
import org.twincore.drbd.config.ConfigSource;
import org.twincore.drbd.config.Configuration;
import org.twincore.drbd.config.LocalNode;
import org.twincore.drbd.config.NodeChecks;
import org.twincore.drbd.config.NodeConfiguration;

/// A configuration of one text, as a command of node `alice` sees it.
record TextSource(String text) implements ConfigSource {
  static NodeConfiguration configuration(String text) throws ConfigException {
    Configuration read = Configuration.read(new TextSource(text), "/t.conf", List.of());
    LocalNode alice = new LocalNode("alice", _ -> true);
    return NodeChecks.forUse(
        NodeConfiguration.of(read, alice, NodeConfiguration.Match.HOST).merged(), Optional.empty());
  }

  @Override
  public byte[] read(String path, int limitBytes) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public List<String> glob(String directory, String pattern) {
    return List.of();
  }

  @Override
  public String displayPath(String path) {
    return path;
  }

  @Override
  public String realPath(String path) {
    return path;
  }
}
