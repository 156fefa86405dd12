/** What runs on a machine for long: its service manager's units where it has one, else the processes that listen. */
import type { ServiceFacts } from "./answer.js"
import { listeningServices } from "./listeners.js"
import type { Materials } from "./material.js"
import { systemdServices } from "./systemd.js"

/** `on` is the native key of the machine. */
export function services(materials: Materials, on: string): ServiceFacts {
  const units = materials["systemd-units"]
  if ("denied" in units) return { observations: [], notLooked: { "/service": units.denied }, complete: false }
  return "text" in units ? systemdServices(units.text, materials, on) : listeningServices(materials, on)
}
