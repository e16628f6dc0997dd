package org.twincore.daemon.verify;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.twincore.admin.AdminFormatException;

/// What is known of the verifies of one volume that this node began, oldest first.
///
/// @param begun when the last one began that went, or goes, over the whole device
/// @param resumeSector where a scheduled one goes on that was cut; 0: none was
/// @param runs the last ones
public record VolumeBook(Optional<Instant> begun, long resumeSector, List<VerifyRun> runs) {
  static final int RUNS_MAX = 20;
  static final VolumeBook EMPTY = new VolumeBook(Optional.empty(), 0, List.of());

  public VolumeBook {
    runs = List.copyOf(runs);
  }

  Optional<Instant> lastEnd() {
    return runs.isEmpty() ? Optional.empty() : Optional.of(runs.getLast().end());
  }

  /// One more run, which leaves off at `resume`.
  VolumeBook with(VerifyRun run, Optional<Instant> newBegun, long resume) {
    List<VerifyRun> all = new ArrayList<>(runs);
    all.add(run);
    int surplus = Math.max(0, all.size() - RUNS_MAX);
    return new VolumeBook(newBegun, resume, all.subList(surplus, all.size()));
  }

  Map<String, Object> json(int volume) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("volume", volume);
    begun.ifPresent(it -> map.put("begun", it.toString()));
    map.put("resume-sector", resumeSector);
    map.put("runs", runs.stream().map(VerifyRun::json).toList());
    return map;
  }

  static VolumeBook of(Map<?, ?> json) throws AdminFormatException {
    List<VerifyRun> runs = new ArrayList<>();
    for (Object each : BookJson.list(json, "runs")) {
      runs.add(VerifyRun.of(BookJson.map(each)));
    }
    Optional<Instant> begun =
        json.containsKey("begun") ? Optional.of(BookJson.instant(json, "begun")) : Optional.empty();
    return new VolumeBook(begun, BookJson.number(json, "resume-sector"), runs);
  }
}
