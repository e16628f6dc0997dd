package org.twincore.it.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.twincore.cli.drbdsetup.Drbdsetup;

/// The two drbdsetup of 8.4 know the same commands with the same arguments and options: what the
/// other prints of itself, as XML and for people, stands in ours, too.
class SetupOracleTest {
  private static final Path DEBIANS = Path.of("/usr/lib/drbd/drbdsetup-84");
  private static final Pattern OPTION =
      Pattern.compile("\t<option name=.*?</option>\n", Pattern.DOTALL);
  private static final Pattern GROUP =
      Pattern.compile("\\[--.*?(?=\\s*\\[--|\\s*$)", Pattern.DOTALL);

  @BeforeAll
  static void needsDebiansDrbdsetup() {
    Assumptions.assumeTrue(Files.isExecutable(DEBIANS), "apt-get install drbd-utils");
  }

  private record Said(int exitCode, String out) {}

  private static Said debian(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(DEBIANS.toString()));
    command.addAll(List.of(words));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try (InputStream out = process.getInputStream()) {
      String text = new String(out.readAllBytes(), StandardCharsets.UTF_8);
      return new Said(process.waitFor(), text.replace("drbdsetup-84", "drbdsetup"));
    }
  }

  private static Said ours(String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream nowhere =
        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    int code =
        Drbdsetup.run(words, Map.of(), new PrintStream(out, true, StandardCharsets.UTF_8), nowhere);
    return new Said(code, out.toString(StandardCharsets.UTF_8));
  }

  private static List<String> commands(String help) {
    List<String> words = new ArrayList<>();
    help.lines()
        .dropWhile(line -> !line.startsWith("Commands are:"))
        .skip(1)
        .takeWhile(line -> line.startsWith("    "))
        .forEach(line -> words.addAll(List.of(line.strip().split(" +"))));
    return words;
  }

  private static List<String> all(Pattern pattern, String text) {
    List<String> found = new ArrayList<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      found.add(wordsInOrder(matcher.group().replaceAll("\\s+", " ").strip()));
    }
    return found;
  }

  /// The order of the words that an option takes says nothing.
  private static String wordsInOrder(String option) {
    Matcher words =
        Pattern.compile("\\{(.*\\|.*)}|((?: <handler>[^<]*</handler>)+)").matcher(option);
    return words.replaceAll(found -> {
      String list = found.group(1) == null ? found.group(2) : found.group(1);
      String[] parts = list.split(found.group(1) == null ? "(?= <handler>)" : "\\|");
      Arrays.sort(parts);
      return Matcher.quoteReplacement(String.join("|", parts));
    });
  }

  @Test
  void theCommandsAreTheSameInTheSameOrder() throws Exception {
    List<String> debians = commands(debian("help").out);
    assertThat(debians).hasSizeGreaterThan(30);
    assertThat(commands(ours("help").out)).isEqualTo(debians);
  }

  @Test
  void eachCommandHasTheSameArgumentsAndOptions() throws Exception {
    for (String command : commands(debian("help").out)) {
      Said other = debian("xml-help", command);
      Said own = ours("xml-help", command);
      assertThat(own.exitCode).as(command).isEqualTo(other.exitCode);
      assertThat(own.out.replaceAll("(?s)\t<option.*", ""))
          .as(command)
          .isEqualTo(other.out.replaceAll("(?s)(\t<option|</command>).*", "") + end(own.out));
      List<String> options = all(OPTION, own.out);
      options.removeIf(option -> option.contains("\"json\""));
      assertThat(options).as(command).containsExactlyInAnyOrderElementsOf(all(OPTION, other.out));
    }
  }

  private static String end(String xml) {
    return xml.contains("\t<option") ? "" : "</command>\n";
  }

  @Test
  void theHelpOfEachCommandIsTheSame() throws Exception {
    for (String command : commands(debian("help").out)) {
      Said other = debian("help", command);
      Said own = ours("help", command);
      assertThat(own.exitCode).as(command).isEqualTo(other.exitCode);
      List<String> options = all(GROUP, own.out);
      options.remove("[--json]");
      assertThat(options).as(command).containsExactlyInAnyOrderElementsOf(all(GROUP, other.out));
      assertThat(flat(own.out)).as(command).isEqualTo(flat(other.out));
      assertThat(own.out.lines()).allMatch(line -> line.length() <= 80 || !line.contains("] ["));
    }
  }

  private static String flat(String help) {
    return GROUP.matcher(help).replaceAll("").replaceAll("\\s+", " ").strip();
  }

  @Test
  void theWrongIsAnsweredWithTheSameCode() throws Exception {
    for (String line :
        List.of("", "help", "help frob", "xml-help", "xml-help frob", "frob", "0 frob")) {
      String[] words = line.isEmpty() ? new String[0] : line.split(" ");
      assertThat(ours(words).exitCode).as(line).isEqualTo(debian(words).exitCode);
    }
  }
}
