/** Whether the host is a container, and whose, by the same steps as the local source. */

export const container = `
if manager=$(head -c 256 /run/systemd/container 2>/dev/null) && [ -n "$manager" ]; then text container "$manager"
elif [ -d /run/systemd/system ]; then absent container
elif [ -n "$initial" ] && [ "$(readlink /proc/self/ns/uts 2>/dev/null)" = 'uts:[4026531838]' ]; then absent container
elif [ -r /run/.containerenv ]; then text container podman
elif [ -r /.dockerenv ]; then text container docker
elif ! exists /proc/1/environ; then absent container
elif ! environment=$(tr '\\000\\n' '\\n ' 2>/dev/null </proc/1/environ); then denied container 'permission denied'
else
  runtime=$(printf '%s\\n' "$environment" | awk '/^container=/ { print substr($0, 11); exit }')
  if [ -n "$runtime" ]; then text container "$runtime"
  elif [ -n "$initial" ]; then absent container
  else text container container-other; fi
fi
`
