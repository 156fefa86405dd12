/** A valid call of every operation, of the fleet that the door's tests have. */
import type { Operation } from "#operations/define.js"
import { letter } from "./door.js"

/** A valid call of every operation. */
const inputs: Readonly<Record<string, Record<string, string>>> = {
  show: { entity: "web-1" },
  relations: { entity: "web-1" },
  search: { q: "web" },
  complete: { q: "ro" },
  blame: { entity: "web-1" },
  "role set": { target: "web-1", role: "lab" },
  "tag add": { target: "web-1", tag: "pci" },
  "tag remove": { target: "web-1", tag: "pci" },
  diff: { from: "position:1" },
  "proof inclusion": { position: "0" },
  "proof consistency": { from: "1" },
  redact: { text: "6.1.0", reason: "nobody should know" },
  "token create": { name: "fresh" },
  "subscription pause": { name: "unwilling" },
  "subscription resume": { name: "unwilling" },
  "subscription replay": { name: "unwilling", from: "0" },
  "deadletter retry": { id: letter.id },
  "delivery test": { channel: "nowhere" },
  "delivery retry": { id: letter.id },
  "delivery replay": { channel: "nowhere", from: "position:0" },
  "token revoke": { token: "victim" },
  enroll: { host: "web-1" },
  "query save": { name: "web", q: "web" },
  "query delete": { name: "nothing" },
  measurements: { entity: "web-1" },
  report: { kind: "health" },
  event: { position: "0" },
  evidence: { since: "position:0" },
  "alert show": { alert: letter.id },
  "alert acknowledge": { alert: letter.id },
  "alert silence": { alert: letter.id, until: "2h" },
  "alert resolve": { alert: letter.id },
  backtest: { rule: "check-failing" },
  "maintenance plan": { until: "2h" },
  "maintenance end": { id: letter.id },
  "archive create": { before: "position:1" },
  "archive detach": { first: "0", to: "/nowhere" },
  "archive attach": { file: "/nowhere/0-255.0.fla" },
  "identity link": { record: "web-1", target: "web-1" },
  "identity unlink": { record: letter.id },
  "identity separate": { record: "web-1", target: "web-1" },
  "snapshot create": { name: "no name" },
  "snapshot show": { name: "nothing" },
  "snapshot compare": { from: "nothing" },
  "snapshot delete": { name: "nothing" },
  pin: { name: "golden" },
  withdraw: { name: "nothing" },
  "expect add": { q: "name:web-1", until: "+2h" },
  "expect withdraw": { id: letter.id },
  "rules adopt": { name: "usual", starter: "true" },
  "rules check": { starter: "true" },
}
/** What these are about, this fleet has not; nor can a snapshot be taken twice by one name. */
export const inVain = new Set([
  "alert show",
  "alert acknowledge",
  "alert silence",
  "alert resolve",
  "maintenance end",
  "query delete",
  "delivery test",
  "delivery retry",
  "delivery replay",
  "archive detach",
  "archive attach",
  "enroll",
  "identity link",
  "identity unlink",
  "identity separate",
  "snapshot create",
  "snapshot show",
  "snapshot compare",
  "snapshot delete",
  "withdraw",
  "expect withdraw",
])

export function callOf({ name, route }: Operation): { readonly path: string; readonly payload?: object } {
  const input = { ...inputs[name] }
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
    const value = input[field] ?? ""
    delete input[field]
    return value
  })
  if (route.method === "POST") return { path, payload: input }
  return { path: `${path}?${new URLSearchParams(input).toString()}` }
}
