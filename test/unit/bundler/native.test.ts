import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as native from "esbuild"
import { answer, answering, type Files, makeBundler } from "../../support/bundler.ts"
import { json, KINDS } from "../../support/kinds.ts"

const { bundle } = makeBundler()
afterAll(() => native.stop())

/** Calls native esbuild on a real disk, as wrangler does. JSX, which defaults to hono's here, is left out. */
const throughNative = async (files: Files, entry: string, links: Files): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), "native-"))
  try {
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), source)
    }
    for (const [link, target] of Object.entries(links)) {
      mkdirSync(dirname(join(folder, link)), { recursive: true })
      symlinkSync(join(folder, target), join(folder, link))
    }
    const { outputFiles } = await native.build({
      absWorkingDir: folder,
      entryPoints: [join(folder, entry)],
      bundle: true,
      write: false,
      keepNames: true,
      format: "esm",
      target: "es2024",
      supported: { using: true },
      conditions: ["workerd", "worker", "browser"],
      loader: { ".js": "jsx", ".mjs": "jsx", ".cjs": "jsx" },
      define: { "process.env.NODE_ENV": '"production"' },
      external: ["node:*", "cloudflare:*"],
      logLevel: "silent"
    })
    return outputFiles[0]?.text ?? ""
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe("a program behaves as when wrangler bundles it with native esbuild:", () => {
  for (const [kind, programs] of Object.entries(KINDS))
    it(kind, async () => {
      for (const [index, files] of programs.entries()) {
        const entry = Object.keys(files)[0] ?? ""
        const ours = await bundle(files)
        assert.strictEqual(ours.entrypoint, entry)
        const theirs = await throughNative(files, entry, {})
        assert.strictEqual(await (await answer(ours)).text(), await (await answer({ code: theirs })).text(), `${index}`)
      }
    })

  it("workspaces, linked as an install links them", async () => {
    const member = { "packages/math/package.json": json({ name: "@acme/math", main: "src/a.ts" }) }
    const source = { "packages/math/src/a.ts": "export const n = 7" }
    const entry = answering("import { n } from '@acme/math'", "n")
    const links = { "node_modules/@acme/math": "packages/math" }
    const ways: ReadonlyArray<Files> = [
      { "package.json": json({ workspaces: ["packages/*"] }) },
      { "package.json": json({ workspaces: { packages: ["./packages/math"] } }) },
      { "package.json": json({ workspaces: ["**"] }) },
      { "package.json": json({ workspaces: ["packages/*", "!packages/other"] }) },
      { "package.json": "{}", "pnpm-workspace.yaml": "packages:\n  - 'packages/**'\n" },
      { "package.json": json({ dependencies: { "@acme/math": "file:./packages/math" } }) }
    ]
    for (const way of ways) {
      const files = { "index.ts": entry, ...member, ...source, ...way }
      const theirs = await (await answer({ code: await throughNative(files, "index.ts", links) })).text()
      assert.strictEqual(theirs, "[7]")
      assert.strictEqual(await (await answer(await bundle(files))).text(), theirs, JSON.stringify(way))
    }
  })
})
