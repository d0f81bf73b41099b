import { createHmac } from "node:crypto"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { projectName } from "../../../src/control-plane/slug.ts"
import { makeGateway, problem } from "../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>

const headers = { "idempotency-key": "k" }

/** Turns the host's clock back for every project. */
const age = ({ host }: Gateway, millis: number) => {
  for (const [id, project] of host.projects) host.projects.set(id, { ...project, createdAt: Date.now() - millis })
}

describe("a project that the host never finishes", () => {
  const stuck = async () => {
    const gateway = makeGateway()
    gateway.host.next("create", gateway.host.leaves("provisioning"))
    assert.strictEqual((await problem(await gateway.pay({ headers }))).code, "deploy_failed")
    return gateway
  }

  it("waits for the project", async () => {
    const gateway = await stuck()
    assert.match((await problem(await gateway.pay({ headers }))).detail, /still being provisioned/)
    assert.strictEqual(gateway.host.projects.size, 1)
  })

  it("gives the project up after ten minutes, and creates another", async () => {
    const gateway = await stuck()
    age(gateway, 600_000)
    assert.strictEqual((await gateway.pay({ headers })).status, 200)
    assert.strictEqual(gateway.host.projects.size, 1)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })
})

describe("a project that the host creates long after it was asked to", () => {
  it("is swept if it has a deployment's name and no tag and no order owns it", async () => {
    const gateway = makeGateway({ cronSecret: "secret" })
    const other = gateway.host.seed({ slug: "my-api", name: projectName(`dep_${"0".repeat(26)}`) })
    let late: Effect.Effect<unknown, unknown> = Effect.void
    gateway.host.next("create", (create) => {
      late = create
      return Effect.fail(new ControlPlaneUnavailable({ message: "no answer in 15 seconds" }))
    })
    assert.strictEqual((await problem(await gateway.pay({ headers }))).code, "deploy_failed")
    // Another project has the slug, so the deployment goes live at another one.
    const { url } = (await (await gateway.pay({ headers })).json()) as { url: string }
    // Then the slug is free, and the host completes the first request.
    gateway.host.projects.delete(other.id)
    await Effect.runPromise(Effect.exit(late))
    assert.strictEqual(gateway.host.projects.size, 2)

    const sweep = async () => {
      const at = String(Date.now())
      const signature = createHmac("sha256", "secret").update(`${at}.POST./__scheduled.*`).digest("hex")
      const signed = { "x-jack-timestamp": at, "x-jack-signature": signature, "x-jack-cron": "*" }
      return (await gateway.send("/__scheduled", { method: "POST", headers: signed })).json()
    }
    assert.deepStrictEqual(await sweep(), { removed: 0, claimed: 0, failed: 0 })
    age(gateway, 3_600_000)
    assert.deepStrictEqual(await sweep(), { removed: 1, claimed: 0, failed: 0 })
    assert.deepStrictEqual(
      [...gateway.host.projects.values()].map((project) => project.url),
      [url]
    )
  })
})
