package org.twincore.daemon.device;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.host.blockdev.DrbdDevice;
import org.twincore.host.nbd.Exports;

/// The device of one volume: there while the volume is Primary. One role change at a time.
///
/// ```
/// hidden --promoting, done--> shown        shown --demoting, done--> hidden
/// shown --demoting, somebody has it open or the engine refuses--> shown
/// ```
public final class VolumeDevice {
  private static final Logger LOG = System.getLogger("org.twincore.device");
  private static final AdminResult HELD_OPEN = new AdminResult.State(StateResult.DEVICE_IN_USE, "");

  private final Devices devices;
  private final int minor;
  private final Supplier<Exports.Opening> source;
  private final LongSupplier sizeBytes;
  private Optional<DrbdDevice> shown = Optional.empty();

  /// A change of the engine's state.
  @FunctionalInterface
  public interface Change<E extends Exception> {
    AdminResult run() throws E;
  }

  VolumeDevice(
      Devices devices, int minor, Supplier<Exports.Opening> source, LongSupplier sizeBytes) {
    this.devices = devices;
    this.minor = minor;
    this.source = source;
    this.sizeBytes = sizeBytes;
  }

  /// Makes the name refuse openers: the volume exists and is not Primary.
  public synchronized void announce() {
    try {
      if (devices.folder().isPresent()) {
        devices.folder().get().hide(minor);
      }
    } catch (IOException failed) {
      warn(failed);
    }
  }

  /// Promotes, and shows the device if that succeeds.
  public synchronized <E extends Exception> AdminResult promoting(Change<E> promotion) throws E {
    AdminResult result = promotion.run();
    if (result.isSuccess()) {
      show();
    }
    return result;
  }

  /// Takes the device away and demotes; refused if somebody has it open. It is shown again if the
  /// demotion is refused.
  public synchronized <E extends Exception> AdminResult demoting(Change<E> demotion) throws E {
    boolean wasShown = shown.isPresent();
    if (!hide()) {
      return HELD_OPEN;
    }
    AdminResult result = demotion.run();
    if (wasShown && !result.isSuccess()) {
      show();
    }
    return result;
  }

  /// Takes the device away while `change` runs, and shows it again; refused if somebody has it
  /// open.
  public synchronized <E extends Exception> AdminResult whileHidden(Change<E> change) throws E {
    boolean wasShown = shown.isPresent();
    if (!hide()) {
      return HELD_OPEN;
    }
    try {
      return change.run();
    } finally {
      if (wasShown) {
        show();
      }
    }
  }

  private void show() {
    if (shown.isEmpty()) {
      long size = sizeBytes.getAsLong();
      shown = size == 0 ? Optional.empty() : devices.show(minor, size, source);
      followSize(); // it may have grown since it was asked for
    }
  }

  private boolean hide() {
    if (shown.isEmpty()) {
      return true;
    }
    try {
      if (!shown.get().release()) {
        return false;
      }
      forget();
      return true;
    } catch (IOException failed) {
      warn(failed);
      return false;
    }
  }

  private void forget() {
    shown.ifPresent(devices::gone);
    shown = Optional.empty();
  }

  /// The volume's size changed; its device follows soon. Never waits.
  public void sizeChanged() {
    Thread.ofVirtual().name("resize-drbd" + minor).start(this::followSize);
  }

  /// Gives the device the size that the volume has now.
  public synchronized void followSize() {
    try {
      if (shown.isPresent()) {
        shown.get().resize(sizeBytes.getAsLong());
      }
    } catch (IOException failed) {
      warn(failed);
    }
  }

  /// The node ends whoever has the device open: what they wrote is flushed, within `flushMillis`,
  /// and from then on they get EIO. False if it was hidden anyway.
  public synchronized boolean abandon(long flushMillis) {
    if (shown.isEmpty()) {
      return false;
    }
    try {
      shown.get().flush(flushMillis);
      shown.get().abandon();
    } catch (IOException failed) {
      warn(failed);
    }
    forget();
    return true;
  }

  /// The volume is no more; its device must be hidden.
  public synchronized void remove() {
    try {
      if (devices.folder().isPresent()) {
        devices.folder().get().remove(minor);
      }
    } catch (IOException failed) {
      warn(failed);
    }
  }

  private void warn(IOException failed) {
    LOG.log(Level.WARNING, "minor={0} device: {1}", Integer.toString(minor), failed.getMessage());
  }
}
