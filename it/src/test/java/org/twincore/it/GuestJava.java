package org.twincore.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// A disk for a guest with what it takes to run our programs: a small Java of the running version,
/// the libraries that it needs of this host, and this test's class path.
///
/// ```
/// /jre  /lib  /cp/0, /cp/1.jar ...   and `/env`, which a shell reads for JAVA, CP and LD_LIBRARY_PATH
/// ```
final class GuestJava {
  private static final String MODULES =
      "java.base,java.logging,java.management,java.xml,jdk.unsupported";
  private static final Pattern LIBRARY = Pattern.compile("(?:=> )?(/\\S+) \\(0x[0-9a-f]+\\)");
  private static final String SIZE = "224M";

  private GuestJava() {}

  /// Makes the disk as `disk`, with `work` for its parts; where the guest mounts it is `mountedOn`.
  static void make(Path disk, Path work, String mountedOn)
      throws IOException, InterruptedException {
    Path jlink = Path.of(System.getProperty("java.home"), "bin", "jlink");
    Assumptions.assumeTrue(Files.exists(jlink), jlink + " is missing: a whole JDK is needed");
    Path jre = work.resolve("jre");
    Tool.ok(
        jlink.toString(),
        "--add-modules",
        MODULES,
        "--strip-debug",
        "--no-header-files",
        "--no-man-pages",
        "--generate-cds-archive",
        "--output",
        jre.toString());
    libraries(jre, Files.createDirectories(work.resolve("lib")));
    classes(Files.createDirectories(work.resolve("cp")));
    Files.writeString(
        work.resolve("env"),
        """
        export LD_LIBRARY_PATH=%1$s/lib
        export CP=$(ls -d %1$s/cp/* | tr '\\n' ':')
        export JAVA="%1$s/jre/bin/java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData\
         -Xmx48m --enable-native-access=ALL-UNNAMED"
        """
            .formatted(mountedOn));
    Tool.ok("mkfs.ext4", "-q", "-d", work.toString(), disk.toString(), SIZE);
  }

  private static void libraries(Path jre, Path target) throws IOException, InterruptedException {
    for (String one : List.of("bin/java", "lib/server/libjvm.so", "lib/libsyslookup.so")) {
      Matcher found = LIBRARY.matcher(Tool.ok("ldd", jre.resolve(one).toString()));
      while (found.find()) {
        Path library = Path.of(found.group(1));
        if (!library.normalize().startsWith(jre)) {
          Tool.ok("cp", "-L", library.toString(), target.toString());
        }
      }
    }
  }

  private static void classes(Path target) throws IOException, InterruptedException {
    String all =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    int number = 0;
    for (String entry : Stream.of(all.split(":")).filter(it -> !it.isBlank()).toList()) {
      String kind = entry.endsWith(".jar") ? ".jar" : "";
      if (Files.exists(Path.of(entry))) {
        Tool.ok("cp", "-rL", entry, target.resolve(number + kind).toString());
        number++;
      }
    }
  }
}
