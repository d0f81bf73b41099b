import { assert } from "@effect/vitest"
import { answering, makeBundler } from "../../../support/bundler.ts"

export type Answer = string | Response | (() => Response | Promise<Response>)

export const js = { headers: { "content-type": "application/javascript; charset=utf-8" } }
export const to = (location: string) => () => new Response(null, { status: 302, headers: { location } })

/** Import hosts that answer by URL, and record their requests. */
export const makeHosts = (answers: Readonly<Record<string, Answer>>) => {
  const asked: Array<string> = []
  const fetch = (async (url: string, init: RequestInit) => {
    asked.push(url)
    assert.strictEqual(init.redirect, "manual")
    assert.isNull(new Headers(init.headers).get("authorization"))
    const answer = answers[url]
    if (answer === undefined) return new Response("no", { status: 404 })
    return typeof answer === "function"
      ? answer()
      : typeof answer === "string"
        ? new Response(answer, js)
        : answer.clone()
  }) as typeof globalThis.fetch
  return { asked, fetch }
}

export const importing = (url: string) => ({ "index.ts": answering(`import x from ${JSON.stringify(url)}`, "x") })

/** Returns the text of the only diagnostic. */
export const complaint = async (answers: Readonly<Record<string, Answer>>, url = "https://esm.sh/x") => {
  const hosts = makeHosts(answers)
  const found = await makeBundler(hosts).refusal(importing(url))
  assert.lengthOf(found, 1)
  assert.deepInclude(found[0], { file: "index.ts", line: 1 })
  return { text: found[0]?.text ?? "", asked: hosts.asked }
}
