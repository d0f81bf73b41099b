import { readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { chargedText, errorCatalog } from "../../src/api/discovery/errors/error-catalog.ts"

describe("docs/errors.md", () => {
  const text = readFileSync("docs/errors.md", "utf8")

  it("lists every error as the service answers it", () => {
    const rows = [...text.matchAll(/^\| `(\w+)` \| (\d+) \| .*? \| (\w.*) \|$/gm)].map(
      ([, code, status, charged]) => `${code} ${status} ${charged}`
    )
    assert.sameMembers(rows, [
      ...new Set(errorCatalog().map((entry) => `${entry.code} ${entry.status} ${chargedText(entry)}`))
    ])
  })

  it("says for every code whether money moved", () => {
    const sections = text.split(/^#{2,3} /m).flatMap((section) => {
      const [, code, paragraph] = /^`(\w+)`\n\n([\s\S]+)/.exec(section) ?? []
      return code === undefined ? [] : [{ code, paragraph }]
    })
    assert.sameMembers(
      sections.map(({ code }) => code),
      [...new Set(errorCatalog().map(({ code }) => code))]
    )
    for (const { code, paragraph } of sections) assert.match(paragraph ?? "", /charged|pay|paid|money/, code)
  })

  it("is linked from the README", () => {
    assert.include(readFileSync("README.md", "utf8"), "(docs/errors.md)")
  })
})
