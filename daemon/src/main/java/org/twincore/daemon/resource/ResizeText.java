package org.twincore.daemon.resource;

import java.util.Optional;
import org.twincore.admin.AdminRequest;
import org.twincore.drbd.engine.exchange.AdminCommand;

/// A request to resize as the engine takes it.
final class ResizeText {
  private static final int BLOCK_KIB = 4;
  private static final int AL_KIB_MIN = 32;
  private static final int AL_KIB_MAX = 16 << 20;
  private static final int LAYOUT_TOO_BIG = 166;
  private static final int LAYOUT_TOO_SMALL = 167;

  private ResizeText() {}

  static AdminCommand.Resize command(int volume, AdminRequest.Resize request)
      throws RefusedException {
    if (request.sizeSectors() < 0) {
      throw RefusedException.nonsense("a size of " + request.sizeSectors() + " sectors");
    }
    return new AdminCommand.Resize(
        volume,
        request.sizeSectors(),
        new AdminCommand.Assume(request.assumeClean(), request.assumePeerHasSpace()),
        stripes(request));
  }

  private static Optional<AdminCommand.AlStripes> stripes(AdminRequest.Resize request)
      throws RefusedException {
    int stripes = request.alStripes();
    int sizeKib = request.alStripeSizeKib();
    if (stripes == 0 && sizeKib == 0) {
      return Optional.empty();
    }
    int number = stripes == 0 ? 1 : stripes;
    int size = sizeKib == 0 ? AL_KIB_MIN : sizeKib;
    if (number < 0 || size < 0 || size % BLOCK_KIB != 0) {
      throw RefusedException.nonsense(
          "an activity log of " + number + " x " + size + " KiB: stripes of whole 4 KiB blocks");
    }
    long allKib = (long) number * size;
    if (allKib < AL_KIB_MIN) {
      throw new RefusedException(LAYOUT_TOO_SMALL, "an activity log has at least 32 KiB");
    }
    if (allKib > AL_KIB_MAX) {
      throw new RefusedException(LAYOUT_TOO_BIG, "an activity log has at most 16 GiB");
    }
    return Optional.of(new AdminCommand.AlStripes(number, size / BLOCK_KIB));
  }
}
