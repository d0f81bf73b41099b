import { assert, describe, it } from "@effect/vitest"
import { PackageRefused } from "../../../../../src/bundler/npm/errors.ts"
import { readLocks } from "../../../../../src/bundler/npm/lock/locks.ts"
import { writeOwnLock } from "../../../../../src/bundler/npm/lock/own-lock.ts"
import { integrityOf } from "../../../../support/npm/archives.ts"

const hash = integrityOf(new Uint8Array([1]))
const older = integrityOf(new Uint8Array([1]), "sha1")

const npmLock = (packages: unknown, more: object = { lockfileVersion: 3 }) =>
  new Map([["package-lock.json", JSON.stringify({ ...more, packages })]])
const ownLock = (entries: unknown) => new Map([["mpp.lock.json", JSON.stringify(entries)]])

/** Reads locks for a program that looks for a package. */
const look = (files: ReadonlyMap<string, string>, given?: Readonly<Record<string, string>>) =>
  readLocks(files, given).find("", "a", "*")

/** The refusal of a lock, with its hint. */
const refusalOf = (work: () => unknown): string => {
  try {
    work()
    return "none"
  } catch (error) {
    assert.instanceOf(error, PackageRefused)
    return `${error.code}: ${error.text} | ${error.hint}`
  }
}

describe("npm's lock", () => {
  const lock = readLocks(
    npmLock({
      "": { dependencies: { a: "^1.0.0", pinned: "^1.0.0" } },
      "node_modules/a": { version: "1.2.0", resolved: "https://registry.example/a.tgz", integrity: hash },
      "node_modules/a/node_modules/b": { version: "2.0.0", integrity: older },
      "node_modules/b": { version: "1.0.0", dev: true },
      "node_modules/pinned": { version: "2.0.0" },
      "node_modules/z3": { name: "zod", version: "3.23.8", integrity: hash },
      "node_modules/@s/p": { version: "1.0.0" },
      "node_modules/@s/p/node_modules/@s/q": { version: "3.0.0" },
      "node_modules/here": { link: true, resolved: "packages/here" },
      "packages/here": { version: "0.0.1" },
      "node_modules/git": { version: "1.0.0", resolved: "git+ssh://git@example.com/git.git#abc" },
      "node_modules/file": { version: "1.0.0", resolved: "file:file.tgz" },
      "node_modules/odd": { integrity: hash },
      "node_modules/text": "1.0.0"
    })
  )
  const versionOf = (from: string, name: string, range = "*") => lock.find(from, name, range)?.version

  it("is honoured by place", () => {
    assert.deepStrictEqual(lock.find("", "a", "^1.0.0"), {
      name: "a",
      version: "1.2.0",
      integrity: hash,
      location: "node_modules/a"
    })
    assert.strictEqual(versionOf("", "b"), "1.0.0")
    assert.strictEqual(versionOf("node_modules/a", "b"), "2.0.0")
    assert.strictEqual(versionOf("node_modules/a/node_modules/b", "a"), "1.2.0")
    assert.strictEqual(versionOf("node_modules/b", "b"), "1.0.0")
    assert.strictEqual(versionOf("node_modules/@s/p", "@s/q"), "3.0.0")
    assert.strictEqual(versionOf("node_modules/@s/p/node_modules/@s/q", "@s/p"), "1.0.0")
    assert.isUndefined(lock.find("", "@s/q", "*"))
    assert.isUndefined(lock.find("", "__proto__", "*"))
    assert.isUndefined(lock.find("node_modules/a", "constructor", "*"))
  })

  it("knows aliases, and entries without a hash", () => {
    assert.deepInclude(lock.find("", "z3", "npm:zod@^3"), { name: "zod", version: "3.23.8" })
    assert.isUndefined(lock.find("", "b", "*")?.integrity)
  })

  it("does not count where package.json asks for another version by now", () => {
    assert.isUndefined(lock.find("", "a", "^2.0.0"))
    assert.strictEqual(versionOf("", "a", "latest"), "1.2.0")
    assert.strictEqual(
      versionOf("", "pinned", "^1.0.0"),
      "2.0.0",
      "package.json overrides it, and says the same as then"
    )
    assert.strictEqual(versionOf("node_modules/b", "a", "^2.0.0"), "1.2.0", "packages take what the lock has")
  })

  it("refuses a package that is not npm's, when it is needed", () => {
    assert.include(
      refusalOf(() => versionOf("", "here")),
      'here is a link to "packages/here" in package-lock.json | Send its'
    )
    assert.include(
      refusalOf(() => versionOf("", "git")),
      'git comes from "git+ssh://'
    )
    assert.include(
      refusalOf(() => versionOf("", "file")),
      'file comes from "file:file.tgz"'
    )
    assert.include(
      refusalOf(() => versionOf("", "odd")),
      'package-lock.json has no version at "node_modules/odd"'
    )
    assert.include(
      refusalOf(() => versionOf("", "text")),
      'package-lock.json has no version at "node_modules/text"'
    )
  })

  it("is refused as a whole if it is none", () => {
    const of = (text: string) => refusalOf(() => look(new Map([["package-lock.json", text]])))
    assert.match(of("{"), /^bad-lock: package-lock\.json is not JSON: .* \| Make it again, or leave it out/)
    assert.match(of("[]"), /^bad-lock: package-lock\.json is not a JSON object/)
    assert.match(
      of('{"lockfileVersion":3}'),
      /^bad-lock: package-lock\.json has no "packages" \| Make package-lock\.json again/
    )
    assert.match(of('{"packages":[]}'), /has no "packages"/)
    for (const text of ['{"lockfileVersion":1}', '{"dependencies":{"a":{"version":"1.0.0"}}}'])
      assert.match(of(text), /is of lockfileVersion 1 \| Make it again with npm install of npm 7 or later/)
    assert.match(
      of(`{"x":"${"x".repeat(5_000_000)}"}`),
      /^too-large: package-lock\.json has more than 4194304 characters/
    )
    assert.strictEqual(of('\uFEFF{"lockfileVersion":2,"packages":{}}'), "none")
  })

  it("is read only for programs with packages", () => {
    assert.isDefined(readLocks(new Map([["package-lock.json", "{"]])))
  })

  it("may have keys that every object has", () => {
    const text =
      '{"packages":{"__proto__":{"version":"1.0.0"},"node_modules/__proto__":{"version":"1.0.0"},"":{"dependencies":{"__proto__":"1"}}}}'
    const odd = readLocks(new Map([["package-lock.json", text]]))
    assert.isUndefined(odd.find("", "a", "*"))
    assert.isUndefined(odd.find("__proto__", "constructor", "*"))
  })
})

describe("our own lock", () => {
  it("answers what was asked for in the same words", () => {
    const lock = readLocks(
      ownLock({ "zod@^4": `zod@4.6.7 ${hash}`, "a@1.0.0>@s/p@latest": `@s/q@1.0.0-rc.1 ${older}` })
    )
    assert.deepStrictEqual(lock.find("", "zod", "^4"), { name: "zod", version: "4.6.7", integrity: hash, location: "" })
    assert.isUndefined(lock.find("", "zod", "^4.0.0"))
    assert.deepInclude(lock.find("", "a@1.0.0>@s/p", "latest"), {
      name: "@s/q",
      version: "1.0.0-rc.1",
      integrity: older
    })
  })

  it("is refused with the entry that is malformed", () => {
    const values = [
      "",
      "zod",
      "zod@4.6.7",
      `zod@^4 ${hash}`,
      `zod@4.6.7  ${hash}`,
      `../zod@4.6.7 ${hash}`,
      `zod@4.6.7 md5-${"A".repeat(30)}`,
      `zod@4.6.7 ${hash}\n`,
      `zod@4.6.7 ${"x".repeat(2000)}`,
      5,
      null,
      {},
      [`zod@4.6.7 ${hash}`]
    ]
    for (const value of values)
      assert.match(
        refusalOf(() => look(ownLock({ "good@1": `good@1.0.0 ${hash}`, "zod@^4": value }))),
        /^bad-lock: The lock's entry "zod@\^4" is not a version with its hash \| An entry reads/,
        JSON.stringify(value)
      )
    for (const key of ["zod", "", "@scope"])
      assert.include(
        refusalOf(() => look(ownLock({ [key]: `zod@4.6.7 ${hash}` }))),
        "does not say which version was asked for"
      )
    assert.match(
      refusalOf(() => look(new Map([["mpp.lock.json", "null"]]))),
      /^bad-lock: mpp\.lock\.json is not a JSON object/
    )
    assert.match(
      refusalOf(() => look(new Map(), { "zod@^4": "zod" })),
      /^bad-lock: The lock's entry "zod@\^4"/
    )
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`a@${index}`, `a@1.0.0 ${hash}`]))
    assert.match(
      refusalOf(() => look(new Map(), many)),
      /^too-large: The lock has more than 10000 entries/
    )
  })

  it("is written in one order, and read again", () => {
    const entries = new Map([
      ["zod@^4", `zod@4.6.7 ${hash}`],
      ["@s/p@1", `@s/p@1.0.0 ${hash}`],
      ["Zod@1", `Zod@1.0.0 ${hash}`]
    ])
    const written = writeOwnLock(entries)
    assert.deepStrictEqual(Object.keys(written), ["@s/p@1", "Zod@1", "zod@^4"])
    assert.strictEqual(JSON.stringify(writeOwnLock(new Map([...entries].toReversed()))), JSON.stringify(written))
    assert.deepInclude(readLocks(new Map(), written).find("", "zod", "^4"), { version: "4.6.7", integrity: hash })
  })
})

describe("several locks", () => {
  const npm = npmLock({
    "node_modules/a": { version: "1.0.0" },
    "node_modules/b": { version: "1.0.0" },
    "node_modules/c": { version: "1.0.0" }
  })
  const own = ownLock({ "a@*": `a@2.0.0 ${hash}`, "b@*": `b@2.0.0 ${hash}` })
  const lock = readLocks(new Map([...npm, ...own]), { "a@*": `a@3.0.0 ${hash}` })
  it("count in this order: the one to repeat, ours, npm's", () => {
    assert.deepStrictEqual(
      ["a", "b", "c", "d"].map((name) => lock.find("", name, "*")?.version),
      ["3.0.0", "2.0.0", "1.0.0", undefined]
    )
    assert.isUndefined(readLocks(new Map()).find("", "a", "*"))
  })
})
