/* The verbs' entry points; argv[0] is the verb. */
#pragma once

int run_main(int argc, char **argv);
int attach_main(int argc, char **argv);
int exec_main(int argc, char **argv);
int host_unmount_main(int argc, char **argv);
int cleanup_main(int argc, char **argv);
int apply_main(int argc, char **argv);
int remove_main(int argc, char **argv);
int measure_main(int argc, char **argv);
int quota_main(int argc, char **argv);
int archive_main(int argc, char **argv);
int changes_main(int argc, char **argv);
int finish_main(int argc, char **argv);
int list_main(int argc, char **argv);
int digest_main(int argc, char **argv);
int gather_main(int argc, char **argv);
int copy_main(int argc, char **argv);
int place_main(int argc, char **argv);
int exchange_main(int argc, char **argv);
int look_main(int argc, char **argv);
int lock_main(int argc, char **argv);
int shift_main(int argc, char **argv);
int reaper_main(int argc, char **argv);
int probe_idmap_main(int argc, char **argv);
int command_lines_main(int argc, char **argv);
int probe_overlay_main(int argc, char **argv);
int await_hangup_main(int argc, char **argv);
int await_changes_main(int argc, char **argv);
int network_main(int argc, char **argv);
int nft_main(int argc, char **argv);
