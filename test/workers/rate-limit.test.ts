import { env } from "cloudflare:workers"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { layerCredentialRateLimit, CredentialRateLimit } from "../../src/api/paid/CredentialRateLimit.ts"

const checkRate = (client: string) =>
  Effect.flatMap(CredentialRateLimit, (limit) => limit(new Headers({ "cf-connecting-ip": client }))).pipe(
    Effect.provide(layerCredentialRateLimit(env.VERIFICATIONS)),
    Effect.exit,
    Effect.runPromise
  )

/** The binding as `wrangler.jsonc` has it. */
describe("the rate-limit binding", () => {
  it("lets a client send bulk deploys, stops a flood, and stops no other client", async () => {
    assert.isDefined(env.VERIFICATIONS)
    const answers: Array<string> = []
    // A window of ten seconds may end in between, and more than a thousand calls exceed two windows.
    for (let at = 0; at < 1_100; at++) answers.push((await checkRate("192.0.2.1"))._tag)
    assert.isFalse(answers.slice(0, 500).includes("Failure"))
    assert.isTrue(answers.includes("Failure"))
    assert.strictEqual((await checkRate("192.0.2.2"))._tag, "Success")
  })
})
