package org.twincore.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import org.junit.jupiter.api.Test;

class GoldenTest {
  @Test
  void aDifferenceNamesFileAndLine() {
    assumeFalse("write".equals(System.getProperty("golden")), "golden files are being written");
    Golden.check("src/test/golden/two-lines.txt", "one\ntwo\n");
    assertThatThrownBy(() -> Golden.check("src/test/golden/two-lines.txt", "one\n2\n"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("two-lines.txt:2")
        .hasMessageContaining("found:    2");
  }

  @Test
  void aMissingFileFails() {
    assumeFalse("write".equals(System.getProperty("golden")), "golden files are being written");
    assertThatThrownBy(() -> Golden.check("src/test/golden/none.txt", ""))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("-Dgolden=write");
  }
}
