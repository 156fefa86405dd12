/** The mounts, and how full those are that facts/mounts.ts calls real. A remote one that does not answer keeps the others of its kind unasked. */
import type { Part } from "./sight.js"

/** Notes `mount <local|fuse|remote|remotefuse> <mount point as in mountinfo>` of each. */
export const mountPoints: Part = {
  functions: [
    String.raw`
function kind_of(line,  at, count, field, type, source, kind, yes) {
  count = split(line, field, " ")
  for (at = 7; at <= count && field[at] != "-"; at++);
  if (at >= count) return
  type = field[at + 1]; source = field[at + 2]; kind = "local"
  if (type ~ /^fuse\./) kind = "fuse"
  if (type ~ /^(nfs|nfs4|cifs|smb3|smbfs|ceph|9p|virtiofs|afs|lustre|gpfs|beegfs|glusterfs)$/) kind = "remote"
  if (type ~ /^fuse\.(sshfs|glusterfs[A-Za-z0-9_]*|ceph|ceph-fuse|s3fs|rclone)$/) kind = "remotefuse"
  if (field[5] == "/") yes = 1
  else if (type ~ /^(squashfs|erofs|iso9660|cramfs|romfs)$/) yes = 0
  else if (type == "zfs") yes = source !~ /@/
  else yes = type == "btrfs" || type == "bcachefs" || kind ~ /^remote/ || field[3] !~ /^0:/
  kinds[field[5]] = yes ? kind : ""
}`,
  ],
  main: String.raw`
  if ("mounts" in path) {
    count = split(file("mounts"), lines, "\n")
    delete path["mounts"]
    if (got >= 0) note("mounts read")
    for (at = 1; at <= count; at++) kind_of(lines[at])
    for (mount in kinds) if (kinds[mount] != "") note("mount " kinds[mount] " " mount)
  }`,
}

export const statfs = `
# \`folder_of MOUNT\`: its name has spaces, tabs, line ends and backslashes as their octal numbers.
folder_of() {
  case $1 in
    *%*) folder=$1/. ;;
    *\\\\*) folder=$(printf "$1/.") ;;
    *) folder=$1/. ;;
  esac
}
# \`sized KIND MOUNT SIZE STATUS\`
sized() {
  case $4$3 in
    0*) case $1 in *fuse) fuse=1; sizes="$sizes$nl? \${3#* } $2" ;; *) sizes="$sizes$nl$3 $2" ;; esac; return ;;
    124*|137*) silent=1 ;;
    *'ermission denied'*) closed=1 ;;
    *'Not a directory'*|*'No such file'*) return ;;
    *) unknown=1 ;;
  esac
  sizes="$sizes$nl? ? ? ? $2"
}
# Those that are of this machine are asked all at once, and one by one only if one of them does not answer. A mount on a file has no size, nor has one that
# another one hides.
sizes= fuse= silent= closed= unknown= here= there=
IFS=$nl
set -f
set --
for each in $mounted; do
  kind=\${each%% *} mount=\${each#* }
  if [ "$kind" != local ]; then there="$there$nl$each"; continue; fi
  folder_of "$mount"
  if [ -d "$folder" ]; then
    here="$here$nl$mount"
    set -- "$@" "$folder"
  elif [ "$uid" -ne 0 ] && ! [ -e "\${folder%/.}" ]; then there="$there$nl$each"; fi
done
if [ $# -gt 0 ] && all=$(stat -f -c '%S %b %f %a' "$@" 2>&1); then
  set -- $all
  for mount in $here; do sized local "$mount" "$1" 0; shift; done
else
  for mount in $here; do there="local $mount$nl$there"; done
fi
for each in $there; do
  kind=\${each%% *} mount=\${each#* }
  folder_of "$mount"
  case $kind in
    remote*)
      if [ -n "$silent" ]; then sizes="$sizes$nl? ? ? ? $mount"; continue; fi
      one=$(bounded 2 stat -f -c '%S %b %f %a' "$folder" 2>&1) ;;
    *) one=$(stat -f -c '%S %b %f %a' "$folder" 2>&1) ;;
  esac
  sized "$kind" "$mount" "$one" $?
done
set +f
unset IFS
why=
if [ -n "$fuse" ]; then why="$why; FUSE counts in fragments, whose size is not known"; fi
if [ -n "$silent" ]; then why="$why; a remote file system does not answer"; fi
if [ -n "$closed" ]; then why="$why; permission denied"; fi
if [ -n "$unknown" ]; then why="$why; stat could not say"; fi
if [ -n "$mounts" ]; then text statfs "\${sizes#"$nl"}" "\${why#; }"; else denied statfs 'the mounts could not be read'; fi
`
