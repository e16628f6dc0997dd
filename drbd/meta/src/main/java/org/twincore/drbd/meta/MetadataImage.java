package org.twincore.drbd.meta;

/// All metadata of one backing disk, as read at attach after the activity log was applied.
///
/// `bitmap` covers the usable size that the superblock's last agreed size, or the layout if there
/// is none yet, gives. The engine owns the bitmap from the Attach event on.
public record MetadataImage(MetadataLayout layout, Superblock superblock, SyncBitmap bitmap) {}
