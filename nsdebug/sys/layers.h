/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layers - which overlays lie on a file system that asks a server: who looks for a name in one may
 * wait for that server, too. Sets mount.stacked.
 *
 * Found by the directories that the options of an overlay name (ovl_show_options() of
 * fs/overlayfs; lowerdir+ since Linux 6.8), in the table itself and in the host's, where engines
 * make the roots of containers. Whoever mounted it chose these words. What is relative, leads
 * through a link, or is on another mount by now is not found. No file is touched.
 */
#ifndef NSDEBUG_SYS_LAYERS_H
#define NSDEBUG_SYS_LAYERS_H

struct mounts;

/* host: its own overlays are marked, too; it may be empty. */
void layers_mark(const struct mounts *m, const struct mounts *host);

#endif
