import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, expect, it } from "@effect/vitest"
import { BundleError } from "../../../../src/bundler/index.ts"
import { makeBundler } from "../../../support/bundler.ts"

const { bundle } = makeBundler()

const FOLDERS = ["test/fixtures/requests", ...readdirSync("test/cases").map((name) => `test/cases/${name}`)]

/** The files of every request of the fixtures and the cases that has nothing but texts. */
const requests = FOLDERS.filter((folder) => !folder.endsWith(".md")).flatMap((folder) =>
  readdirSync(folder).flatMap((name) => {
    const json = JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as {
      readonly files?: object
      readonly body?: object
    }
    const { files = {} } = (json.body ?? json) as { readonly files?: Readonly<Record<string, unknown>> }
    const isText = Object.values(files).every((source) => typeof source === "string")
    return isText && Object.keys(files).length > 0 ? [{ name, files: files as Readonly<Record<string, string>> }] : []
  })
)

/** The bundle as it was before projects had settings, data and files, with the hash in place of the code. */
const outcome = async (files: Readonly<Record<string, string>>): Promise<unknown> => {
  try {
    const { entrypoint, main, code, warnings, compatibilityFlags } = await bundle(files)
    return { entrypoint, main, code: createHash("sha256").update(code).digest("hex"), warnings, compatibilityFlags }
  } catch (error) {
    assert.instanceOf(error, BundleError)
    return { refused: error.diagnostics.map(({ file, line, column }) => `${file}:${line}:${column}`) }
  }
}

/** After a new release of hono or esbuild, `vitest -u` takes the new code. */
describe("files that are texts alone give what they always gave:", () => {
  it("there are enough of them", () => assert.isAbove(requests.length, 40))

  for (const { name, files } of requests) it(name, async () => expect(await outcome(files)).toMatchSnapshot())
})
