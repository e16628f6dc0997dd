package org.twincore.bench;

/// Whether a server's files are read and written through the page cache.
enum Access {
  BUFFERED("buffered"),
  DIRECT("direct");

  final String text;

  Access(String text) {
    this.text = text;
  }
}
