package org.twincore.admin;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.twincore.admin.AdminAnswer.Kind;

/// [AdminAnswer] to and from one line of JSON: `{"answer":"result","kind":"state","number":1}`.
public final class AnswerCodec {
  private AnswerCodec() {}

  /// The line, without its end.
  public static String encode(AdminAnswer answer) {
    Map<String, Object> out = new LinkedHashMap<>();
    switch (answer) {
      case AdminAnswer.Result(Kind kind, int number, String text) -> {
        out.put("answer", "result");
        out.put("kind", Fields.word(kind));
        out.put("number", number);
        out.put("text", text);
      }
      case AdminAnswer.Text(String text) -> {
        out.put("answer", "text");
        out.put("text", text);
      }
      case AdminAnswer.Status(List<ResourceView> resources) -> {
        out.put("answer", "status");
        out.put("resources", resources.stream().map(ViewCodec::encode).toList());
      }
      case AdminAnswer.Info info -> {
        out.put("answer", "info");
        out.put("node", info.node());
        out.put("version", info.version().program());
        out.put("protocol", info.version().protocol());
        out.put("pid", info.pid());
        out.put("started-millis", info.startedMillis());
        out.put("nbd", info.nbdUris());
      }
      case AdminAnswer.Line(String text) -> {
        out.put("answer", "line");
        out.put("text", text);
      }
      case AdminAnswer.End() -> out.put("answer", "end");
      case AdminAnswer.Failed(String text) -> {
        out.put("answer", "failed");
        out.put("text", text);
      }
    }
    return JsonText.write(out);
  }

  /// An answer of one line. Unknown fields are ignored: a newer daemon may say more.
  public static AdminAnswer decode(String line) throws AdminFormatException {
    Fields in = new Fields(JsonText.parseObject(line));
    String word = in.text("answer");
    return switch (word) {
      case "result" ->
          new AdminAnswer.Result(
              in.word("kind", Kind.class), in.smallNumber("number"), in.text("text"));
      case "text" -> new AdminAnswer.Text(in.text("text"));
      case "status" -> {
        List<ResourceView> resources = new ArrayList<>();
        for (Fields resource : in.objects("resources")) {
          resources.add(ViewCodec.decode(resource));
        }
        yield new AdminAnswer.Status(resources);
      }
      case "info" ->
          new AdminAnswer.Info(
              in.text("node"),
              new AdminVersion(
                  in.text("version"), (int) in.optionalNumber("protocol", AdminVersion.UNTOLD)),
              in.number("pid"),
              in.number("started-millis"),
              in.texts("nbd"));
      case "line" -> new AdminAnswer.Line(in.text("text"));
      case "end" -> new AdminAnswer.End();
      case "failed" -> new AdminAnswer.Failed(in.text("text"));
      default -> throw new AdminFormatException("unknown answer \"" + word + "\"");
    };
  }
}
