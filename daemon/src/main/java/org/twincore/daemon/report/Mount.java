package org.twincore.daemon.report;

/// Where a device is mounted, and as what.
public record Mount(String device, String folder, String type) {}
