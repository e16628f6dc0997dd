package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.daemon.device.Devices;
import org.twincore.daemon.device.VolumeDevice;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.host.blockdev.DeviceWay;
import org.twincore.host.nbd.Exports;
import org.twincore.host.nbd.MemoryTarget;
import org.twincore.nbd.ExportInfo;

/// When a volume's device is there, through role changes that the engine takes or refuses.
class VolumeDeviceTest {
  private static final int SIZE_BYTES = 8 << 20;
  private static final AdminResult DONE = new AdminResult.State(StateResult.SUCCESS, "");
  private static final AdminResult REFUSED = new AdminResult.State(StateResult.UNKNOWN_ERROR, "");

  @TempDir Path temp;
  private final MemoryTarget target = new MemoryTarget(SIZE_BYTES);
  private final AtomicLong sizeBytes = new AtomicLong(SIZE_BYTES / 2);
  private Path name;
  private VolumeDevice device;

  @BeforeEach
  void open() throws IOException {
    Root.requireBlockDevices();
    Path names = Files.createDirectory(temp.resolve("dev"));
    Devices devices = Devices.open(temp.resolve("run"), names, DeviceWay.FUSE);
    ExportInfo info = ExportInfo.writable("r0", "", SIZE_BYTES);
    device = devices.volume(7, () -> new Exports.Opened(info, target), sizeBytes::get);
    name = names.resolve("drbd7");
    device.announce();
  }

  @AfterEach
  void takeAway() {
    device.abandon(1000);
    device.remove();
    assertThat(name).doesNotExist();
  }

  private long visibleBytes() throws IOException {
    try (FileChannel channel = FileChannel.open(name, StandardOpenOption.READ)) {
      return channel.size();
    }
  }

  private boolean isOpenable() throws IOException {
    try (FileChannel channel = FileChannel.open(name, StandardOpenOption.READ)) {
      return channel.isOpen();
    } catch (IOException refused) {
      assertThat(refused).hasMessageContaining("No such device or address");
      return false;
    }
  }

  @Test
  void isThereFromAPromotionToADemotion() throws Exception {
    assertThat(isOpenable()).isFalse();
    assertThat(device.promoting(() -> REFUSED)).isEqualTo(REFUSED);
    assertThat(isOpenable()).isFalse();
    assertThat(device.promoting(() -> DONE)).isEqualTo(DONE);
    assertThat(visibleBytes()).isEqualTo(SIZE_BYTES / 2);
    assertThat(device.demoting(() -> DONE)).isEqualTo(DONE);
    assertThat(isOpenable()).isFalse();
  }

  @Test
  void anOpenerKeepsTheEngineFromBeingAsked() throws Exception {
    device.promoting(() -> DONE);
    try (FileChannel opener = FileChannel.open(name, StandardOpenOption.READ)) {
      AdminResult held =
          device.demoting(() -> {
            throw new AssertionError("asked while held open");
          });
      assertThat(held).isEqualTo(new AdminResult.State(StateResult.DEVICE_IN_USE, ""));
      assertThat(opener.read(ByteBuffer.allocate(512))).isEqualTo(512);
    }
    assertThat(device.demoting(() -> REFUSED)).isEqualTo(REFUSED);
    assertThat(isOpenable()).isTrue();
  }

  @Test
  void theTargetIsClosedBeforeTheEngineIsAsked() throws Exception {
    device.promoting(() -> DONE);
    assertThat(visibleBytes()).isPositive();
    try (FileChannel opener = FileChannel.open(name, StandardOpenOption.READ)) {
      opener.read(ByteBuffer.allocate(512));
    }
    device.demoting(() -> {
      assertThat(target.closes()).isEqualTo(1);
      return DONE;
    });
  }

  @Test
  void followsTheVolumesSize() throws Exception {
    device.promoting(() -> DONE);
    sizeBytes.set(SIZE_BYTES);
    device.followSize();
    assertThat(visibleBytes()).isEqualTo(SIZE_BYTES);
  }
}
