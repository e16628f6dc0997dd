package org.twincore.cli.drbdadm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ArgumentParserTest {
  private static Invocation parse(String line) throws UsageException {
    return ArgumentParser.parse(List.of(line.split(" ")));
  }

  @Test
  void handsOnWhatStandsBetweenDashesAndTheCommand() throws Exception {
    Invocation chapter = parse("-- --overwrite-data-of-peer primary all");

    assertThat(chapter.command()).isEqualTo(Command.PRIMARY);
    assertThat(chapter.resources()).containsExactly("all");
    assertThat(ResourceSteps.isForced(chapter)).isTrue();
    assertThat(ResourceSteps.isForced(parse("-- --do-what-I-say primary all"))).isTrue();
    assertThat(ResourceSteps.isForced(parse("primary --force=no r0"))).isFalse();
    assertThat(ResourceSteps.isForced(parse("primary r0"))).isFalse();
  }

  @Test
  void takesGeneralOptionsOnEitherSideOfTheCommand() throws Exception {
    Invocation invocation = parse("-dS -c /x up --peer bob r0 --node n1 r1");

    assertThat(invocation.resources()).containsExactly("r0", "r1");
    assertThat(invocation.flags())
        .isEqualTo(
            new Invocation.Flags(
                true,
                false,
                true,
                false,
                java.util.Optional.of("/x"),
                java.util.Optional.empty(),
                java.util.Optional.of("bob"),
                java.util.Optional.of("n1")));
  }

  @Test
  void completesAbbreviatedOptionsOfTheCommand() throws Exception {
    assertThat(parse("connect --timeo 9 --tcp-c=no --disc r0").handedOn())
        .containsExactly("--timeout=9", "--tcp-cork=no", "--discard-my-data");
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    for (String line :
        List.of("frobnicate r0", "primary --nix r0", "-x", "connect --a r0", "-c", "-- --x y")) {
      assertThatThrownBy(() -> parse(line)).as(line).isInstanceOf(UsageException.class);
    }
  }

  @Test
  void endsOptionsAtDashesBehindTheCommand() throws Exception {
    assertThat(parse("primary -- --force").resources()).containsExactly("--force");
  }
}
