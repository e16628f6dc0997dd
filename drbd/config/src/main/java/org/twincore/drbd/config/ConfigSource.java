package org.twincore.drbd.config;

import java.io.IOException;
import java.util.List;

/// Where configuration text comes from; implemented by those who may touch files.
public interface ConfigSource {
  /// The bytes of a file. An implementation may stop after `limitBytes + 1` bytes: the parser
  /// refuses anything longer than the limit.
  byte[] read(String path, int limitBytes) throws IOException;

  /// The files that a shell pattern names, sorted by name; empty if none. A relative pattern starts
  /// at `directory`, and so do the paths in the answer.
  List<String> glob(String directory, String pattern) throws IOException;

  /// The absolute path of a file for messages: links in its directory followed, its own name kept.
  String displayPath(String path) throws IOException;

  /// One name for a file however it is reached, so that it is read only once.
  String realPath(String path) throws IOException;
}
