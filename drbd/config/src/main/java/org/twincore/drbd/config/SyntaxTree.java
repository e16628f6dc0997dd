package org.twincore.drbd.config;

import java.util.List;

/// A whole configuration as written, included files in their places.
///
/// @param file the main file's path as messages show it
/// @param statements `Resource` (also for `common`) and `Options` of `global`, in reading order
/// @param warnings what the reader should know, each as `FILE:LINE: WARN: text`
public record SyntaxTree(String file, List<Statement> statements, List<String> warnings) {}
