package org.twincore.daemon;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.twincore.daemon.resource.RefusedException;
import org.twincore.daemon.resource.ResourceAdmin;
import org.twincore.daemon.resource.ResourceNode;
import org.twincore.daemon.resource.VolumeNode;
import org.twincore.drbd.engine.exchange.AdminResult;

/// The end of a node: clients answered and let go, then every resource down, all at once.
///
/// `down` flushes, demotes, disconnects and detaches. A block device that is held open is flushed
/// and taken away from whoever has it. A resource that a peer holds up is disconnected by force
/// when half of the time is over.
final class NodeStop {
  private static final Logger LOG = System.getLogger("org.twincore.node");

  /// Share of the time for clients to get their answers.
  private static final int CLIENTS_SHARE = 3;

  /// Share of the time for what the kernel has not written to a device yet.
  private static final int DEVICES_SHARE = 3;

  /// An opener that is gone makes no change of the resource's state: it is looked for so often.
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Node node;
  private final long deadlineNanos;

  NodeStop(Node node, long deadlineNanos) {
    this.node = node;
    this.deadlineNanos = deadlineNanos;
  }

  private long leftNanos() {
    return Math.max(0, deadlineNanos - System.nanoTime());
  }

  /// True if nothing is left in use.
  boolean run() {
    node.resources().close();
    if (!node.nbd().close(TimeUnit.NANOSECONDS.toMillis(leftNanos() / CLIENTS_SHARE))) {
      LOG.log(Level.WARNING, "nbd clients were cut off with requests in flight");
    }
    List<ResourceNode> all = node.resources().all();
    AtomicInteger left = new AtomicInteger(all.size());
    List<Thread> threads = new ArrayList<>();
    for (ResourceNode resource : all) {
      threads.add(
          Thread.ofVirtual().name("down-" + resource.name()).start(() -> down(resource, left)));
    }
    joinAll(threads, leftNanos() / 2);
    if (left.get() > 0) {
      for (ResourceNode resource : node.resources().all()) {
        Thread.ofVirtual().start(() -> disconnect(resource));
      }
      joinAll(threads, leftNanos());
    }
    return left.get() == 0;
  }

  /// Tries until it works: requests that a silent peer holds up keep their openers until the
  /// connection is given up.
  private void down(ResourceNode resource, AtomicInteger left) {
    try {
      while (true) {
        long seen = resource.signal().count();
        AdminResult result = node.resources().down(resource.name());
        if (!result.isSuccess() && abandonDevices(resource)) {
          result = node.resources().down(resource.name());
        }
        if (result.isSuccess()) {
          left.decrementAndGet();
          return;
        }
        if (leftNanos() == 0) {
          LOG.log(Level.WARNING, "resource={0} stays up: {1}", resource.name(), result);
          return;
        }
        resource.signal().await(seen, Math.min(leftNanos(), RETRY_NANOS));
      }
    } catch (RefusedException refused) {
      LOG.log(Level.WARNING, "resource={0} stays up: {1}", resource.name(), refused);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Whoever still has a device open has had its last write, and the peer has it too. False if
  /// nobody had.
  private boolean abandonDevices(ResourceNode resource) {
    long flushMillis = TimeUnit.NANOSECONDS.toMillis(leftNanos() / DEVICES_SHARE);
    boolean wasHeld = false;
    for (VolumeNode volume : resource.volumes()) {
      wasHeld |= volume.device().abandon(flushMillis);
    }
    return wasHeld;
  }

  private static void disconnect(ResourceNode resource) {
    try {
      new ResourceAdmin(resource).disconnect(true);
    } catch (RefusedException refused) {
      LOG.log(Level.WARNING, "resource={0} disconnect: {1}", resource.name(), refused);
    }
  }

  private static void joinAll(List<Thread> threads, long nanos) {
    long end = System.nanoTime() + nanos;
    try {
      for (Thread thread : threads) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left > 0) {
          thread.join(left);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
