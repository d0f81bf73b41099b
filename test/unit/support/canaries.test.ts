import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { findCanaries, findCanariesIn, formsOf, makeCanary } from "../../support/canaries.ts"

describe("the search for canaries", () => {
  it("finds a leak in each form, whatever stands around it", () => {
    const secret = makeCanary()
    const writings: ReadonlyArray<readonly [form: string, text: string | Buffer]> = [
      ["plain", `key=${secret};`],
      ["JSON", JSON.stringify({ deep: [secret] })],
      ["JSON in JSON", JSON.stringify({ body: JSON.stringify({ secret }) })],
      ["hex", Buffer.from(`x${secret}y`).toString("hex")],
      ["HEX", Buffer.from(`x${secret}y`).toString("hex").toUpperCase()],
      ["URL", `/?a=${encodeURIComponent(secret)}&b`],
      ["form", new URLSearchParams({ a: secret, b: "c" }).toString()],
      ["UTF-16", Buffer.from(`x${secret}y`, "utf16le")],
      ...[0, 1, 2].flatMap((offset) => {
        const bytes = Buffer.from(`${"z".repeat(offset)}${secret} and more`)
        return [
          [`base64 at ${offset}`, bytes.toString("base64")],
          [`base64url at ${offset}`, bytes.toString("base64url")]
        ] as const
      })
    ]
    assert.deepStrictEqual(
      writings.map(([form]) => form).toSorted(),
      formsOf(secret)
        .map(([form]) => form)
        .toSorted()
    )
    for (const [form, text] of writings) {
      const found = findCanaries("here", text, ["another secret", secret])
      assert.include(found, `secret 1 (${form}) in here`)
      assert.deepStrictEqual(findCanaries("here", text, [makeCanary()]), [])
    }
  })

  it("reads every file of a directory", () => {
    const directory = mkdtempSync(join(tmpdir(), "canaries-"))
    try {
      const secret = makeCanary()
      writeFileSync(join(directory, "quiet.log"), "nothing")
      assert.deepStrictEqual(findCanariesIn(directory, [secret]), [])
      writeFileSync(join(directory, "a.sqlite-wal"), Buffer.concat([Buffer.alloc(100), Buffer.from(secret)]))
      assert.deepStrictEqual(findCanariesIn(directory, [secret]), [
        `secret 0 (plain) in ${join(directory, "a.sqlite-wal")}`
      ])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
