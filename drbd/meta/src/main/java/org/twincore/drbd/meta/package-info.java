/// DRBD's on-disk metadata, format v08: superblock, activity-log blocks, bitmap, and where they
/// lie.
///
/// Pure codecs and in-memory forms; bytes come and go through a [MetadataStore] of whoever holds
/// the disk. Integers are big-endian on disk, bitmap words little-endian. Start with
/// [MetadataLayout] and [Superblock]; [MetadataReader] puts them together for an attach. Source:
/// drbd-metadata sections 1 to 4.
@NullMarked
package org.twincore.drbd.meta;

import org.jspecify.annotations.NullMarked;
