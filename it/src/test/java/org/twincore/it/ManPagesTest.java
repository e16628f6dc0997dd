package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The manual pages can be read: groff has nothing to warn of, and man shows each.
class ManPagesTest {
  private static final Path PAGES = Path.of(System.getProperty("twincore.root"), "docs", "man");

  @Test
  void groffWarnsOfNothing() throws Exception {
    Tool.require("groff-base", "groff");
    for (Path page : pages()) {
      Tool run = Tool.run("groff", "-t", "-man", "-ww", "-Tutf8", "-z", page.toString());
      assertThat(run.exitCode()).as(run.toString()).isZero();
      assertThat(run.output()).as(page.toString()).isEmpty();
    }
  }

  @Test
  void manShowsEachPageUnderItsName() throws Exception {
    Tool.require("man-db", "man");
    for (Path page : pages()) {
      String name = page.getFileName().toString();
      String word = name.substring(0, name.lastIndexOf('.'));
      assertThat(Tool.ok("man", "-l", page.toString()))
          .as(name)
          .containsIgnoringCase(word + "(" + name.charAt(name.length() - 1) + ")")
          .contains("NAME")
          .contains("EXAMPLE");
    }
  }

  @Test
  void eachToolAndFileHasAPage() throws IOException {
    assertThat(pages().stream().map(page -> page.getFileName().toString()))
        .contains(
            "drbd.8",
            "drbdadm.8",
            "drbdsetup.8",
            "drbdmeta.8",
            "drbd-overview.8",
            "twincore.8",
            "drbd.conf.5",
            "twincore.conf.5");
  }

  private static List<Path> pages() throws IOException {
    try (Stream<Path> pages = Files.list(PAGES)) {
      return pages.sorted().toList();
    }
  }
}
