import { execFileSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "vitest"
import { startBuilt } from "./built.ts"

const WORKER = `import { createBundler } from "jack-template/bundler"
import wasm from "jack-template/bundler/esbuild.wasm"
const bundler = createBundler({ wasm })
export default {
  async fetch(request: Request) {
    const { files } = await request.json() as { files: Record<string, string> }
    const { code } = await bundler.bundle(files)
    return Response.json({ code })
  }
}
`

/** Installs without scripts, and without Node for other platforms. */
const INSTALL = ["install", "--prefer-offline", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"]

it("a ten-line Worker outside the repository installs the packed bundler and builds", async () => {
  const folder = mkdtempSync(join(tmpdir(), "packed-"))
  try {
    execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { stdio: "pipe" })
    const archive = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? assert.fail("nothing was packed")
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "outside", private: true, type: "module" }))
    execFileSync("npm", [...INSTALL, "--silent", `./${archive}`], { cwd: folder, stdio: "pipe" })
    writeFileSync(join(folder, "worker.ts"), WORKER)
    const config = {
      name: "outside",
      main: "worker.ts",
      compatibility_date: "2026-07-01",
      compatibility_flags: ["nodejs_compat"]
    }
    writeFileSync(join(folder, "wrangler.json"), JSON.stringify(config))
    const worker = await startBuilt(join(folder, "wrangler.json"), () => new Response("offline", { status: 404 }))
    try {
      const { code } = await worker.post({ "index.ts": "import { Hono } from 'hono'\nexport default new Hono()" })
      assert.include(code, "export {")
    } finally {
      await worker.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
