/** What is installed. Only rpm has a database that it alone can read; it is asked where there is none of dpkg. */

/** Without what a reader of the database leaves beside it, which says nothing of what is installed. */
export const rpmFiles =
  "/var/lib/dpkg/status /var/lib/rpm/Packages /var/lib/rpm/Packages.db /var/lib/rpm/rpmdb.sqlite /var/lib/rpm/rpmdb.sqlite-wal /usr/lib/sysimage/rpm/Packages.db /usr/lib/sysimage/rpm/rpmdb.sqlite /usr/lib/sysimage/rpm/rpmdb.sqlite-wal"

export const rpm = `
if exists /var/lib/dpkg/status || ! has rpm; then absent rpm-packages
elif listed=$(bounded 30 rpm -qa --qf '%{NAME}\\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\\t%{ARCH}\\n' 2>/dev/null); then text rpm-packages "$listed"
else denied rpm-packages 'rpm did not answer'; fi
`

export const apk = `
if exists /lib/apk/db/installed; then database=/lib/apk/db/installed; else database=/usr/lib/apk/db/installed; fi
value=$(awk '/^[PVA]:/ || /^$/' "$database" 2>&1)
result apk-installed $? "$value"
`

export const pacman = `
if [ -r /var/lib/pacman/local ]; then text pacman-local "$(cd /var/lib/pacman/local && printf '%s\\n' *)"
elif exists /var/lib/pacman/local; then denied pacman-local 'permission denied'
else absent pacman-local; fi
`

/** A container made without an init has no such file either, and says no. */
export const reboot = `
if ! exists /var/lib/dpkg/status; then absent reboot-required
elif exists /run/reboot-required; then text reboot-required yes
else text reboot-required no; fi
`

/** Of apt's log of transactions its end: far more than is installed and removed between two looks. */
export const aptHistory = `
value=$(tail -c 65536 /var/log/apt/history.log 2>&1)
ended=$?
result apt-history "$ended" "$(date +%z)$nl$value"
`
