package org.twincore.host.blockdev;

import java.io.IOException;
import java.nio.file.Path;

/// The block device /dev/drbdN of one volume, made in one of the kernel's [DeviceWay]s.
///
/// Requests go to the target that the device was shown with; it is opened at the first request of a
/// user and again after the device was away. If this process dies, every request gets EIO soon;
/// [DeviceFolder#clearStale] takes away what is left.
///
/// ```
/// shown --release, nobody has it open--> gone      shown --release, somebody has--> shown
/// shown --abandon--> gone: whoever has it open gets EIO
/// ```
public sealed interface DrbdDevice permits LoopedDevice, NbdDevice {
  /// The /dev/drbdN.
  Path path();

  /// The kernel's name of the device that it leads to, such as `loop3`.
  String below();

  /// Takes the device away unless somebody has it open; false then, and it goes on as if nothing
  /// had been asked.
  ///
  /// True: everything written to it was finished by the target, no page of it is cached any more,
  /// the target is closed, and opening the name is refused.
  boolean release() throws IOException;

  /// Has the kernel write what it still keeps of the device, a mounted file system's pages too.
  /// False if that takes longer.
  boolean flush(long timeoutMillis) throws IOException;

  /// Takes the device away whoever has it open: they get EIO.
  void abandon() throws IOException;

  /// Takes the name away too; the device must be gone.
  void removeName() throws IOException;

  /// The volume has another size, a multiple of 512: users of the device see it at once.
  void resize(long newSizeBytes) throws IOException;
}
