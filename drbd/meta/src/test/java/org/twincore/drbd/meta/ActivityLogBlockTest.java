package org.twincore.drbd.meta;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.meta.ActivityLogBlock.Corrupt;
import org.twincore.drbd.meta.ActivityLogBlock.Initialised;
import org.twincore.drbd.meta.ActivityLogBlock.Transaction;
import org.twincore.drbd.meta.ActivityLogBlock.Update;
import org.twincore.testkit.Gen;

class ActivityLogBlockTest {
  @Test
  void checksumIsTheKernelsCrc32cWithoutInversion() {
    byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
    assertThat(ActivityLogBlock.checksum(digits)).isEqualTo(0x58e3fa20);
  }

  @Test
  void initialisedBlockHasTheBytesThatCreateMdWrites() {
    byte[] block = ActivityLogBlock.initialised();
    assertThat(HexFormat.of().formatHex(block, 0, 16))
        .isEqualTo("69cb65a200000000709cc651ffff0000");
    assertThat(Arrays.copyOfRange(block, 16, 4096)).containsOnly(0);
    assertThat(ActivityLogBlock.decode(block)).isEqualTo(new Initialised());
  }

  @Test
  void readsAndRewritesTheKernelsTransactions() throws Exception {
    byte[] area = SimStore.resource("al-crashed.mdarea.gz");
    for (int block = 1; block <= 4; block++) {
      byte[] bytes = Arrays.copyOfRange(area, block * 4096, (block + 1) * 4096);
      Transaction transaction = (Transaction) ActivityLogBlock.decode(bytes);
      assertThat(transaction.number()).isEqualTo(block - 1);
      assertThat(transaction.slots()).isEqualTo(1237);
      assertThat(transaction.updates()).hasSize(1);
      assertThat(ActivityLogBlock.encode(transaction)).isEqualTo(bytes);
    }
  }

  @Test
  void anyTransactionSurvivesTheRoundTrip() {
    Gen.check(
        200,
        gen -> {
          List<Update> updates = new ArrayList<>();
          for (int i = gen.intIn(0, 64); i > 0; i--) {
            updates.add(new Update(gen.intIn(0, 65533), gen.longIn(0, 0xfffffffeL)));
          }
          List<Long> context = new ArrayList<>();
          for (int i = 0; i < 919; i++) {
            context.add(gen.longIn(0, 0xffffffffL));
          }
          Transaction transaction =
              new Transaction(
                  gen.anyInt(), gen.intIn(0, 65534), gen.intIn(0, 65534), context, updates);
          assertThat(ActivityLogBlock.decode(ActivityLogBlock.encode(transaction)))
              .isEqualTo(transaction);
        });
  }

  @Test
  void oneWrongBitAnywhereIsSeen() {
    Gen.check(
        300,
        gen -> {
          byte[] block = ActivityLogBlock.initialised();
          block[gen.intIn(0, 4095)] ^= (byte) (1 << gen.intIn(0, 7));
          assertThat(ActivityLogBlock.decode(block)).isInstanceOf(Corrupt.class);
        });
  }
}
