package org.twincore.daemon.dossier;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.admin.AdminFormatException;
import org.twincore.drbd.engine.exchange.SplitBrain;

/// All that one node knows of the split brain of a volume, and the JSON that the other node takes.
///
/// @param node this node's name
/// @param peer the other's, as the configuration has it
/// @param known the split brain met last, with the time; empty: none
/// @param changed blocks of 4 KiB marked here, and the lowest ranges of them
/// @param roles who was Primary when, as this node saw it
public record Dossier(
    String resource,
    int volume,
    String node,
    String peer,
    Optional<Known> known,
    Changed changed,
    List<RoleHistory.Entry> roles) {

  /// How many ranges are listed.
  public static final int RANGES_MAX = 4096;

  public Dossier {
    roles = List.copyOf(roles);
  }

  /// When the nodes met, and what they found.
  public record Known(Instant at, SplitBrain what) {}

  /// `isWhole`: the ranges are all there are.
  public record Changed(long blocks, boolean isWhole, List<SplitBrain.Range> ranges) {
    public Changed {
      ranges = List.copyOf(ranges);
    }
  }

  /// What the other side's dossier is needed for.
  public record Other(String resource, int volume, String node, Changed changed) {
    /// Out of the JSON of that node.
    public static Other of(Map<String, ?> json) throws AdminFormatException {
      List<SplitBrain.Range> ranges = new ArrayList<>();
      Map<?, ?> changed = map(json.get("changed"));
      if (!(changed.get("ranges") instanceof List<?> list)) {
        throw new AdminFormatException("\"ranges\" is no list");
      }
      for (Object each : list) {
        Map<?, ?> range = map(each);
        ranges.add(new SplitBrain.Range(number(range, "first-block"), number(range, "blocks")));
      }
      return new Other(
          text(json, "resource"),
          (int) number(json, "volume"),
          text(json, "node"),
          new Changed(
              number(changed, "blocks"), Boolean.TRUE.equals(changed.get("whole")), ranges));
    }

    private static Map<?, ?> map(@Nullable Object value) throws AdminFormatException {
      if (value instanceof Map<?, ?> map) {
        return map;
      }
      throw new AdminFormatException("an object was expected, not " + value);
    }

    private static long number(Map<?, ?> in, String key) throws AdminFormatException {
      if (in.get(key) instanceof Long number && number >= 0) {
        return number;
      }
      throw new AdminFormatException("\"" + key + "\" is no number of 0 and up");
    }

    private static String text(Map<?, ?> in, String key) throws AdminFormatException {
      if (in.get(key) instanceof String text) {
        return text;
      }
      throw new AdminFormatException("\"" + key + "\" is no text");
    }
  }

  /// The ranges that both sides changed, as far as both list theirs.
  public static List<SplitBrain.Range> overlap(Changed one, Changed other) {
    List<SplitBrain.Range> both = new ArrayList<>();
    int at = 0;
    for (SplitBrain.Range mine : one.ranges) {
      long end = mine.firstBlock() + mine.blocks();
      while (at < other.ranges.size() && end(other.ranges.get(at)) <= mine.firstBlock()) {
        at++;
      }
      for (int i = at; i < other.ranges.size(); i++) {
        SplitBrain.Range theirs = other.ranges.get(i);
        if (theirs.firstBlock() >= end) {
          break;
        }
        long first = Math.max(mine.firstBlock(), theirs.firstBlock());
        both.add(new SplitBrain.Range(first, Math.min(end, end(theirs)) - first));
      }
    }
    return both;
  }

  private static long end(SplitBrain.Range range) {
    return range.firstBlock() + range.blocks();
  }

  /// For [org.twincore.admin.JsonText].
  public Map<String, Object> json() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("resource", resource);
    map.put("volume", volume);
    map.put("node", node);
    map.put("peer", peer);
    map.put("split-brain", known.isPresent());
    known.ifPresent(met -> put(map, met));
    Map<String, Object> marked = new LinkedHashMap<>();
    marked.put("blocks", changed.blocks);
    marked.put("whole", changed.isWhole);
    marked.put("ranges", changed.ranges.stream().map(Dossier::json).toList());
    map.put("changed", marked);
    map.put("roles", roles.stream().map(Dossier::json).toList());
    return map;
  }

  private static void put(Map<String, Object> map, Known met) {
    SplitBrain what = met.what;
    map.put("open", what.isOpen());
    map.put("since", met.at.toString());
    map.put("ending", what.ending());
    map.put("needs-always-asbp", what.needsAlways());
    map.put("own", json(what.own()));
    map.put("peers", json(what.peer()));
    map.put(
        "policies",
        what.forecasts().stream()
            .map(each ->
                Map.of(
                    "option",
                    each.option(),
                    "policy",
                    each.policy(),
                    "keeps",
                    switch (each.fate()) {
                      case OWN_STAYS -> "own";
                      case PEER_STAYS -> "peers";
                      case NOBODY_GIVES_IN -> "both";
                    }))
            .toList());
  }

  private static Map<String, Object> json(SplitBrain.Side side) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("uuids", side.uuids().toString());
    map.put("role", side.role().toString());
    map.put("changed-blocks", side.changedBlocks());
    return map;
  }

  private static Map<String, Object> json(SplitBrain.Range range) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("first-block", range.firstBlock());
    map.put("blocks", range.blocks());
    return map;
  }

  private static Map<String, Object> json(RoleHistory.Entry entry) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("at", entry.at().toString());
    map.put("own", entry.own().toString());
    map.put("peers", entry.peer().toString());
    return map;
  }
}
