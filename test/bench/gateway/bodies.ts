import { readFileSync } from "node:fs"

/** The headline example: one small file that imports hono. */
export const helloBody = readFileSync("test/fixtures/requests/hono-api.json", "utf8")

/** 400,000 bytes of TypeScript in 40 files, as people write it: quotes and line breaks to escape, some of it not ASCII. */
export const largeBody = (() => {
  const line = (index: number) => `export const f${index} = (name: string) => "Grüße, " + name + "! ${index}"\n`
  const source = Array.from({ length: 140 }, (_, index) => line(index)).join("")
  const files = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`src/part${index}.ts`, source]))
  const body = () => JSON.stringify({ files, name: "large" })
  files["src/index.ts"] = `export default { fetch: () => new Response("ok") }\n`
  files["src/index.ts"] += `// ${"x".repeat(400_000 - Buffer.byteLength(body()) - 4)}\n`
  return body()
})()

/** A body with a path that leads out of its project. Every Worker refuses it. */
export const badBody = JSON.stringify({ files: { "../index.ts": "export default {}" } })
