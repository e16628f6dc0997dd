/// The system calls that the JDK has no method for, one class a C header, through the Foreign
/// Function API.
///
/// The only package that may call `java.lang.foreign.Linker`. Each call captures errno and throws
/// [LinuxException] with the call's name; constants name the header they come from (x86-64 and
/// arm64, Linux 6.1). Nothing here keeps state but open descriptors.
@NullMarked
package org.twincore.host.linux;

import org.jspecify.annotations.NullMarked;
