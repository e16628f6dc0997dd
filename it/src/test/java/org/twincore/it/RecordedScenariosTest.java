package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.testkit.PcapFile;

/// Each scenario beside a kernel node has its capture, and each capture its scenario (HACKING.md
/// says how they are recorded).
class RecordedScenariosTest {
  /// What is not recorded, a method or one run of it, and why.
  private static final Map<String, String> EXCEPTIONS =
      Map.of(
          "KernelKillTest-everyAnsweredWriteSurvivesEitherNode",
          "the rounds of eachPrimaryIsLostOnce again and again, some megabytes of them");

  /// One run of a test method; `number` is 0 if it has no parameters, and `words` stand in its
  /// display name in that order.
  private record Scenario(String method, int number, List<String> words) {
    boolean isException() {
      return EXCEPTIONS.containsKey(method) || EXCEPTIONS.containsKey(method + "-" + number);
    }

    boolean isIn(String capture) {
      if (number == 0) {
        return capture.equals(method);
      }
      String start = method + "-" + number + "-";
      if (!capture.startsWith(start)) {
        return false;
      }
      List<String> left = new ArrayList<>(wordsOf(capture.substring(start.length())));
      return words.stream()
          .allMatch(word -> {
            int at = left.indexOf(word);
            left.subList(0, at + 1).clear();
            return at >= 0;
          });
    }
  }

  private static List<String> wordsOf(String text) {
    return Stream.of(text.split("[^A-Za-z0-9]+")).filter(it -> !it.isEmpty()).toList();
  }

  private static List<Scenario> scenarios() throws Exception {
    return all().filter(it -> !it.isException()).toList();
  }

  private static Stream<Scenario> all() throws Exception {
    return interopClasses().stream()
        .flatMap(it -> Stream.of(it.getDeclaredMethods()))
        .flatMap(RecordedScenariosTest::scenarios);
  }

  /// The test classes beside this one with the tag `interop`.
  private static List<Class<?>> interopClasses() throws Exception {
    Class<?> own = RecordedScenariosTest.class;
    String inPackage = own.getPackageName() + ".";
    Path root = Path.of(own.getProtectionDomain().getCodeSource().getLocation().toURI());
    Path folder = root.resolve(inPackage.replace('.', '/'));
    List<Class<?>> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*Test.class")) {
      for (Path file : files) {
        String name = file.getFileName().toString().replace(".class", "");
        Class<?> type = Class.forName(inPackage + name, false, own.getClassLoader());
        if (Stream.of(type.getAnnotationsByType(Tag.class))
            .anyMatch(tag -> tag.value().equals("interop"))) {
          found.add(type);
        }
      }
    }
    return found;
  }

  private static Stream<Scenario> scenarios(Method method) {
    String name = method.getDeclaringClass().getSimpleName() + "-" + method.getName();
    if (method.isAnnotationPresent(Test.class)) {
      return Stream.of(new Scenario(name, 0, List.of()));
    }
    if (!method.isAnnotationPresent(ParameterizedTest.class)) {
      return Stream.empty();
    }
    List<String> rows = rows(method);
    assertThat(rows).as("rows of " + name).isNotEmpty();
    return Stream.iterate(0, it -> it + 1)
        .limit(rows.size())
        .map(row -> new Scenario(name, row + 1, wordsOf(rows.get(row))));
  }

  private static List<String> rows(Method method) {
    CsvSource table = method.getAnnotation(CsvSource.class);
    if (table != null) {
      return table.textBlock().isEmpty()
          ? List.of(table.value())
          : table.textBlock().lines().toList();
    }
    ValueSource values = method.getAnnotation(ValueSource.class);
    if (values == null) {
      return List.of(); // a source of another kind has to be read here first
    }
    List<String> rows = new ArrayList<>(List.of(values.strings()));
    Arrays.stream(values.ints()).mapToObj(String::valueOf).forEach(rows::add);
    for (boolean value : values.booleans()) {
      rows.add(String.valueOf(value));
    }
    return rows;
  }

  private static List<String> captures() throws IOException {
    return PcapFile.besideAKernel().stream().map(PcapFile::toString).toList();
  }

  @Test
  void everyScenarioHasOneCapture() throws Exception {
    List<String> captures = captures();
    List<Scenario> scenarios = scenarios();
    assertThat(scenarios).hasSizeGreaterThan(70);
    assertThat(scenarios)
        .filteredOn(it -> captures.stream().filter(it::isIn).count() != 1)
        .as("recorded not at all, or twice")
        .isEmpty();
  }

  @Test
  void everyCaptureHasItsScenario() throws Exception {
    List<Scenario> scenarios = scenarios();
    assertThat(captures())
        .filteredOn(it -> scenarios.stream().noneMatch(scenario -> scenario.isIn(it)))
        .as("of no scenario")
        .isEmpty();
  }

  @Test
  void everyExceptionIsAScenario() throws Exception {
    List<String> all =
        all().flatMap(it -> Stream.of(it.method, it.method + "-" + it.number)).toList();
    assertThat(EXCEPTIONS.keySet()).allMatch(all::contains);
  }
}
