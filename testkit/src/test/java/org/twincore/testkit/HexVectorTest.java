package org.twincore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class HexVectorTest {
  @Test
  void readsHeadsCommentsRepeatsAndNames() {
    List<HexVector> all =
        HexVector.parse(
            "x.hex",
            """
            # a file
            == one
            # source: a book
            01 0203 ; three bytes
            ff*2

            == two
            """);
    assertThat(all).hasSize(2);
    assertThat(all.get(0).name()).isEqualTo("one");
    assertThat(all.get(0).about("source")).isEqualTo("a book");
    assertThat(all.get(0).bytes()).containsExactly(1, 2, 3, 0xff, 0xff);
    assertThat(all.get(1).bytes()).isEmpty();
  }

  @Test
  void saysWhereTheHexIsWrong() {
    assertThatThrownBy(() -> HexVector.parse("x.hex", "00\n0g\n"))
        .hasMessageContaining("x.hex:2")
        .hasMessageContaining("0g");
  }
}
