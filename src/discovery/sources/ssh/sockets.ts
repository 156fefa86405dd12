/**
 * Who holds the sockets that listen, in one pass of `ls` over the open files of all processes: as the local source finds it, by the same
 * rules for what is hidden. Where all of them are held by whom they were before, which a few files tell (of Linux 5.14 and later), nobody
 * else is looked at. The tables and the processes cannot be read at one instant, so a socket that nobody holds is looked up again.
 *
 * A file may be called ` -> socket:[1]`, so a line counts only if it has one arrow; line ends in names are what `ls -q` is for, which
 * busybox does not know because it always does so.
 */
import { certificatePorts } from "../../facts/certificates.js"
import type { Part } from "./sight.js"

export const lookAtSockets = `
look tcp /proc/net/tcp
look tcp6 /proc/net/tcp6
look udp /proc/net/udp
look udp6 /proc/net/udp6
look port-range /proc/sys/net/ipv4/ip_local_port_range
files="$files socket-owners=/proc"
# Who listens, as the kernel says at once: reading its tables goes over all connections that there may be. Nothing is loaded into the kernel for it.
listeners= unchanged=
if has ss && { [ -d /sys/module/tcp_diag ] || ! [ -e /proc/modules ]; }; then listeners=$(ss -Htne state listening); fi
if [ -n "$listeners" ]; then
  if [ "$listeners" = "$told_listeners" ]; then
    unchanged=1
    say listeners same
  else text listeners "$listeners"; fi
fi
`

/** A busy server has tens of thousands of connections and a handful of listeners. */
const tables = String.raw`
function number(hex,  at, value) {
  for (at = 1; at <= length(hex); at++) value = value * 16 + index("123456789ABCDEF", substr(hex, at, 1))
  return value + 0
}
function table(name, from, state,  all, lines, got) {
  all = ""; lines = 0
  while ((got = (getline < from)) > 0) {
    if (lines++ && $4 != state) continue
    all = all (lines > 1 ? "\n" : "") $0
    if (lines > 1) bound(name, $2, $10)
  }
  close(from)
  if (got < 0) unread[name] = 1
  said[name] = all
}
function bound(name, local, inode,  place, port) {
  split(local, place, ":")
  port = number(place[2])
  if (name ~ /^tcp/) {
    if (place[1] ~ /^(0+|0100007F)$/) listening[port] = 1
    if (port > 0) want(inode)
  } else if (port > 0 && (port < range[1] + 0 || port > range[2] + 0)) want(inode)
}
function ports_that_listen(  count, candidate, at, all) {
  all = ""
  count = split("${certificatePorts.join(" ")}", candidate, " ")
  for (at = 1; at <= count; at++) if (candidate[at] in listening) all = all (all == "" ? "" : "+") candidate[at]
  return all
}
function told_ports(  line) { split(ENVIRON["holders"], line, "\n"); return line[1] }
function want(inode) { if (!(inode in wanted)) { wanted[inode] = 1; unheld++ } }`

const walk = String.raw`
function tables_of(protocols,  name) {
  split("", wanted); split("", said); unheld = 0
  for (name in path) if (name ~ protocols) table(name, path[name], name ~ /^tcp/ ? "0A" : "07")
}
function whole(path,  line, all, lines) {
  all = ""; lines = 0
  while ((getline line < path) > 0) all = all (lines++ ? "\n" : "") line
  close(path)
  return lines ? all : "\n"
}
function is_there(pid,  line, got) { got = (getline line < ("/proc/" pid "/comm")); close("/proc/" pid "/comm"); return got > 0 }
function clean(word) { gsub(/[\t\n]/, "\357\277\275", word); return word }
# Who holds what is wanted, and why not all of it can be seen.
function walk(options,  closed, list, line, pids, asked, at, all, highest, pid, parts, part, inode, links, seen, suspects, walked, initial) {
  split("", holder); split("", all); split("", links); split("", seen)
  hidden = ""; missing = ""; walked = initial = 0
  closed = "permission denied to the open files of some processes"
  # What is no folder is listed in front of those that are.
  list = "cd /proc && echo [0-9]* && exec ls " options " self/ns/pid [0-9]*/fd 2>/dev/null"
  if ((list | getline line) > 0) { pids = split(line, asked, " "); for (at = 1; at <= pids; at++) all[asked[at] + 0] = 1 }
  if (!(1 in all)) hidden = "processes of other users are hidden"
  highest = 0
  while ((list | getline line) > 0) {
    if (line ~ /^[0-9]+\/fd:$/) { pid = line + 0; walked = 1; continue }
    if (line !~ /^l/) continue
    if (!walked) { initial = line ~ / self\/ns\/pid -> pid:\[4026531836\]$/; continue }
    links[pid]++
    parts = split(line, part, " -> ")
    if (parts > 1) seen[pid] = 1
    if (parts != 2 || part[2] !~ /^socket:\[[0-9]+\]$/) continue
    inode = substr(part[2], 9, length(part[2]) - 9)
    if (!(inode in wanted)) continue
    if (!(inode in holder)) unheld--
    if (!(inode in holder) || pid < holder[inode]) { holder[inode] = pid; descriptor[inode] = part[1]; sub(/.* /, "", descriptor[inode]) }
  }
  close(list)
  if (!walked && options == "-lnq") { walk("-ln"); return }
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
}
# Whether one that nobody was found to hold is not there any more.
function have_gone(inodes,  count, each, at) {
  count = split(inodes, each, " ")
  for (at = 1; at <= count; at++) if (!(each[at] in wanted)) return 1
  return 0
}
# What a process is known by, beside its executable: uid, group and comm.
function known_by(pid,  line, ids) {
  uid = ""; group = ""
  while ((getline line < ("/proc/" pid "/status")) > 0) if (line ~ /^Uid:\t/) { split(line, ids, "\t"); uid = ids[3]; break }
  close("/proc/" pid "/status")
  comm = whole("/proc/" pid "/comm")
  while ((getline line < ("/proc/" pid "/cgroup")) > 0) if (line ~ /^(0:|[0-9]+:name=systemd):/) {
    sub(/^(0:|[0-9]+:name=systemd):/, "", line); group = line; break
  }
  close("/proc/" pid "/cgroup")
  if (uid == "" || comm == "\n") return 0
  group = clean(group == "" ? "-" : group)
  comm = clean(comm)
  return 1
}
# One holder as it is now, or nothing where the kernel does not say what is behind a file that is open.
function holding(inode, pid, fd,  line, behind, part) {
  while ((getline line < ("/proc/" pid "/fdinfo/" fd)) > 0) if (line ~ /^ino:/) { behind = line; sub(/^ino:[ \t]*/, "", behind) }
  close("/proc/" pid "/fdinfo/" fd)
  if (behind != inode || (getline line < ("/proc/" pid "/stat")) <= 0) return ""
  close("/proc/" pid "/stat")
  sub(/.*\) /, "", line)
  split(line, part, " ")
  return known_by(pid) ? inode "\t" pid "\t" fd "\t" part[20] "\t" uid "\t" group "\t" comm : ""
}
# Whether all that are wanted, of which some tables may not tell, are held by whom the asker was told.
function are_held(told, some,  count, each, at, part, left) {
  left = 0
  for (at in wanted) left++
  count = split(told, each, "\n")
  for (at = 2; at <= count; at++) {
    split(each[at], part, "\t")
    if (part[1] in wanted) left--
    else if (!some) return 0
    if (holding(part[1], part[2], part[3]) != each[at]) return 0
  }
  return left == 0
}
# The first line are the ports, for whoever does not read the tables.
function holders(  inode, one, all) {
  all = ports_that_listen()
  for (inode in holder) {
    one = holding(inode, holder[inode], descriptor[inode])
    if (one == "") return ""
    all = all "\n" one
  }
  return all
}
function owners(  executables, executable, described, words, inode, list, line, pid, arrow, all) {
  executables = ""
  split("", executable); split("", described); split("", words)
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
  for (pid in described) if (known_by(pid))
    words[pid] = pid "\t" uid "\t" group "\t" clean(pid in executable ? executable[pid] : "-") "\t" comm
  all = ""
  for (inode in holder) if (holder[inode] in words) all = all (all == "" ? "" : "\n") inode "\t" words[holder[inode]]
  return all
}`

export const sockets: Part = {
  functions: [tables, walk],
  main: String.raw`
  if ("socket-owners" in path) {
    if ("port-range" in path) { split(file("port-range"), range); delete path["port-range"] }
    held = 0
    if (ENVIRON["holders"] != "") {
      if (ENVIRON["unchanged"] != "") tables_of("^udp"); else tables_of("^(tcp|udp)")
      held = are_held(ENVIRON["holders"], ENVIRON["unchanged"])
    }
    if (!held) tables_of("^(tcp|udp)")
    for (attempt = 1; !held; attempt++) {
      walk("-lnq")
      if (hidden != "" || missing == "" || attempt == 3) break
      split("", kept)
      for (name in said) kept[name] = said[name]
      nobodys = missing
      tables_of("^(tcp|udp)")
      if (!have_gone(nobodys)) { for (name in kept) said[name] = kept[name]; break }
    }
    for (name in said) {
      if (name in unread) denied(name, "it could not be read"); else text(name, said[name])
      delete path[name]
    }
    for (name in path) if (name ~ /^tcp/) { say(name " same"); delete path[name] }
    if (held) { say("socket-owners same"); say("holders same") }
    else {
      text("socket-owners", owners(), hidden)
      if (hidden == "" && missing == "") text("holders", holders())
    }
    delete path["socket-owners"]
  }`,
}

/** Where certificates may be served: the port is on all addresses, or on the one that is asked. */
export const portsThatListen: Part = {
  functions: [tables],
  main: String.raw`
  if (held && ENVIRON["unchanged"] != "") note("ports " told_ports())
  else {
    if (!("tcp" in said)) { table("tcp", "/proc/net/tcp", "0A"); table("tcp6", "/proc/net/tcp6", "0A") }
    note("ports " ports_that_listen())
  }`,
}
