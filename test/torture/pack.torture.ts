import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { assert, it } from "vitest"
import { startBuilt } from "./built.ts"

const WORKER = `import { createBundler } from "jack-template/bundler"
import wasm from "esbuild-wasm/esbuild.wasm"
const bundler = createBundler({ wasm })
export default {
  async fetch(request: Request) {
    const { files } = await request.json() as { files: Record<string, string> }
    const { code } = await bundler.bundle(files)
    return Response.json({ code })
  }
}
`

// Unpacked beside links to what is installed here: what the package lacks is missing there, and no registry is asked.
it("a ten-line Worker outside the repository imports the packed bundler and builds", async () => {
  const folder = mkdtempSync(join(tmpdir(), "packed-"))
  try {
    execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { stdio: "pipe" })
    const archive = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? assert.fail("nothing was packed")
    const installed = join(folder, "node_modules", "jack-template")
    mkdirSync(installed, { recursive: true })
    execFileSync("tar", ["xzf", join(folder, archive), "--strip-components=1", "-C", installed])
    for (const name of ["esbuild-wasm", "hono", "effect"])
      symlinkSync(resolve("node_modules", name), join(folder, "node_modules", name))
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
