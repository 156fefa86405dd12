/**
 * What the package manager would bring, by the lists that it has fetched for itself: none is fetched here. Where packages are many that takes seconds of a
 * processor, so it is left to the second look: the first one answers soon, and whoever looks once only does not pay for it.
 */
const patience = 20

const managers = `
# A simulated upgrade takes four times as long. Without caches it writes none.
updates_by_apt() {
  listed=$(bounded ${patience} apt list --upgradable -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=) || return
  printf '%s\\n' "$listed" | awk '/ \\[upgradable from: /'
}
# It ends with 100 when there are some.
updates_by_dnf() {
  listed=$(bounded ${patience / 2} "$manager" -C -q check-update)
  ended=$?
  case $ended in 0|100) ;; *) return "$ended" ;; esac
  printf '%s\\n' "$listed" | awk '{ print "update " $0 }'
  bounded ${patience / 2} "$manager" -C -q updateinfo list | awk '{ print "advisory " $0 }'
}
updates_by_apk() {
  listed=$(bounded ${patience} apk --no-network version -l '<') || return
  printf '%s\\n' "$listed" | awk '/ < /'
}
# It ends with 1 when there are none.
updates_by_pacman() {
  listed=$(bounded ${patience} pacman -Qu)
  ended=$?
  if [ "$ended" -gt 1 ]; then return "$ended"; fi
  printf '%s\\n' "$listed" | awk '/ -> /'
}
`

/** Why there is no answer is one too, or a manager that takes too long would be asked at each look. */
const outcome = `
updates_by() {
  manager=$1
  if [ -z "$later" ]; then denied updates 'asked for at the next look'; return; fi
  case $manager in yum) pending=$(updates_by_dnf) ;; *) pending=$(updates_by_"$manager") ;; esac
  case $? in
    0) text updates "$manager$nl$pending" ;;
    137) text updates "$manager\${nl}denied $manager took longer than ${patience} s" ;;
    *) text updates "$manager\${nl}denied $manager did not answer" ;;
  esac
}
# \`fetched FILE...\`: whether there are lists, without which a manager would bring nothing.
fetched() {
  for list; do if exists "$list"; then return; fi; done
  denied updates 'no package lists have been fetched'
  return 1
}
`

/** These change when what is installed does, or what the lists say. */
export const updatesFiles = [
  "/var/lib/dpkg/status /var/lib/apt/lists /etc/apt/preferences /etc/apt/preferences.d /etc/apt/preferences.d/*",
  "/var/cache/dnf/*/repodata/repomd.xml /var/cache/libdnf5/*/repodata/repomd.xml /var/cache/yum/*/*/*/repomd.xml",
  "/var/cache/apk /etc/apk/cache",
  "/var/lib/pacman/sync/*.db",
].join(" ")

export const updates = `${managers}${outcome}
if exists /var/lib/dpkg/status; then
  if ! has apt; then absent updates
  elif fetched /var/lib/apt/lists/*Packages*; then updates_by apt; fi
elif has dnf; then updates_by dnf
elif has yum; then updates_by yum
elif has apk; then
  if fetched /var/cache/apk/APKINDEX* /etc/apk/cache/APKINDEX*; then updates_by apk; fi
elif has pacman; then
  if fetched /var/lib/pacman/sync/*.db; then updates_by pacman; fi
else absent updates; fi
`
