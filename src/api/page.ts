/**
 * The page: files that were built into `dist/web`, found by their hashed names for ever, and one document for every address of it, never kept. It
 * fetches nothing from elsewhere, and asks what everybody may ask.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import files from "@fastify/static"
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"

const folder = builtPage()
const notBuilt = "The page was not built: npm run build does that. Everything else is there: see /openapi.json.\n"

export async function addPage(app: FastifyInstance): Promise<void> {
  if (folder === undefined) return
  await app.register(files, {
    root: path.join(folder, "assets"),
    prefix: "/assets/",
    index: false,
    wildcard: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (response) => void response.setHeader("cache-control", "public, max-age=31536000, immutable"),
  })
}

/** Whether somebody looks at an address of the page, which finds by itself what is there. */
export function isForPage({ method, url, headers }: FastifyRequest): boolean {
  return method === "GET" && !/^\/(?:api|assets)\//.test(url) && (headers.accept ?? "").includes("text/html")
}

export function sendPage(reply: FastifyReply): FastifyReply {
  reply.header("cache-control", "no-store")
  if (folder === undefined) return reply.type("text/plain; charset=utf-8").send(notBuilt)
  return reply.type("text/html; charset=utf-8").send(fs.readFileSync(path.join(folder, "index.html")))
}

/** Beside the program, which lies at other depths bundled, compiled and as source. */
function builtPage(): string | undefined {
  const here = fileURLToPath(import.meta.url)
  const candidates = ["../../web", "../../../web", "../../../dist/web"].map((way) => path.join(here, way))
  return candidates.find((candidate) => fs.existsSync(path.join(candidate, "index.html")))
}
