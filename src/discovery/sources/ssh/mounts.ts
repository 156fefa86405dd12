/** The mounts, and how full those are that facts/mounts.ts calls real. A remote one that does not answer keeps the others of its kind unasked. */

/** `<local|fuse|remote> <mount point as in mountinfo>` of each. */
const real = String.raw`
{
  for (at = 7; at <= NF && $at != "-"; at++);
  if (at >= NF) next
  type = $(at + 1); source = $(at + 2); kind = "local"
  if (type ~ /^fuse\./) kind = "fuse"
  if (type ~ /^(nfs|nfs4|cifs|smb3|smbfs|ceph|9p|virtiofs|afs|lustre|gpfs|beegfs|glusterfs)$/) kind = "remote"
  if (type ~ /^fuse\.(sshfs|glusterfs[A-Za-z0-9_]*|ceph|ceph-fuse|s3fs|rclone)$/) kind = "remotefuse"
  if ($5 == "/") yes = 1
  else if (type ~ /^(squashfs|erofs|iso9660|cramfs|romfs)$/) yes = 0
  else if (type == "zfs") yes = source !~ /@/
  else yes = type == "btrfs" || type == "bcachefs" || kind ~ /^remote/ || $3 !~ /^0:/
  kinds[$5] = yes ? kind : ""
}
END { for (mount in kinds) if (kinds[mount] != "") print kinds[mount], mount }`

export const mounts = `
mountinfo=$(slurp /proc/self/mountinfo)
mountinfo_status=$?
result mounts "$mountinfo_status" "$mountinfo"
if [ "$mountinfo_status" -ne 0 ]; then
  result statfs "$mountinfo_status" "$mountinfo"
else
  sizes=$(printf '%s\\n' "$mountinfo" | awk '${real}' | {
    fuse= silent= closed= unknown=
    while read -r kind mount; do
      case $mount in
        *%*) folder=$mount/. ;;
        *\\\\*) folder=$(printf "$mount/.") ;;
        *) folder=$mount/. ;;
      esac
      case $kind in
        remote*)
          if [ -n "$silent" ]; then echo "? ? ? ? $mount"; continue; fi
          size=$(bounded 2 stat -f -c '%S %b %f %a' "$folder" 2>&1) ;;
        *) size=$(stat -f -c '%S %b %f %a' "$folder" 2>&1) ;;
      esac
      case $?$size in
        0*) case $kind in *fuse) fuse=1; echo "? \${size#* } $mount" ;; *) echo "$size $mount" ;; esac ;;
        124*|137*) silent=1; echo "? ? ? ? $mount" ;;
        *'ermission denied'*) closed=1; echo "? ? ? ? $mount" ;;
        *'Not a directory'*|*'No such file'*) ;;
        *) unknown=1; echo "? ? ? ? $mount" ;;
      esac
    done
    why=
    if [ -n "$fuse" ]; then why="$why; FUSE counts in fragments, whose size is not known"; fi
    if [ -n "$silent" ]; then why="$why; a remote file system does not answer"; fi
    if [ -n "$closed" ]; then why="$why; permission denied"; fi
    if [ -n "$unknown" ]; then why="$why; stat could not say"; fi
    echo "=\${why#; }"
  })
  case $sizes in =*) text statfs '' "\${sizes#=}" ;; *) text statfs "\${sizes%"$nl"=*}" "\${sizes##*"$nl"=}" ;; esac
fi
`
