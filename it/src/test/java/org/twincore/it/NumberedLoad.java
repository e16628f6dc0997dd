package org.twincore.it;

import java.io.IOException;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.twincore.host.nbd.NbdClient;

/// [NumberedBlocks] through a client of our own: each block may be overwritten again and again, and
/// one that was in flight must be old or new.
final class NumberedLoad implements VerifiedLoad {
  private final NumberedBlocks blocks;
  private @Nullable NbdClient client;
  private @Nullable Thread writer;

  NumberedLoad(int blocks, RandomGenerator random) {
    this.blocks = new NumberedBlocks(blocks, random);
  }

  @Override
  public void begin(NodeProcess node) throws IOException {
    NbdClient connected = node.nbd();
    client = connected;
    writer = new Thread(() -> blocks.writeUntilLost(connected), "writer");
    writer.start();
  }

  @Override
  public void end() throws IOException, InterruptedException {
    if (writer != null && client != null) {
      writer.interrupt();
      writer.join();
      client.close();
    }
  }

  @Override
  public List<String> lost(NodeProcess node) throws IOException {
    try (NbdClient reader = node.nbd()) {
      return blocks.wrongBlocks(reader);
    }
  }

  @Override
  public long answered() {
    return blocks.acknowledgedBlocks();
  }
}
