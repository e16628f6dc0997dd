package org.twincore.host.nbd;

/// Hands everything on; tests override what they bend.
class ForwardingTarget implements BlockTarget {
  private final BlockTarget target;

  ForwardingTarget(BlockTarget target) {
    this.target = target;
  }

  @Override
  public void read(long offset, int length, ReadDone done) {
    target.read(offset, length, done);
  }

  @Override
  public void write(
      byte[] array, int arrayOffset, int length, long offset, boolean fua, Done done) {
    target.write(array, arrayOffset, length, offset, fua, done);
  }

  @Override
  public void flush(Done done) {
    target.flush(done);
  }

  @Override
  public void discard(long offset, long length, Discard kind, boolean fua, Done done) {
    target.discard(offset, length, kind, fua, done);
  }

  @Override
  public void cache(long offset, long length, Done done) {
    target.cache(offset, length, done);
  }

  @Override
  public void blockStatus(long offset, long length, StatusDone done) {
    target.blockStatus(offset, length, done);
  }

  @Override
  public void gather() {
    target.gather();
  }

  @Override
  public void submit() {
    target.submit();
  }

  @Override
  public void close() {
    target.close();
  }
}
