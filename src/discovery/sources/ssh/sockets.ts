/**
 * Who holds the sockets that listen, in one pass of `ls` over the open files of all processes: as the local source finds it, by the same
 * rules for what is hidden. The tables and the processes cannot be read at one instant, so a socket that nobody holds is looked up again.
 *
 * A file may be called ` -> socket:[1]`, so a line counts only if it has one arrow; line ends in names are what `ls -q` is for, which
 * busybox does not know because it always does so.
 */

const walk = String.raw`
function number(hex,  at, value) {
  for (at = 1; at <= length(hex); at++) value = value * 16 + index("123456789ABCDEF", substr(hex, at, 1))
  return value + 0
}
function want(inode) { if (!(inode in wanted)) { wanted[inode] = 1; unheld++ } }
function whole(path,  line, all, lines) {
  all = ""; lines = 0
  while ((getline line < path) > 0) all = all (lines++ ? "\n" : "") line
  close(path)
  return lines ? all : "\n"
}
function is_there(pid,  line, got) { got = (getline line < ("/proc/" pid "/comm")); close("/proc/" pid "/comm"); return got > 0 }
function clean(word) { gsub(/[\t\n]/, "\357\277\275", word); return word }
NR == 1 { first = $1; last = $2; next }
/^=/ { udp = ($0 == "=udp"); next }
!udp && $4 == "0A" { split($2, place, ":"); if (number(place[2]) > 0) want($10) }
udp && $4 == "07" { split($2, place, ":"); port = number(place[2]); if (port > 0 && (port < first + 0 || port > last + 0)) want($10) }
END {
  closed = "permission denied to the open files of some processes"
  list = "cd /proc && echo [0-9]* && exec ls " options " [0-9]*/fd 2>/dev/null"
  if ((list | getline line) > 0) { pids = split(line, asked, " "); for (at = 1; at <= pids; at++) all[asked[at] + 0] = 1 }
  if (!(1 in all)) hidden = "processes of other users are hidden"
  highest = 0
  while ((list | getline line) > 0) {
    if (line ~ /^[0-9]+\/fd:$/) { pid = line + 0; continue }
    if (line !~ /^l/) continue
    links[pid]++
    parts = split(line, part, " -> ")
    if (parts > 1) seen[pid] = 1
    if (parts != 2 || part[2] !~ /^socket:\[[0-9]+\]$/) continue
    inode = substr(part[2], 9, length(part[2]) - 9)
    if (!(inode in wanted)) continue
    if (!(inode in holder)) unheld--
    if (!(inode in holder) || pid < holder[inode]) holder[inode] = pid
  }
  close(list)
  for (inode in holder) if (holder[inode] > highest) highest = holder[inode]
  suspects = ""
  if (hidden == "") for (pid in all) if (unheld > 0 || pid + 0 < highest) {
    if (!(pid in links)) suspects = suspects " " pid
    else if (!(pid in seen) && is_there(pid)) hidden = closed
  }
  # Of one that shows no files, ls does not say everywhere whether it has any.
  if (hidden == "" && suspects != "") {
    list = "cd /proc && for pid in" suspects "; do if [ -d $pid ] && ! [ -r $pid/fd ]; then echo $pid; exit; fi; done"
    if ((list | getline line) > 0) hidden = closed
    close(list)
  }
  if (hidden == "" && unheld > 0 && !initial) hidden = "processes outside the container are hidden"
  for (inode in wanted) if (!(inode in holder)) missing = missing " " inode
  print hidden
  print missing

  executables = ""
  for (inode in holder) if (!(holder[inode] in described)) {
    described[holder[inode]] = 1
    executables = executables " /proc/" holder[inode] "/exe"
  }
  if (executables != "") {
    list = "exec ls -ln" executables " 2>&1"
    while ((list | getline line) > 0) {
      if (!match(line, /\/proc\/[0-9]+\/exe/)) continue
      pid = substr(line, RSTART + 6, RLENGTH - 10) + 0
      if (line ~ /^l/ && (arrow = index(line, "/exe -> "))) {
        # A name with a line end in it can look like a line of another process: then neither counts.
        if (pid in executable) executable[pid] = "?"
        else executable[pid] = substr(line, arrow + 8)
      } else if (line ~ /ermission denied/) executable[pid] = "?"
    }
    close(list)
  }
  for (pid in described) {
    uid = ""; group = ""
    while ((getline line < ("/proc/" pid "/status")) > 0) if (line ~ /^Uid:\t/) { split(line, ids, "\t"); uid = ids[3]; break }
    close("/proc/" pid "/status")
    comm = whole("/proc/" pid "/comm")
    while ((getline line < ("/proc/" pid "/cgroup")) > 0) if (line ~ /^(0:|[0-9]+:name=systemd):/) {
      sub(/^(0:|[0-9]+:name=systemd):/, "", line); group = line; break
    }
    close("/proc/" pid "/cgroup")
    if (uid == "" || comm == "\n") continue
    words[pid] = pid "\t" uid "\t" clean(group == "" ? "-" : group) "\t" clean(pid in executable ? executable[pid] : "-") "\t" clean(comm)
  }
  for (inode in holder) if (holder[inode] in words) print inode "\t" words[holder[inode]]
}`

export const sockets = `
# A busy server has tens of thousands of connections and a handful of listeners.
listeners() { awk -v state="$2" 'NR == 1 || $4 == state' "/proc/net/$1" 2>&1; }
tables() {
  tcp=$(listeners tcp 0A) tcp_status=$?
  tcp6=$(listeners tcp6 0A) tcp6_status=$?
  udp=$(listeners udp 07) udp_status=$?
  udp6=$(listeners udp6 07) udp6_status=$?
}
ports=$(slurp /proc/sys/net/ipv4/ip_local_port_range) ports_status=$?
options=-lnq
ls -q / >/dev/null 2>&1 || options=-ln
attempt=1
tables
while :; do
  owners=$(printf '%s\\n' "$ports" =tcp "$tcp" =tcp "$tcp6" =udp "$udp" =udp "$udp6" |
    awk -v options="$options" -v initial="$initial" '${walk}')
  hidden=\${owners%%"$nl"*} owners=\${owners#*"$nl"}
  missing=\${owners%%"$nl"*}
  case $owners in *"$nl"*) owners=\${owners#*"$nl"} ;; *) owners= ;; esac
  if [ -n "$hidden" ] || [ -z "$missing" ] || [ "$attempt" -eq 3 ]; then break; fi
  kept="$tcp" kept6="$tcp6" kept_udp="$udp" kept_udp6="$udp6"
  tables
  gone=
  for inode in $missing; do
    case "$tcp $tcp6 $udp $udp6 " in *" $inode "*) ;; *) gone=1 ;; esac
  done
  if [ -z "$gone" ]; then tcp=$kept tcp6=$kept6 udp=$kept_udp udp6=$kept_udp6; break; fi
  attempt=$((attempt + 1))
done
result tcp "$tcp_status" "$tcp"
result tcp6 "$tcp6_status" "$tcp6"
result udp "$udp_status" "$udp"
result udp6 "$udp6_status" "$udp6"
result port-range "$ports_status" "$ports"
text socket-owners "$owners" "$hidden"
`
