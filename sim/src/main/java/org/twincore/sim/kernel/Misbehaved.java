package org.twincore.sim.kernel;

/// The other node did what a kernel's node never does, or what one would hang up on.
public final class Misbehaved extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Misbehaved(String what) {
    super(what);
  }
}
