import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

/** The address in this environment: without npm, and with no settings but those that the test gives. */
const found = (env: Record<string, string>): string =>
  execFileSync(
    process.execPath,
    [
      "--input-type=module",
      "--eval",
      'const { findRegistry } = await import("./src/bundler/build/registry.mjs"); process.stdout.write(await findRegistry())'
    ],
    { env: { PATH: "/nowhere", ...env }, encoding: "utf8" }
  )

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "registry-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

const npmrc = (text: string): Record<string, string> => {
  writeFileSync(join(folder, ".npmrc"), text)
  return { HOME: folder }
}

describe("the registry where the Worker is built", () => {
  it("is the one that npm passes on, with a slash at its end", () => {
    assert.strictEqual(found({ npm_config_registry: "https://mirror.test/npm" }), "https://mirror.test/npm/")
    assert.strictEqual(found({ npm_config_registry: "http://mirror.test:81/" }), "http://mirror.test:81/")
  })

  it("is that of .npmrc where there is no npm, and that of a scope counts for nothing", () => {
    const text = "@a:registry=https://scope.test/\nregistry = 'https://first.test'\r\nregistry=https://last.test/x\n"
    assert.strictEqual(found(npmrc(text)), "https://last.test/x/")
    assert.strictEqual(found(npmrc('registry="https://quoted.test/"')), "https://quoted.test/")
    const file = join(folder, "other")
    writeFileSync(file, "registry=https://other.test")
    assert.strictEqual(found({ HOME: "/nowhere", npm_config_userconfig: file }), "https://other.test/")
  })

  it("is none where nothing says which, or where the address has credentials", () => {
    assert.strictEqual(found(npmrc("fund=false\n@a:registry=https://scope.test/")), "")
    for (const npm_config_registry of ["https://me:secret@mirror.test/", "file:///etc", "mirror"])
      assert.strictEqual(found({ HOME: "/nowhere", npm_config_registry }), "")
  })
})
