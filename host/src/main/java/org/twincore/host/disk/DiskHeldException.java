package org.twincore.host.disk;

import java.io.IOException;

/// Somebody else uses this disk.
public final class DiskHeldException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Holder holder;

  /// Who has it.
  public enum Holder {
    /// A node of this program, attached, or one of its offline tools at work.
    NODE,
    /// The kernel: a mounted file system, a device mapper target, a kernel DRBD.
    KERNEL
  }

  DiskHeldException(String path, Holder holder) {
    super(
        switch (holder) {
          case NODE -> path + " is in use by a node or by another tool";
          case KERNEL -> path + " is in use by the kernel (mounted, or part of another device)";
        });
    this.holder = holder;
  }

  public Holder holder() {
    return holder;
  }
}
