package org.twincore.cli.drbdadm;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.config.MetaDisk;
import org.twincore.drbd.config.OptionList;
import org.twincore.drbd.config.VolumeDefinition;

/// The words of drbdsetup's and drbdmeta's command lines.
final class CommandLine {
  static final String DRBDSETUP = "drbdsetup-84";
  static final String DRBDMETA = "drbdmeta";

  private static final String SECRET = "--shared-secret=";
  private static final String PLAIN = "%+-./:=@_";

  private CommandLine() {}

  static List<String> setup(List<String> words, List<String> options) {
    List<String> line = new ArrayList<>();
    line.add(DRBDSETUP);
    line.addAll(words);
    line.addAll(options);
    return List.copyOf(line);
  }

  static List<String> metadata(VolumeDefinition volume, String command, List<String> options) {
    MetaDisk meta = volume.metaDisk().orElse(MetaDisk.INTERNAL);
    List<String> line = new ArrayList<>();
    line.add(DRBDMETA);
    line.add(Integer.toString(volume.minor().orElse(-1)));
    line.add("v08");
    line.add(meta.deviceFor(volume.disk().orElse("")));
    line.add(meta.drbdmetaIndex());
    line.add(command);
    line.addAll(options);
    return List.copyOf(line);
  }

  /// Options as they are set, each as `--name=value`.
  static List<String> options(OptionList options) {
    return options.settings().stream()
        .map(setting ->
            setting
                .value()
                .map(value -> "--" + setting.name() + "=" + value)
                .orElse("--" + setting.name()))
        .toList();
  }

  /// The line as [#shown] has it, without the secret: what is said about a failure ends up in logs.
  static String forLogs(List<String> words) {
    return shown(
        words.stream().map(word -> word.startsWith(SECRET) ? SECRET + "..." : word).toList());
  }

  /// The line as a shell would have to read it.
  static String shown(List<String> words) {
    StringBuilder line = new StringBuilder();
    for (String word : words) {
      line.append(line.isEmpty() ? "" : " ");
      word.chars()
          .forEach(c -> {
            boolean plain =
                (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || PLAIN.indexOf(c) >= 0;
            line.append(plain ? "" : "\\").append((char) c);
          });
    }
    return line.toString();
  }
}
