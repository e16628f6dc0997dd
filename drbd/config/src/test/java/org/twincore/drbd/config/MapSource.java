package org.twincore.drbd.config;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Configuration files in memory; paths are plain names below one folder.
final class MapSource implements ConfigSource {
  static final LocalNode ALICE =
      new LocalNode("alice", address -> address.address().equals("127.0.0.1"));

  private final TreeMap<String, byte[]> files = new TreeMap<>();

  static MapSource of(String text) {
    return new MapSource().with("/c/main.conf", text);
  }

  MapSource with(String path, String text) {
    return with(path, text.getBytes(StandardCharsets.UTF_8));
  }

  MapSource with(String path, byte[] bytes) {
    files.put(path, bytes);
    return this;
  }

  static Configuration read(String text) throws ConfigException {
    return of(text).read();
  }

  Configuration read() throws ConfigException {
    return Configuration.read(this, "/c/main.conf", List.of());
  }

  static NodeConfiguration use(String text) throws ConfigException {
    return NodeChecks.forUse(
        NodeConfiguration.of(read(text), ALICE, NodeConfiguration.Match.HOST).merged(),
        java.util.Optional.empty());
  }

  @Override
  public byte[] read(String path, int limitBytes) throws IOException {
    byte[] bytes = files.get(path);
    if (bytes == null) {
      throw new FileNotFoundException("no such file");
    }
    return bytes;
  }

  @Override
  public List<String> glob(String directory, String pattern) {
    String full = pattern.startsWith("/") ? pattern : directory + "/" + pattern;
    full = full.replaceAll("[^/]+/\\.\\./", "");
    Pattern regex = Pattern.compile(full.replace(".", "\\.").replace("*", "[^/]*"));
    return files.keySet().stream().filter(path -> regex.matcher(path).matches()).toList();
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
