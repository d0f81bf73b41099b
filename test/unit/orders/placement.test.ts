import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { assert, describe, it } from "vitest"
import {
  CodeRejected,
  ControlPlaneRefused,
  ControlPlaneUnavailable,
  SlugTaken
} from "../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith, goesWell, losesItsAnswer } from "../../../src/control-plane/testing.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { deployment, makeGateway, problem } from "../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>

const taken = failsWith(new SlugTaken({ slug: "my-api" }))
const down = failsWith(new ControlPlaneUnavailable({ message: "down" }))
const headers = { "idempotency-key": "k" }
const newer = JSON.stringify({ files: { "index.ts": "export default { fetch: newer }" } })

const created = ({ host }: Gateway) => host.calls.filter((call) => call.startsWith("create"))
const slugs = ({ host }: Gateway) => [...host.projects.values()].map(({ slug }) => slug)
const status = async (gateway: Gateway, id: string) =>
  (await gateway.send(`/deployments/${id}`)).json() as Promise<Record<string, unknown>>

const put = async (gateway: Gateway, id: string, body = newer) => {
  const send = (more: Record<string, string> = {}) =>
    gateway.send(`/deployments/${id}`, {
      method: "PUT",
      body,
      headers: { "content-type": "application/json", ...more }
    })
  return send({ authorization: testCredential((await send()).headers.get("www-authenticate") ?? "", "0xpayer") })
}

describe("a taken slug", () => {
  it("is replaced at once if the look-up shows no owner", async () => {
    const gateway = makeGateway()
    gateway.host.next("create", taken)
    const { url } = await deployment(await gateway.pay())
    assert.match(url, /^https:\/\/tester-my-api-[0-9a-z]{5}\.runjack\.test$/)
    assert.deepStrictEqual(created(gateway).length, 2)
    assert.strictEqual(created(gateway).filter((call) => call === "create my-api").length, 1)
    assert.strictEqual(gateway.host.projects.size, 1)
  })

  it("is never requested twice, however many are taken", async () => {
    const gateway = makeGateway()
    gateway.host.next("create", taken, taken, taken, taken, taken, taken, taken)
    const failed = await problem(await gateway.pay({ headers }))
    assert.deepStrictEqual([failed.code, failed.charged], ["deploy_failed", true])
    await deployment(await gateway.pay({ headers }))
    assert.strictEqual(new Set(created(gateway)).size, created(gateway).length)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("is recognized as the order's own if the look-up shows its project late", async () => {
    const gateway = makeGateway()
    let late: Effect.Effect<unknown, unknown> = Effect.void
    gateway.host.next("create", (call) => {
      late = call
      return Effect.fail(new ControlPlaneUnavailable({ message: "given up" }))
    })
    const failed = await problem(await gateway.pay({ headers }))
    // It lands between the look-up, which shows no owner, and the next create.
    gateway.host.next("findBySlug", (call) =>
      Effect.andThen(Effect.andThen(call, Effect.ignore(late)), Effect.succeed(Option.none()))
    )
    const body = await deployment(await gateway.pay({ headers }))
    assert.strictEqual(body.deployment_id, failed.deployment_id)
    assert.deepStrictEqual(slugs(gateway), ["my-api"])
  })
})

describe("a 401 after the payment", () => {
  const refused = failsWith(new ControlPlaneRefused({ status: 401, message: "Token verification failed" }))
  const calls = ["create", "findBySlug", "tag", "upload", "get"] as const
  for (const method of calls) {
    it(`is retried until the deploy is live: ${method}`, async () => {
      const gateway = makeGateway()
      // The order sends both only after a lost answer.
      if (method === "findBySlug" || method === "get") gateway.host.next("create", losesItsAnswer)
      if (method === "get") gateway.host.next("get", refused)
      else gateway.host.next(method, refused)
      const failed = await problem(await gateway.pay({ headers }))
      assert.deepStrictEqual([failed.code, failed.charged, failed.fault], ["deploy_failed", true, "service"])
      if (method === "findBySlug" || method === "get") await gateway.pay({ headers })
      assert.strictEqual((await deployment(await gateway.pay({ headers }))).deployment_id, failed.deployment_id)
      assert.strictEqual(gateway.host.projects.size, 1)
      assert.strictEqual(gateway.payments.captured.size, 1)
    })
  }

  it("is retried for an update", async () => {
    const gateway = makeGateway()
    const first = await deployment(await gateway.pay({ headers }))
    gateway.host.next("upload", refused)
    const failed = await problem(await put(gateway, first.deployment_id))
    assert.deepStrictEqual([failed.code, failed.fault], ["deploy_failed", "service"])
    assert.match(failed.detail, /keeps serving until the host has taken it\. The service retries by itself/)
    assert.deepStrictEqual(await deployment(await put(gateway, first.deployment_id)), first)
  })
})

describe("a deleted project", () => {
  const live = async () => {
    const gateway = makeGateway()
    const first = await deployment(await gateway.pay({ headers }))
    const [project] = gateway.host.projects.keys()
    gateway.host.projects.clear()
    return { gateway, first, project }
  }

  it("is placed anew by an update, at the same URL until the same expiry", async () => {
    const { gateway, first, project } = await live()
    assert.deepStrictEqual(await deployment(await put(gateway, first.deployment_id)), first)
    const [made] = [...gateway.host.projects.values()]
    assert.strictEqual(made?.name, `mpp-compute ${first.deployment_id}`)
    assert.deepStrictEqual(made?.tags, ["mpp-compute", `expires:${Date.parse(first.expires_at) / 1000}`])
    assert.strictEqual(made?.uploads.length, 1)
    assert.deepStrictEqual([...gateway.expiry.entries.keys()], [`deploy:${made?.id}`])
    assert.notStrictEqual(made?.id, project)
    const after = await status(gateway, first.deployment_id)
    assert.deepInclude(after, { status: "live", url: first.url, expires_at: first.expires_at, last_failure: null })
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("moves to a new slug if another project has its slug, and every answer names the new URL", async () => {
    const { gateway, first } = await live()
    gateway.host.seed({ slug: "my-api", name: "a stranger's" })
    const second = await deployment(await put(gateway, first.deployment_id))
    assert.match(second.url, /my-api-[0-9a-z]{5}/)
    assert.deepStrictEqual({ ...second, url: first.url }, first)
    assert.strictEqual((await status(gateway, first.deployment_id)).url, second.url)
    assert.deepStrictEqual(await deployment(await gateway.pay({ headers })), second)
    assert.strictEqual(gateway.host.projects.size, 2)
  })

  it("is reported while the host cannot create another, and placed by the next update", async () => {
    const { gateway, first } = await live()
    const id = first.deployment_id
    gateway.host.next("create", down)
    const failed = await problem(await put(gateway, id))
    assert.deepStrictEqual([failed.code, failed.charged, failed.fault], ["deploy_failed", true, "service"])
    assert.match(failed.detail, /gone at the host, and nothing serves/)
    assert.notMatch(failed.detail, /keeps serving/)
    const meanwhile = await status(gateway, id)
    assert.deepInclude(meanwhile, { status: "delivering", url: null, expires_at: first.expires_at, charged: true })
    const replayed = await problem(await gateway.pay({ headers }))
    assert.deepStrictEqual([replayed.code, replayed.charged, replayed.deployment_id], ["deploy_failed", true, id])
    assert.strictEqual(gateway.payments.captured.size, 1)
    assert.deepStrictEqual(await deployment(await put(gateway, id, `${newer} `)), first)
    assert.strictEqual((await status(gateway, id)).status, "live")
  })

  it("has the status failed if the host refuses its newer code, until other code comes", async () => {
    const { gateway, first } = await live()
    const id = first.deployment_id
    gateway.host.next("upload", goesWell, failsWith(new CodeRejected({ message: "boom at start" })))
    const failed = await problem(await put(gateway, id))
    assert.deepStrictEqual([failed.code, failed.fault], ["deploy_failed", "code"])
    assert.match(failed.detail, /boom at start.*nothing serves/)
    assert.deepInclude(await status(gateway, id), { status: "failed", url: null })
    assert.deepStrictEqual(await deployment(await put(gateway, id, `${newer} `)), first)
    assert.strictEqual(gateway.host.projects.size, 1)
  })

  it("is created once if the answer to the new create was lost", async () => {
    const { gateway, first } = await live()
    gateway.host.next("create", gateway.host.leaves("active"))
    await problem(await put(gateway, first.deployment_id))
    assert.deepStrictEqual(await deployment(await put(gateway, first.deployment_id, `${newer} `)), first)
    assert.strictEqual(gateway.host.projects.size, 1)
  })

  it("is not assumed after a single 404", async () => {
    const gateway = makeGateway()
    const first = await deployment(await gateway.pay({ headers }))
    const [project = ""] = gateway.host.projects.keys()
    const row = gateway.host.projects.get(project)!
    gateway.host.next("upload", (call) => {
      gateway.host.projects.delete(project)
      return Effect.ensuring(
        call,
        Effect.sync(() => void gateway.host.projects.set(project, row))
      )
    })
    assert.deepStrictEqual(await deployment(await put(gateway, first.deployment_id)), first)
    assert.deepStrictEqual([...gateway.host.projects.keys()], [project])
  })
})
