package org.twincore.daemon.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.twincore.daemon.report.ReportedResource.Network;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.ReplicationProtocol;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.ResourceStatus.Counters;
import org.twincore.drbd.engine.exchange.ResourceStatus.Load;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.wire.StateWord;

/// A moment in which a real node (DRBD 8.4.11 of Linux 6.1, drbdsetup 9.22) was asked everything:
/// its /proc/drbd, which the resources are rebuilt from, and what the tools printed of them.
record KernelScene(String name, Map<String, String> printed) {
  private static final long SIZE_SECTORS = 65496 * 2;
  private static final Pattern STATES =
      Pattern.compile(
          " *(\\d+): cs:(\\w+) ro:(\\w+)/(\\w+) ds:(\\w+)/(\\w+) ([ABC ]) (.)(.)(.)(.)(.)(.)");
  private static final Pattern COUNTERS =
      Pattern.compile(
          " *ns:(\\d+) nr:(\\d+) dw:(\\d+) dr:(\\d+) al:(\\d+) bm:(\\d+) lo:(\\d+) pe:(\\d+)"
              + " ua:(\\d+) ap:(\\d+) ep:(\\d+) wo:(\\w) oos:(\\d+)");

  static List<KernelScene> all() {
    List<KernelScene> scenes = new ArrayList<>();
    String command = "";
    for (String line : read().split("\n", -1)) {
      if (line.startsWith("@@ scene ")) {
        scenes.add(new KernelScene(line.substring(9), new LinkedHashMap<>()));
      } else if (line.startsWith("@ ")) {
        command = line.substring(2);
        scenes.getLast().printed().put(command, "");
      } else if (!scenes.isEmpty()) {
        scenes.getLast().printed().merge(command, line + "\n", String::concat);
      }
    }
    return scenes;
  }

  private static String read() {
    try (InputStream in = KernelScene.class.getResourceAsStream("/kernel/scenes.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).stripTrailing();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String proc() {
    return printed.getOrDefault("cat /proc/drbd", "");
  }

  Banner banner() {
    List<String> lines = proc().lines().toList();
    return new Banner(lines.get(0), lines.get(1));
  }

  /// The resources in the order in which they were made.
  List<ReportedResource> resources() {
    Map<String, List<VolumeStatus>> volumes = new LinkedHashMap<>();
    Map<String, String> letters = new LinkedHashMap<>();
    List<String> lines = proc().lines().skip(2).toList();
    for (int at = 0; at < lines.size(); at++) {
      Matcher states = STATES.matcher(lines.get(at));
      if (states.matches()) {
        String resource = resourceOf(number(states, 1));
        Matcher counters = COUNTERS.matcher(lines.get(at + 1));
        if (!counters.matches()) {
          throw new IllegalStateException(lines.get(at + 1));
        }
        volumes.computeIfAbsent(resource, k -> new ArrayList<>()).add(volume(states, counters));
        letters.put(resource, states.group(7).strip());
      } else if (lines.get(at).endsWith(" cs:Unconfigured")) {
        int minor = Integer.parseInt(lines.get(at).strip().split(":", 2)[0]);
        volumes.computeIfAbsent(resourceOf(minor), k -> new ArrayList<>()).add(unconfigured(minor));
      }
    }
    List<ReportedResource> resources = new ArrayList<>();
    volumes.forEach(
        (name, its) -> resources.add(resource(name, its, letters.getOrDefault(name, ""))));
    if (printed.getOrDefault("status", "").contains("empty role")) {
      resources.add(resource("empty", List.of(), ""));
    }
    return resources;
  }

  private static String resourceOf(int minor) {
    return minor == 2 || minor == 3 ? "web" : "r0";
  }

  private static int volumeOf(int minor) {
    return switch (minor) {
      case 3 -> 1;
      case 11 -> 5;
      default -> 0;
    };
  }

  private static ReportedResource resource(String name, List<VolumeStatus> volumes, String letter) {
    ConnectionState connection =
        volumes.isEmpty() ? ConnectionState.STAND_ALONE : volumes.getFirst().state().conn();
    boolean alone = connection == ConnectionState.STAND_ALONE;
    Optional<ReplicationProtocol> protocol =
        letter.isEmpty() ? Optional.empty() : Optional.of(ReplicationProtocol.valueOf(letter));
    ResourceStatus status =
        new ResourceStatus(name, connection, protocol, 101, 'f', 1, volumes, List.of());
    return new ReportedResource(
        status, alone ? Network.NONE : new Network("ipv4:1:1", "ipv4:1:2", "b", 0));
  }

  private VolumeStatus volume(Matcher states, Matcher counters) {
    StateWord state =
        new StateWord(
            constant(Role.values(), states.group(3)),
            constant(Role.values(), states.group(4)),
            constant(ConnectionState.values(), states.group(2)),
            constant(DiskState.values(), states.group(5)),
            constant(DiskState.values(), states.group(6)),
            states.group(8).equals("s") && !name.contains("no data"),
            states.group(9).equals("a"),
            states.group(10).equals("p"),
            states.group(11).equals("u"),
            states.group(8).equals("s") && name.contains("no data"),
            false);
    int minor = number(states, 1);
    return new VolumeStatus(
        volumeOf(minor),
        minor,
        state,
        SIZE_SECTORS,
        number(counters, 13) / 4,
        Optional.empty(),
        0,
        0,
        states.group(13).equals("s"),
        new Counters(
            number(counters, 1) * 2L,
            number(counters, 2) * 2L,
            number(counters, 3) * 2L,
            number(counters, 4) * 2L,
            number(counters, 5),
            number(counters, 6),
            number(counters, 7),
            number(counters, 8),
            number(counters, 9),
            number(counters, 10)),
        Load.IDLE,
        Optional.empty());
  }

  private static VolumeStatus unconfigured(int minor) {
    return new VolumeStatus(
        volumeOf(minor),
        minor,
        StateWord.INITIAL,
        0,
        0,
        Optional.empty(),
        0,
        0,
        false,
        Counters.ZERO,
        Load.IDLE,
        Optional.empty());
  }

  private static int number(Matcher matcher, int group) {
    return Integer.parseInt(matcher.group(group));
  }

  private static <T> T constant(T[] values, String text) {
    for (T value : values) {
      if (value.toString().equals(text)) {
        return value;
      }
    }
    throw new IllegalArgumentException(text);
  }
}
