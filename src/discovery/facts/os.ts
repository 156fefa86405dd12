/** What runs on a machine: its distribution, its kernel, and since which boot. */
import { type Facts, answer, factsOf } from "./answer.js"
import { foreignLine } from "./foreign.js"
import type { Materials } from "./material.js"

export function osFacts(materials: Materials): Facts {
  const release = (variable: string) => answer(materials["os-release"], (text) => releaseVariable(text, variable))
  return factsOf("os", {
    id: release("ID"),
    name: release("PRETTY_NAME"),
    version: release("VERSION_ID"),
    kernel: answer(materials.kernel, foreignLine),
    bootId: answer(materials["boot-id"], foreignLine),
  })
}

/** os-release(5): assignments as a shell reads them, the last one winning. */
function releaseVariable(text: string, variable: string): string | null {
  const line = text.split("\n").findLast((candidate) => candidate.startsWith(`${variable}=`))
  return line === undefined ? null : foreignLine(unquote(line.slice(variable.length + 1).trim()))
}

function unquote(value: string): string {
  const quote = value[0]
  if ((quote !== '"' && quote !== "'") || value.length < 2 || !value.endsWith(quote)) return value
  const inner = value.slice(1, -1)
  return quote === '"' ? inner.replaceAll(/\\(["$\\`])/g, "$1") : inner
}
