package org.twincore.it;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;
import org.twincore.testkit.PcapFile;

/// What tshark's DRBD dissector sees in a capture, as far as it says so in PDML.
///
/// The dissector is a heuristic that is off by default; it knows a stream by its first packet. It
/// is asked before the port number is looked at: a kernel may pick one that belongs to another
/// protocol (44818 is EtherNet/IP's).
final class Pdml {
  private static final long LIMIT_SECONDS = 120;
  private static final int BUFFER_BYTES = 1 << 18;

  /// One DRBD packet: the frame that completed it, its name, all its bytes, and its fields as
  /// `name=hex`.
  record Dissected(int frame, String title, int bytes, List<String> fields) {}

  private final List<Dissected> packets = new ArrayList<>();
  private final List<String> complaints = new ArrayList<>();

  // The frame and the packet at hand.
  private int frame;
  private @Nullable Dissected packet;
  private String protocol = "";

  private Pdml() {}

  /// Runs tshark over the file.
  static Pdml of(PcapFile file) throws IOException, InterruptedException {
    Path errors = Files.createTempFile("twincore-tshark", ".err");
    try {
      Process process =
          new ProcessBuilder(
                  "tshark",
                  "-n",
                  "-r",
                  file.path().toString(),
                  "--enable-heuristic",
                  "drbd_tcp",
                  "-o",
                  "tcp.try_heuristic_first:TRUE",
                  "-T",
                  "pdml",
                  "-j",
                  "drbd _ws.malformed _ws.expert")
              .redirectError(errors.toFile())
              .start();
      Pdml read = new Pdml();
      try (InputStream in = new BufferedInputStream(process.getInputStream(), BUFFER_BYTES)) {
        read.read(parser(in));
      } catch (XMLStreamException e) {
        throw new IOException("tshark: " + e.getMessage() + Files.readString(errors), e);
      }
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new AssertionError("tshark failed: " + Files.readString(errors));
      }
      return read;
    } finally {
      Files.delete(errors);
    }
  }

  /// A megabyte of data is one attribute, in two spellings.
  private static XMLStreamReader parser(InputStream in) throws XMLStreamException {
    XMLInputFactory factory = XMLInputFactory.newFactory();
    for (String limit : List.of("maxGeneralEntitySizeLimit", "totalEntitySizeLimit")) {
      factory.setProperty("jdk.xml." + limit, "0");
    }
    return factory.createXMLStreamReader(in);
  }

  /// All DRBD packets in the order of the frames that completed them.
  List<Dissected> packets() {
    return packets;
  }

  /// Frames that the dissector calls malformed, one line each.
  List<String> complaints() {
    return complaints;
  }

  private void read(XMLStreamReader xml) throws XMLStreamException {
    while (xml.hasNext()) {
      if (xml.next() == XMLStreamConstants.START_ELEMENT) {
        switch (xml.getLocalName()) {
          case "proto" -> protocol(attributes(xml));
          case "field" -> field(attributes(xml));
          default -> {}
        }
      }
    }
  }

  private static Map<String, String> attributes(XMLStreamReader xml) {
    Map<String, String> attributes = new HashMap<>();
    for (int i = 0; i < xml.getAttributeCount(); i++) {
      attributes.put(xml.getAttributeLocalName(i), xml.getAttributeValue(i));
    }
    return attributes;
  }

  private void protocol(Map<String, String> attributes) {
    protocol = attributes.getOrDefault("name", "");
    String title = attributes.getOrDefault("showname", "");
    if (protocol.equals("drbd")) {
      int bytes = Integer.parseInt(attributes.getOrDefault("size", "0"));
      packet = new Dissected(frame, title, bytes, new ArrayList<>());
      packets.add(packet);
    } else if (protocol.equals("_ws.malformed") || title.contains("Malformed")) {
      if (packet == null || !hasFormOfOldPeers(packet)) {
        complaints.add("frame " + frame + ": " + title + " in " + packet);
      }
    }
  }

  /// Forms with the header of protocols below 100 that the dissector reads and then misses fields
  /// of a later form in: P_PROTOCOL without a name (86), P_SYNC_PARAM (86 to 88), and P_SIZES of 32
  /// bytes, where it goes by the features of one side. Its fields are compared like all others.
  private static boolean hasFormOfOldPeers(Dissected packet) {
    return switch (packet.title) {
      case "DRBD [P_PROTOCOL]" -> packet.fields.contains("drbd.length=0018");
      case "DRBD [P_SIZES]" -> packet.fields.contains("drbd.length=0020");
      case "DRBD [P_SYNC_PARAM]" -> true;
      default -> false;
    };
  }

  private void field(Map<String, String> attributes) {
    String name = attributes.getOrDefault("name", "");
    String show = attributes.getOrDefault("show", "");
    switch (protocol) {
      case "geninfo" -> frame = name.equals("num") ? Integer.parseInt(show) : frame;
      case "drbd" -> {
        if (packet != null && attributes.containsKey("value") && !name.equals("filtered")) {
          packet.fields.add(name + "=" + attributes.get("value"));
        }
      }
      default -> {}
    }
  }
}
