/** u::rwx,u:7:rwx,g::r-x,m::rwx,o::r-x as the kernel keeps it (acl(5)). */
const ACL = '0x0200000001000700ffffffff02000700070000000400050' + '0ffffffff10000700ffffffff20000500ffffffff';

/** What the layers have that HOSTILE changes. A script of sh. */
export const HOSTILE_BASE = `mkdir -p opaque/sub gone/deep touched kept; echo 1 > opaque/hidden; echo 2 > opaque/sub/hidden
  echo 3 > gone/deep/file; echo 4 > gone-file; echo 5 > touched/file; echo 6 > changed; echo 7 > one; ln one other
  mkdir own; ln -s kept link; echo 8 > behind`;

/** Makes and changes files of every kind, with names, owners, times and attributes that archives find hard. */
export const HOSTILE = `rm -r gone gone-file opaque link behind; mkdir opaque; echo new > opaque/new; mkdir link; echo in > link/in
  ln -s touched behind; chmod 700 touched; chmod 755 touched; echo 66 > changed; echo 77 >> one
  n=$(printf "new\\nline \\001 \\377 = %%"); mkdir "$n"; echo name > "$n/$n"
  echo 1 > "$(printf %0255d 7)"; ln -s "$(printf %04000d 0)" long-link
  mkdir -p "$(printf %0200d 1)/$(printf %0200d 2)"; echo deep > "$(printf %0200d 1)/$(printf %0200d 2)/f"
  mkdir links; echo l > links/0; i=1; while [ $i -lt 300 ]; do ln links/0 links/$i; i=$((i+1)); done
  printf begin > holes; truncate -s 8M holes; printf end >> holes
  cp /bin/true capable; setcap cap_net_raw+ep capable; chmod 6755 capable; setcap cap_net_raw+ep capable
  mkfifo fifo; mknod char c 1 3; mknod block b 259 70000; echo u > user; chown 2147483648:4294967294 user
  echo old > old; touch -d '1901-01-01 00:00:00.123456789' old; echo far > far; touch -d '2300-01-01 00:00:00.5' far
  echo x > attributes; setfattr -n user.big -v "$(printf %03000d 1)" attributes; setfattr -n user.bin -v 0x00ff0a3d attributes
  setfattr -n trusted.mine -v 1 attributes; setfattr -h -n trusted.link -v 1 long-link
  mkdir acl; setfattr -n system.posix_acl_access -v ${ACL} acl; setfattr -n system.posix_acl_default -v ${ACL} acl; echo i > acl/in; chmod 1777 kept; setfattr -n user.dir -v 1 kept`;
