package org.twincore.admin;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.twincore.admin.AdminRequest.Goal;
import org.twincore.admin.AdminRequest.Layout;
import org.twincore.admin.AdminRequest.ReportKind;
import org.twincore.admin.AdminRequest.ReportOption;
import org.twincore.admin.AdminRequest.Side;
import org.twincore.admin.AdminRequest.UndoVerb;
import org.twincore.admin.AdminRequest.VolumeVerb;

/// [AdminRequest] to and from one line of JSON: `{"request":"primary","minor":0,"force":true}`.
///
/// Fields that are false, empty or absent are left out; unknown fields are refused, so that an
/// older daemon never does half of what a newer tool asks.
public final class RequestCodec {
  private RequestCodec() {}

  /// The line, without its end.
  public static String encode(AdminRequest request) {
    Out out = new Out();
    switch (request) {
      case AdminRequest.Hello() -> out.put("request", "hello");
      case AdminRequest.Status(Optional<String> resource) ->
          out.put("request", "status").put("resource", resource);
      case AdminRequest.Report(ReportKind kind, Optional<String> resource, var options) ->
          out.put("request", "report")
              .put("kind", Fields.word(kind))
              .put("resource", resource)
              .put("options", words(options));
      case AdminRequest.Subscribe(Optional<String> resource, var options) ->
          out.put("request", "subscribe").put("resource", resource).put("options", words(options));
      case AdminRequest.Why(Optional<String> resource, int volume, Layout layout) ->
          out.put("request", "why")
              .put("resource", resource)
              .putGiven("volume", volume)
              .put("layout", Fields.word(layout));
      case AdminRequest.Undo(
              String resource,
              int volume,
              UndoVerb verb,
              String file,
              Layout layout) ->
          out.put("request", "undo")
              .put("resource", resource)
              .putGiven("volume", volume)
              .put("verb", Fields.word(verb))
              .put("file", Optional.of(file).filter(it -> !it.isEmpty()))
              .put("layout", Fields.word(layout));
      case AdminRequest.Dossier(String resource, int volume, Layout layout, String other) ->
          out.put("request", "split-brain")
              .put("resource", resource)
              .put("volume", volume)
              .put("layout", Fields.word(layout))
              .put("other", Optional.of(other).filter(it -> !it.isEmpty()));
      case AdminRequest.VerifyReport(Optional<String> resource, Layout layout) ->
          out.put("request", "verify-report")
              .put("resource", resource)
              .put("layout", Fields.word(layout));
      case AdminRequest.NewResource(String resource, var options, var handlers) ->
          out.put("request", "new-resource")
              .put("resource", resource)
              .put("options", options)
              .put("handlers", handlers);
      case AdminRequest.DeleteResource(String resource) ->
          out.put("request", "del-resource").put("resource", resource);
      case AdminRequest.NewMinor(String resource, int minor, int volume) ->
          out.put("request", "new-minor")
              .put("resource", resource)
              .put("minor", minor)
              .put("volume", volume);
      case AdminRequest.Attach attach -> putAttach(out, attach);
      case AdminRequest.Detach(int minor, boolean force) ->
          out.put("request", "detach").put("minor", minor).put("force", force);
      case AdminRequest.Connect connect -> putConnect(out, connect);
      case AdminRequest.Disconnect(String resource, boolean force) ->
          out.put("request", "disconnect").put("resource", resource).put("force", force);
      case AdminRequest.Down(String resource) ->
          out.put("request", "down").put("resource", resource);
      case AdminRequest.Primary(int minor, boolean force) ->
          out.put("request", "primary").put("minor", minor).put("force", force);
      case AdminRequest.Change(VolumeVerb verb, int minor) ->
          out.put("request", verb.word()).put("minor", minor);
      case AdminRequest.Verify(int minor, long start, long stop) ->
          out.put("request", "verify")
              .put("minor", minor)
              .putGiven("start", start)
              .putGiven("stop", stop);
      case AdminRequest.Repair(int minor, Side source) ->
          out.put("request", "repair").put("minor", minor).put("source", Fields.word(source));
      case AdminRequest.Resize resize -> putResize(out, resize);
      case AdminRequest.NewCurrentUuid(int minor, boolean clearBitmap) ->
          out.put("request", "new-current-uuid")
              .put("minor", minor)
              .put("clear-bitmap", clearBitmap);
      case AdminRequest.DiskOptions(int minor, var options, boolean setDefaults) ->
          out.put("request", "disk-options")
              .put("minor", minor)
              .put("options", options)
              .put("set-defaults", setDefaults);
      case AdminRequest.NetOptions(String resource, var options, boolean setDefaults) ->
          out.put("request", "net-options")
              .put("resource", resource)
              .put("options", options)
              .put("set-defaults", setDefaults);
      case AdminRequest.ResourceOptions options -> putResourceOptions(out, options);
      case AdminRequest.Await await -> putAwait(out, await);
      case AdminRequest.Shutdown() -> out.put("request", "shutdown");
    }
    return JsonText.write(out.map);
  }

  private static void putResize(Out out, AdminRequest.Resize resize) {
    out.put("request", "resize")
        .put("minor", resize.minor())
        .put("size", resize.sizeSectors())
        .put("assume-clean", resize.assumeClean())
        .put("assume-peer-has-space", resize.assumePeerHasSpace())
        .put("al-stripes", resize.alStripes())
        .put("al-stripe-size", resize.alStripeSizeKib());
  }

  private static void putAttach(Out out, AdminRequest.Attach attach) {
    out.put("request", "attach")
        .put("minor", attach.minor())
        .put("disk", attach.disk())
        .put("meta-disk", attach.metaDisk())
        .put("meta-index", attach.metaIndex())
        .put("options", attach.options());
  }

  private static void putConnect(Out out, AdminRequest.Connect connect) {
    out.put("request", "connect")
        .put("resource", connect.resource())
        .put("local-address", connect.localAddress())
        .put("peer-address", connect.peerAddress())
        .put("peer-name", connect.peerName())
        .put("node-id", connect.nodeId())
        .put("options", connect.options())
        .put("discard-my-data", connect.discardMyData())
        .put("tentative", connect.tentative());
  }

  private static void putResourceOptions(Out out, AdminRequest.ResourceOptions options) {
    out.put("request", "resource-options")
        .put("resource", options.resource())
        .put("options", options.options())
        .put("set-defaults", options.setDefaults());
    if (options.handlers() != null) {
      out.map.put("handlers", options.handlers());
    }
  }

  private static void putAwait(Out out, AdminRequest.Await await) {
    out.put("request", "await")
        .put("resource", await.resource())
        .putGiven("volume", await.volume())
        .put("goal", Fields.word(await.goal()))
        .put("timeout", await.timeoutSeconds())
        .put("degraded-timeout", await.degradedTimeoutSeconds())
        .put("outdated-timeout", await.outdatedTimeoutSeconds())
        .put("wait-after-sb", await.waitAfterSb());
  }

  private static List<String> words(List<ReportOption> options) {
    return options.stream().map(Fields::word).toList();
  }

  /// A request of one line. Every field is checked for its type; an unknown one is an error.
  public static AdminRequest decode(String line) throws AdminFormatException {
    Fields fields = new Fields(JsonText.parseObject(line));
    AdminRequest request = read(fields);
    fields.checkAllUsed();
    return request;
  }

  private static AdminRequest read(Fields in) throws AdminFormatException {
    String word = in.text("request");
    for (VolumeVerb verb : VolumeVerb.values()) {
      if (verb.word().equals(word)) {
        return new AdminRequest.Change(verb, in.smallNumber("minor"));
      }
    }
    return switch (word) {
      case "hello" -> new AdminRequest.Hello();
      case "status" -> new AdminRequest.Status(in.optionalText("resource"));
      case "report" ->
          new AdminRequest.Report(
              in.word("kind", ReportKind.class),
              in.optionalText("resource"),
              in.words("options", ReportOption.class));
      case "subscribe" ->
          new AdminRequest.Subscribe(
              in.optionalText("resource"), in.words("options", ReportOption.class));
      case "why" ->
          new AdminRequest.Why(
              in.optionalText("resource"),
              (int) in.optionalNumber("volume", AdminRequest.Why.ALL_VOLUMES),
              in.word("layout", Layout.class));
      case "undo" ->
          new AdminRequest.Undo(
              in.text("resource"),
              (int) in.optionalNumber("volume", AdminRequest.Why.ALL_VOLUMES),
              in.word("verb", UndoVerb.class),
              in.optionalText("file").orElse(""),
              in.word("layout", Layout.class));
      case "split-brain" ->
          new AdminRequest.Dossier(
              in.text("resource"),
              in.smallNumber("volume"),
              in.word("layout", Layout.class),
              in.optionalText("other").orElse(""));
      case "verify-report" ->
          new AdminRequest.VerifyReport(
              in.optionalText("resource"), in.word("layout", Layout.class));
      case "new-resource" ->
          new AdminRequest.NewResource(
              in.text("resource"), in.textMap("options"), in.textMap("handlers"));
      case "del-resource" -> new AdminRequest.DeleteResource(in.text("resource"));
      case "new-minor" ->
          new AdminRequest.NewMinor(
              in.text("resource"), in.smallNumber("minor"), in.smallNumber("volume"));
      case "attach" ->
          new AdminRequest.Attach(
              in.smallNumber("minor"),
              in.text("disk"),
              in.text("meta-disk"),
              in.text("meta-index"),
              in.textMap("options"));
      case "detach" -> new AdminRequest.Detach(in.smallNumber("minor"), in.flag("force"));
      case "connect" ->
          new AdminRequest.Connect(
              in.text("resource"),
              in.text("local-address"),
              in.text("peer-address"),
              in.text("peer-name"),
              in.smallNumber("node-id"),
              in.textMap("options"),
              in.flag("discard-my-data"),
              in.flag("tentative"));
      case "disconnect" -> new AdminRequest.Disconnect(in.text("resource"), in.flag("force"));
      case "down" -> new AdminRequest.Down(in.text("resource"));
      case "primary" -> new AdminRequest.Primary(in.smallNumber("minor"), in.flag("force"));
      case "verify" ->
          new AdminRequest.Verify(
              in.smallNumber("minor"),
              in.optionalNumber("start", AdminRequest.Verify.NOT_GIVEN),
              in.optionalNumber("stop", AdminRequest.Verify.NOT_GIVEN));
      case "repair" ->
          new AdminRequest.Repair(in.smallNumber("minor"), in.word("source", Side.class));
      case "resize" ->
          new AdminRequest.Resize(
              in.smallNumber("minor"),
              in.number("size"),
              in.flag("assume-clean"),
              in.flag("assume-peer-has-space"),
              in.smallNumber("al-stripes"),
              in.smallNumber("al-stripe-size"));
      case "new-current-uuid" ->
          new AdminRequest.NewCurrentUuid(in.smallNumber("minor"), in.flag("clear-bitmap"));
      case "disk-options" ->
          new AdminRequest.DiskOptions(
              in.smallNumber("minor"), in.textMap("options"), in.flag("set-defaults"));
      case "net-options" ->
          new AdminRequest.NetOptions(
              in.text("resource"), in.textMap("options"), in.flag("set-defaults"));
      case "resource-options" ->
          new AdminRequest.ResourceOptions(
              in.text("resource"),
              in.textMap("options"),
              in.optionalTextMap("handlers").orElse(null),
              in.flag("set-defaults"));
      case "await" ->
          new AdminRequest.Await(
              in.text("resource"),
              (int) in.optionalNumber("volume", AdminRequest.Await.ALL_VOLUMES),
              in.word("goal", Goal.class),
              in.number("timeout"),
              in.number("degraded-timeout"),
              in.number("outdated-timeout"),
              in.flag("wait-after-sb"));
      case "shutdown" -> new AdminRequest.Shutdown();
      default -> throw new AdminFormatException("unknown request \"" + word + "\"");
    };
  }

  /// A map in the making that leaves out what says nothing.
  private static final class Out {
    private final Map<String, Object> map = new LinkedHashMap<>();

    Out put(String key, String text) {
      map.put(key, text);
      return this;
    }

    Out put(String key, Optional<String> text) {
      text.ifPresent(value -> map.put(key, value));
      return this;
    }

    Out put(String key, long number) {
      map.put(key, number);
      return this;
    }

    Out putGiven(String key, long number) {
      return number < 0 ? this : put(key, number);
    }

    Out put(String key, boolean flag) {
      if (flag) {
        map.put(key, true);
      }
      return this;
    }

    Out put(String key, List<String> texts) {
      if (!texts.isEmpty()) {
        map.put(key, texts);
      }
      return this;
    }

    Out put(String key, Map<String, String> texts) {
      if (!texts.isEmpty()) {
        map.put(key, texts);
      }
      return this;
    }
  }
}
