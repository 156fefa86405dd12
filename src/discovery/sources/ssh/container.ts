/** Whether the host is a container, and whose, by the same steps as the local source. What the first process is told does not change while it runs. */

export const container = `
is_initial() { [ "$(readlink "/proc/self/ns/$1" 2>/dev/null)" = "$1:[$2]" ]; }
if [ -s /run/systemd/container ] && manager=$(head -c 256 /run/systemd/container 2>/dev/null) && [ -n "$manager" ]; then text container "$manager"
elif [ -d /run/systemd/system ]; then absent container
elif is_initial pid 4026531836 && is_initial uts 4026531838; then absent container
elif [ -r /run/.containerenv ]; then text container podman
elif [ -r /.dockerenv ]; then text container docker
elif ! exists /proc/1/environ; then absent container
elif ! environment=$(tr '\\000\\n' '\\n ' 2>/dev/null </proc/1/environ); then denied container 'permission denied'
else
  runtime=$(printf '%s\\n' "$environment" | awk '/^container=/ { print substr($0, 11); exit }')
  if [ -n "$runtime" ]; then text container "$runtime"
  elif is_initial pid 4026531836; then absent container
  else text container container-other; fi
fi
`
