import { assert, describe, it } from "vitest"
import { footprint } from "../footprint.ts"
import { attack, send } from "../support.ts"

/** The characters that fill the URLs. */
const parts = [
  "%",
  "%25",
  "%2",
  "%zz",
  "%C3",
  "%F0%9F",
  "//",
  ";",
  ":",
  "a/",
  "/.",
  "?",
  "&a",
  "a=%&",
  "%2e%2e/",
  "*",
  "{{",
  "(a",
  "+",
  "\\"
]

/** The runtime accepts 128 KB of headers, which fit 20,000 characters that it escapes. */
const fill = (part: string, length: number) => part.repeat(Math.ceil(length / part.length)).slice(0, length)

describe("a URL above 8 KB", () => {
  for (const part of parts) {
    it(`of 20,000 characters ${part} gets a 414 and leaves nothing behind`, async () => {
      const before = await footprint()
      for (const path of [
        `/x${fill(part, 20_000)}`,
        `/deployments/${fill(part, 20_000)}`,
        `/health?${fill(part, 20_000)}`
      ]) {
        const { response } = await attack(() => send(path))
        // Dots are resolved before a Worker sees the path. The path is then short: unknown, or the list, which asks for a proof.
        const short = part === "/." || part === "%2e%2e/"
        assert.include(short ? [402, 404, 414] : [414], response.status, path.slice(0, 30))
        assert.match(response.headers.get("content-type") ?? "", /^application\/problem\+json/)
      }
      assert.deepStrictEqual(await footprint(), before)
    })
  }

  for (const method of ["HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"]) {
    it(`gets a 414 for ${method}, with or without a body`, async () => {
      const body = method === "POST" || method === "PUT" ? "x".repeat(200_000) : undefined
      const { response } = await attack(() =>
        send(`/deploy?${"%".repeat(20_000)}`, { method, ...(body !== undefined && { body }) })
      )
      assert.strictEqual(response.status, 414)
    })
  }
})

describe("a URL below 8 KB", () => {
  for (const part of parts) {
    it(`of ${part} gets an answer at once and leaves nothing behind`, async () => {
      const before = await footprint()
      for (const path of [
        `/x${fill(part, 8_000)}`,
        `/deployments/${fill(part, 8_000)}`,
        `/${fill(part, 190)}`,
        `/?${fill(part, 8_000)}`
      ]) {
        for (const method of ["GET", "HEAD", "POST"]) {
          const { response } = await attack(() => send(path, { method }))
          assert.isBelow(response.status, 500, `${method} ${path.slice(0, 30)}`)
        }
      }
      assert.deepStrictEqual(await footprint(), before)
    })
  }
})

describe("a hostile Host header", () => {
  const hostile = [
    "$(id)",
    "`id`",
    "a;id",
    "a'b",
    'a"b',
    "a&b",
    "a(b)",
    "a,b",
    "a|b",
    "<b>",
    "a b",
    "a\\b",
    "%24(id)",
    "a{b}",
    "[",
    "a#b"
  ]
  for (const host of hostile) {
    it(`appears in no page, guide or command: ${host}`, async () => {
      for (const path of ["/", "/llms.txt", "/openapi.json"]) {
        const { response } = await attack(() => send(path, { headers: { host, accept: "text/html" } }))
        const text = await response.text()
        // The local runtime itself refuses a host that it cannot read, and quotes it as plain text.
        if (response.status === 500) assert.notMatch(response.headers.get("content-type") ?? "", /html|json/)
        else assert.notInclude(text.toLowerCase(), host)
      }
    })
  }
})
