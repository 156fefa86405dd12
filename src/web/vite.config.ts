/** How the page is built: from here to dist/web, with everything that it needs, and each file a second time as browsers like it best. */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as zlib from "node:zlib"
import { type Plugin, defineConfig } from "vite"

const here = path.dirname(fileURLToPath(import.meta.url))
const outDir = path.resolve(here, "../../dist/web")

/** Compressed once when it is built, as well as it gets, and not at every request. */
const compressed: Plugin = {
  name: "compressed",
  closeBundle() {
    const assets = path.join(outDir, "assets")
    for (const name of fs.readdirSync(assets)) {
      const bytes = fs.readFileSync(path.join(assets, name))
      fs.writeFileSync(path.join(assets, `${name}.br`), zlib.brotliCompressSync(bytes))
      fs.writeFileSync(path.join(assets, `${name}.gz`), zlib.gzipSync(bytes, { level: 9 }))
    }
  },
}

export default defineConfig({
  root: here,
  logLevel: "warn",
  resolve: { conditions: ["source"] },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // What is small enough to stand in the stylesheet would be an address that the policy does not allow.
  build: { outDir, emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  plugins: [compressed],
})
