package org.twincore.cli.drbdmeta;

import java.util.OptionalLong;
import org.twincore.drbd.meta.MetadataLayout;

/// The activity log's size as the command line gives it: so many stripes of so many 4 KiB blocks.
record AlStripes(boolean isGiven, int stripes, int stripeSize4k) {
  private static final long BLOCKS_MIN = 8;
  private static final long BLOCKS_MAX = 4194304;
  private static final int KIB_PER_BLOCK = 4;

  static AlStripes of(Session session) throws ToolFailure {
    OptionalLong stripes = session.option(Invocation.AL_STRIPES);
    OptionalLong sizeKib = session.option(Invocation.AL_STRIPE_SIZE);
    long count = stripes.orElse(1);
    long blocks =
        sizeKib.isPresent()
            ? sizeKib.getAsLong() / KIB_PER_BLOCK
            : MetadataLayout.STRIPE_SIZE_4K_DEFAULT;
    if (count < 0 || blocks < 0 || count > BLOCKS_MAX || count * blocks > BLOCKS_MAX) {
      throw invalid("too large");
    }
    if (blocks > BLOCKS_MAX || count * blocks < BLOCKS_MIN) {
      throw invalid(blocks > BLOCKS_MAX ? "too large" : "too small");
    }
    return new AlStripes(stripes.isPresent() || sizeKib.isPresent(), (int) count, (int) blocks);
  }

  private static ToolFailure invalid(String how) {
    return new ToolFailure(ToolFailure.BAD_VALUE, "invalid (" + how + ") al-stripe* settings");
  }
}
